// Compiles GoogleSQL and runs it in a DuckDB of its own, without the road: for tests of the compiler.
import {
  type DuckDBBlobValue,
  type DuckDBConnection,
  type DuckDBDateValue,
  type DuckDBDecimalValue,
  DuckDBInstance,
  type DuckDBIntervalValue,
  type DuckDBListValue,
  type DuckDBStructValue,
  type DuckDBTimestampValue,
  type DuckDBTimeValue,
} from '@duckdb/node-api'

import type { CatalogTable, SqlCatalog } from '../../src/sql/catalog.ts'
import { jsFunctions } from '../../src/sql/functions/js-functions.ts'
import { functionMacros } from '../../src/sql/functions/macros.ts'
import {
  bindParameter,
  type CompileContext,
  compileQuery,
  type CompiledQuery,
  type DeclaredParameter,
  type ParameterValue,
  resolveType,
} from '../../src/sql/lower/compile.ts'
import { SqlError } from '../../src/sql/sql-error.ts'
import { parseStatement, parseType } from '../../src/sql/syntax/parser.ts'
import { duckType, identifier, typeName } from '../../src/sql/type-names.ts'
import type { SqlType } from '../../src/sql/types.ts'
import { registerJsFunctions } from '../../src/warehouse/duckdb/js-functions.ts'
import { fixture, tableSql } from '../sql/fixture.ts'

export interface Compiled {
  readonly types: readonly string[]
  readonly rows: readonly string[]
}

export interface CompiledSql {
  readonly catalog: SqlCatalog
  compile(sql: string, more?: Partial<CompileContext>): CompiledQuery
  run(sql: string, more?: Partial<CompileContext>, values?: readonly ParameterValue[]): Promise<Compiled>
  prepare(sql: string): Promise<void>
  stop(): void
}

export async function openCompiledSql(extra: readonly CatalogTable[] = []): Promise<CompiledSql> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  await connection.run("SET TimeZone = 'UTC'")
  await connection.run('CREATE SCHEMA IF NOT EXISTS memory.bq')
  registerJsFunctions({ api: connection } as never, jsFunctions)
  for (const { sql } of functionMacros) await connection.run(sql)
  const tables = new Map<string, CatalogTable>()
  const catalog = catalogOf(tables)
  const compile: CompiledSql['compile'] = (sql, more = {}) => {
    const statement = parseStatement(sql)
    if (statement.kind !== 'query-statement') throw new SqlError('unsupported', 'only queries here', 0)
    return compileQuery(statement.query, { catalog, sessionUser: 'owner', ...more })
  }
  await connection.run('CREATE SCHEMA ds')
  for (const table of fixture) {
    const columns = table.columns.map(({ name, type }) => ({ name, type: resolveType(parseType(type)).type }))
    await connection.run(
      `CREATE TABLE ds.${table.name} (${columns.map(({ name, type }) => `${identifier(name)} ${duckType(type)}`).join(', ')})`,
    )
    tables.set(`ds.${table.name}`, {
      dataset: 'ds',
      table: table.name,
      columns,
      kind: 'table',
      relation: `memory."ds".${identifier(table.name)}`,
      isWritable: true,
    })
    if (table.rows.length > 0) await connection.run(`INSERT INTO ds.${table.name} ${compile(tableSql(table)).sql}`)
  }
  for (const table of extra) tables.set(`${table.dataset}.${table.table}`, table)
  return {
    catalog,
    compile,
    run: async (sql, more = {}, values = []) => {
      const compiled = compile(sql, more)
      return answer(connection, compiled, values)
    },
    prepare: async (sql) => {
      await connection.prepare(sql)
    },
    stop: () => {
      connection.closeSync()
      instance.closeSync()
    },
  }
}

async function answer(
  connection: DuckDBConnection,
  compiled: CompiledQuery,
  values: readonly ParameterValue[],
): Promise<Compiled> {
  const prepared = await connection.prepare(compiled.sql)
  for (const [index, parameter] of compiled.parameters.entries()) {
    const text = parameter.type === undefined ? null : bindParameter(parameter.type, values[index] ?? null)
    const at = prepared.parameterIndex(parameter.sqlName)
    if (text === null) prepared.bindNull(at)
    else prepared.bindVarchar(at, text)
  }
  const reader = await prepared.runAndReadAll()
  const rows = reader.getRows() as unknown[][]
  return {
    types: compiled.columns.map(({ type }) => typeName(type)),
    rows: rows.map((row) => JSON.stringify(row.map((value, index) => shown(value, compiled.columns[index]?.type)))),
  }
}

