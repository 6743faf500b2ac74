// What a statement of a conversation writes in the DuckDB dialect: temporary tables of its own, and rows of tables that people
// made. The rows come from a SELECT that went the same way as every other, through the caller's policies.
import { MillpondError } from '../core/errors.ts'
import type { CatalogColumn, CatalogTable } from '../sql/catalog.ts'
import { duckType, identifier } from '../sql/type-names.ts'
import type { SqlType } from '../sql/types.ts'
import type { EngineStatement, WarehouseSession } from '../warehouse/session.ts'
import type { SessionWrite, StatementType, WriteTarget } from './contract.ts'
import type { LiveJob } from './jobs/live-job.ts'
import type { PreparedRows } from './prepared.ts'
import type { Road, SessionPlace } from './query.ts'
import { refuseExpensive, statisticsOf } from './rows-job.ts'
import { inTurn } from './run-rows.ts'
import { emptyStatistics } from './jobs/empty-statistics.ts'
import { inWriting } from './writing.ts'

/** A session that makes more has forgotten to drop them. */
const temporaryTablesMax = 200

/** Errors: query-refused, made-unwritable, table-unknown, query-too-expensive, query-limit, and the engine's. */
export async function runSessionWrite(
  road: Road,
  job: LiveJob,
  write: SessionWrite,
  place: SessionPlace | undefined,
): Promise<void> {
  if (place === undefined || job.request.dialect !== 'duckdb')
    throw new MillpondError('query-refused', 'Only a session writes in the DuckDB dialect')
  const { session } = place
  const { principal, inlineTableNames = [] } = job.request
  if (write.kind === 'create-temporary' && inlineTableNames.length > temporaryTablesMax)
    throw new MillpondError('query-limit', `A session makes at most ${temporaryTablesMax} tables for itself`)
  const rows = job.request.sql === '' ? undefined : await preparedRows(road, job)
  const target =
    'target' in write ? await targetOf(road, job, write) : { sql: temporaryName(write.table), columns: undefined }
  const { cost } = road.deps
  const estimate = await cost.estimate(rows?.tables ?? [])
  refuseExpensive(road.rowsDeps, job, estimate)
  cost.spend(principal.handle, estimate.billedBytes)
  const statement = writeStatement(write, target, rows, road.settings.resultRowsMax)
  const execute = async (): Promise<number> =>
    inTurn(road.rowsDeps.computing, principal.id, job.signal, async () => {
      const count = await session.execute(statement, job.signal)
      return write.kind === 'create-temporary' && rows !== undefined ? rowsOf(session, target.sql, job.signal) : count
    })
  const { dataset, table } = 'target' in write ? write.target : { dataset: undefined, table: write.table }
  const changed =
    dataset === undefined
      ? await execute()
      : await inWriting(place, job.signal, async () => {
          const count = await execute()
          road.deps.driver.made.touch(session, dataset, table)
          return count
        })
  job.finish({
    ...(rows === undefined ? emptyStatistics('OTHER') : statisticsOf(rows, estimate)),
    statementType: statementTypes[write.kind](rows),
    affectedRows: changed,
  })
}

/** The engine doesn't count the rows that a table begins with. */
async function rowsOf(session: WarehouseSession, table: string, signal: AbortSignal): Promise<number> {
  const { chunks } = await session.run({ sql: `SELECT count(*) FROM ${table}` }, signal)
  let rows = 0
  for await (const { columns } of chunks) rows = Number(columns[0]?.[0] ?? 0)
  return rows
}

/** Names that statements of the session may say from now on, or no longer. */
export function noteWrite(write: SessionWrite, temporaryTables: Set<string>): void {
  if (write.kind === 'create-temporary') temporaryTables.add(write.table)
  if (write.kind !== 'drop-temporary') return
  for (const name of temporaryTables) if (name.toLowerCase() === write.table.toLowerCase()) temporaryTables.delete(name)
}