export function declared(types: readonly SqlType[], names: readonly string[] = []): DeclaredParameter[] {
  return types.map((type, index) => ({ name: names[index], type }))
}

function catalogOf(tables: ReadonlyMap<string, CatalogTable>): SqlCatalog {
  return {
    project: 'my-proj',
    defaultDataset: undefined,
    table: (dataset, table) => tables.get(`${dataset}.${table}`),
    tableNames: (dataset) => {
      const names = [...tables.values()].filter((one) => one.dataset === dataset).map(({ table }) => table)
      return names.length === 0 ? undefined : names.sort()
    },
    datasetNames: () => [...new Set([...tables.values()].map(({ dataset }) => dataset))],
    routine: () => undefined,
    informationSchema: (view) =>
      view === 'TABLES'
        ? {
            table: 'TABLES',
            kind: 'view',
            columns: [{ name: 'table_name', type: { kind: 'STRING' } }],
            relation: `(SELECT table_name FROM information_schema.tables)`,
          }
        : undefined,
  }
}

/** Values as test/sql/README.md writes them. */
function shown(value: unknown, type: SqlType | undefined): unknown {
  if (value === null || value === undefined || type === undefined) return null
  switch (type.kind) {
    case 'INT64':
      return Number.isSafeInteger(Number(value)) ? Number(value) : (value as bigint).toString()
    case 'FLOAT64':
      if (!Number.isFinite(value)) return (value as number).toString()
      return value === 0 ? 0 : value
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return (value as DuckDBDecimalValue).toString().replace(/\.?0+$/, '')
    case 'BYTES':
      return Buffer.from((value as DuckDBBlobValue).bytes).toString('base64')
    case 'DATE':
      return (value as DuckDBDateValue).toString()
    case 'TIME':
      return clock((value as DuckDBTimeValue).micros)
    case 'DATETIME':
    case 'TIMESTAMP':
      return `${instant((value as DuckDBTimestampValue).micros)}${type.kind === 'TIMESTAMP' ? 'Z' : ''}`
    case 'INTERVAL':
      return intervalText(value as DuckDBIntervalValue)
    case 'JSON':
      return JSON.stringify(JSON.parse(value as string))
    case 'ARRAY':
      return (value as DuckDBListValue).items.map((one) => shown(one, type.element))
    case 'STRUCT':
      return Object.values((value as DuckDBStructValue).entries).map((one, index) =>
        shown(one, type.fields[index]?.type),
      )
    case 'RANGE': {
      const [start, end] = Object.values((value as DuckDBStructValue).entries).map(
        (one) => shown(one, type.element) ?? 'UNBOUNDED',
      )
      return `[${start as string}, ${end as string})`
    }
    default:
      return value
  }
}

function clock(micros: bigint): string {
  const seconds = micros / 1_000_000n
  const two = (part: bigint): string => String(part).padStart(2, '0')
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}${fraction(micros % 1_000_000n)}`
}

function fraction(micros: bigint): string {
  return micros === 0n ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`
}

function instant(micros: bigint): string {
  const day = 86_400_000_000n
  const time = ((micros % day) + day) % day
  const date = new Date(Number((micros - time) / 1000n)).toISOString().slice(0, 10)
  return `${date}T${clock(time)}`
}

function intervalText({ months, days, micros }: DuckDBIntervalValue): string {
  const size = micros < 0n ? -micros : micros
  const [hours, minutes, seconds] = [size / 3_600_000_000n, (size / 60_000_000n) % 60n, (size / 1_000_000n) % 60n]
  const head = `${months < 0 ? '-' : ''}${Math.floor(Math.abs(months) / 12)}-${Math.abs(months) % 12}`
  return `${head} ${days} ${micros < 0n ? '-' : ''}${hours}:${minutes}:${seconds}${fraction(size % 1_000_000n)}`
}