async function preparedRows(road: Road, job: LiveJob): Promise<PreparedRows> {
  const prepared = await road.deps.preparer.prepare(job.request)
  if (prepared.kind !== 'rows' || /^\s*EXPLAIN\b/i.test(prepared.statement.sql))
    throw new MillpondError('query-invalid', 'Rows to write come from a query')
  return prepared
}

interface Target {
  readonly sql: string
  /** Those that get values, in order; undefined: they are the session's own, and take what comes. */
  readonly columns: readonly CatalogColumn[] | undefined
}

/** Error: made-unwritable, table-unknown, query-unsupported. */
async function targetOf(
  { deps: { preparer } }: Road,
  { request }: LiveJob,
  write: Extract<SessionWrite, { readonly target: WriteTarget }>,
): Promise<Target> {
  const { dataset, table } = write.target
  if (dataset === undefined) {
    const known = request.inlineTableNames?.find((name) => name.toLowerCase() === table.toLowerCase())
    if (known === undefined) throw new MillpondError('table-unknown', `Not found: Table ${table} does not exist`)
    return { sql: temporaryName(known), columns: undefined }
  }
  const { catalog } = preparer.viewOf(request.principal, undefined, await preparer.deps.directory.read())
  const found = catalog.table(dataset, table)
  if (found === undefined) throw new MillpondError('table-unknown', `Not found: Table ${dataset}.${table}`)
  if (!found.isWritable || found.target === undefined || found.kind !== 'table') {
    const why = 'is written by Millpond alone, or you have no grant to write it'
    throw new MillpondError('made-unwritable', `Access Denied: table ${dataset}.${table} ${why}`)
  }
  return { sql: found.target, columns: 'columns' in write ? namedColumns(found, write.columns) : undefined }
}

/** Errors: query-invalid, query-unsupported. */
function namedColumns({ dataset, table, columns }: CatalogTable, names: readonly string[]): readonly CatalogColumn[] {
  const own = columns.filter(({ isHidden }) => isHidden !== true)
  if (names.length === 0) return own
  const named = names.map((name) => {
    const column = own.find((each) => each.name.toLowerCase() === name.toLowerCase())
    if (column !== undefined) return column
    throw new MillpondError('column-unknown', `Column ${name} is not present in table ${dataset}.${table}`)
  })
  const missing = own.find((column) => column.defaultSql !== undefined && !named.includes(column))
  if (missing === undefined) return named
  const message = `Column ${missing.name} of ${dataset}.${table} has a default in GoogleSQL: name it here, or write the statement in GoogleSQL`
  throw new MillpondError('query-unsupported', message)
}

function temporaryName(table: string): string {
  return `temp.main.${identifier(table)}`
}

const statementTypes: Readonly<Record<SessionWrite['kind'], (rows: PreparedRows | undefined) => StatementType>> = {
  'create-temporary': (rows) => (rows === undefined ? 'CREATE_TABLE' : 'CREATE_TABLE_AS_SELECT'),
  'drop-temporary': () => 'DROP_TABLE',
  insert: () => 'INSERT',
  'insert-rows': () => 'INSERT',
  delete: () => 'DELETE',
}

function writeStatement(
  write: SessionWrite,
  target: Target,
  rows: PreparedRows | undefined,
  rowsMax: number,
): EngineStatement {
  const sql = rows?.statement.sql.replace(/[;\s]+$/, '') ?? ''
  const parameters = rows?.statement.parameters ?? new Map<string, string | null>()
  switch (write.kind) {
    case 'create-temporary': {
      const replace = write.mode === 'replace' ? 'OR REPLACE ' : ''
      const head = `CREATE ${replace}TEMP TABLE ${write.mode === 'if-not-exists' ? 'IF NOT EXISTS ' : ''}${target.sql}`
      if (write.columns === undefined) return { sql: `${head} AS ${boundedSql(sql, rowsMax)}`, parameters }
      return { sql: `${head} (${write.columns.map(columnSql).join(', ')})`, parameters }
    }
    case 'drop-temporary':
      return { sql: `DROP TABLE ${write.ifExists ? 'IF EXISTS ' : ''}${target.sql}`, parameters }
    case 'insert':
      return { sql: insertSql(target, write.columns, sql, rowsMax), parameters }
    case 'insert-rows':
      return { sql: insertTextsSql(target), parameters: new Map([['rows', write.rows]]) }
    case 'delete':
      return { sql: `DELETE FROM ${target.sql} WHERE rowid IN (${sql}\n)`, parameters }
  }
}

function insertSql({ sql: target, columns }: Target, names: readonly string[], rows: string, rowsMax: number): string {
  if (columns === undefined) {
    const list = names.length === 0 ? '' : ` (${names.map(identifier).join(', ')})`
    return `INSERT INTO ${target}${list} ${boundedSql(rows, rowsMax)}`
  }
  const cells = columns.map((_, index) => `c${index + 1}`)
  const values = columns.map(({ type }, index) => keptSql(`"new"."c${index + 1}"`, type))
  return `INSERT INTO ${target} (${listOf(columns)}) SELECT ${values.join(', ')} FROM (${rows}\n) AS "new"(${cells.join(', ')})`
}

/** As `rows` of SessionWrite says. */
function insertTextsSql({ sql: target, columns = [] }: Target): string {
  const values = columns.map(({ type }, index) => {
    const cell = `v[${index + 1}]`
    return keptSql(type.kind === 'ARRAY' ? `from_json(${cell}, '["VARCHAR"]')` : cell, type)
  })
  const unfolded = `SELECT unnest(from_json($rows::VARCHAR::JSON, '[["VARCHAR"]]')) AS v`
  return `INSERT INTO ${target} (${listOf(columns)}) SELECT ${values.join(', ')} FROM (${unfolded})`
}

function listOf(columns: readonly CatalogColumn[]): string {
  return columns.map(({ name }) => identifier(name)).join(', ')
}

/** GoogleSQL, which reads the table too, knows no times before the year 1 and behind 9999. */
function keptSql(sql: string, type: SqlType): string {
  const cast = `CAST(${sql} AS ${duckType(type)})`
  if (type.kind !== 'DATE' && type.kind !== 'DATETIME' && type.kind !== 'TIMESTAMP') return cast
  const [first, behind] = ['0001-01-01', '10000-01-01'].map((day) =>
    type.kind === 'TIMESTAMP' ? `TIMESTAMPTZ '${day} 00:00:00+00'` : `DATE '${day}'`,
  )
  return `CASE WHEN ${cast} < ${first} OR ${cast} >= ${behind} THEN error('${type.kind} value out of range') ELSE ${cast} END`
}

/** Temporary tables lie in the memory of everybody. */
function boundedSql(sql: string, rowsMax: number): string {
  const message = `The result has more than ${rowsMax} rows: add a LIMIT, or aggregate`
  const guard = `CASE WHEN (SELECT count(*) FROM (SELECT 1 FROM rows_of_it LIMIT ${rowsMax + 1})) > ${rowsMax} THEN error('${message}') ELSE true END`
  return `WITH rows_of_it AS MATERIALIZED (${sql}\n) SELECT * FROM rows_of_it WHERE ${guard}`
}

const typeShape = /^[A-Za-z][A-Za-z0-9_ ]*(?:\( *\d{1,4} *(?:, *\d{1,4} *)?\))?(?: [A-Za-z ]+)?(?:\[\])*$/

function columnSql({ name, type, isRequired }: { name: string; type: string; isRequired: boolean }): string {
  if (!typeShape.test(type))
    throw new MillpondError('query-unsupported', `A column can't be of type ${type.slice(0, 60)} here`)
  return `${identifier(name)} ${type}${isRequired ? ' NOT NULL' : ''}`
}
