// What made.duckdb knows of its datasets beyond what DuckDB knows: kept as JSON in schema `_millpond` of the same file, and in
// memory as it was committed last.
import { MillpondError } from '../../core/errors.ts'
import type { MadeCatalog, MadeChange, MadeDataset, MadeRoutine, MadeTable } from '../session.ts'
import { type Link, readRows } from './link.ts'
import { quoteName } from './names.ts'

export const madeCatalogName = 'made'
const books = `${madeCatalogName}._millpond`

/** Whoever doesn't say its name reads no table of it; but views of the engine about itself look at every file. */
export function touchesMade(sql: string): boolean {
  return /made|duckdb_|information_schema|pg_|sqlite_|\b(?:show|describe|summarize|pragma)\b/i.test(sql)
}

/** Run once on every open. */
export const booksSql = [
  `CREATE SCHEMA IF NOT EXISTS ${books}`,
  `CREATE TABLE IF NOT EXISTS ${books}.datasets (dataset VARCHAR, row JSON)`,
  `CREATE TABLE IF NOT EXISTS ${books}.tables (dataset VARCHAR, name VARCHAR, row JSON)`,
  `CREATE TABLE IF NOT EXISTS ${books}.routines (dataset VARCHAR, name VARCHAR, row JSON)`,
  `CREATE TABLE IF NOT EXISTS ${books}.positions (stream VARCHAR, sequence BIGINT)`,
  `CREATE TABLE IF NOT EXISTS ${books}.inserts (dataset VARCHAR, name VARCHAR, insert_id VARCHAR, received_at TIMESTAMPTZ)`,
  `CREATE TABLE IF NOT EXISTS ${books}.marks (key VARCHAR PRIMARY KEY, rows BIGINT, marked_at TIMESTAMPTZ)`,
].join(';\n')

export async function readMadeCatalog(link: Link): Promise<MadeCatalog> {
  const rows = async <Row>(table: string): Promise<Row[]> =>
    (await readRows(link, `SELECT row FROM ${books}.${table} ORDER BY ALL`)).map(
      ([row]) => JSON.parse(String(row)) as Row,
    )
  return {
    datasets: await rows<MadeDataset>('datasets'),
    tables: await rows<MadeTable>('tables'),
    routines: await rows<MadeRoutine>('routines'),
  }
}

export function changedMade(catalog: MadeCatalog, change: MadeChange): MadeCatalog {
  switch (change.kind) {
    case 'put-dataset':
      return { ...catalog, datasets: sorted([...without(catalog.datasets, change.dataset), change.dataset]) }
    case 'drop-dataset': {
      const isOther = (one: { readonly dataset: string }): boolean => one.dataset !== change.dataset
      return {
        datasets: catalog.datasets.filter(isOther),
        tables: catalog.tables.filter(isOther),
        routines: catalog.routines.filter(isOther),
      }
    }
    case 'put-table':
      return { ...catalog, tables: sorted([...without(catalog.tables, change.table), change.table]) }
    case 'drop-table':
      return { ...catalog, tables: without(catalog.tables, change) }
    case 'put-routine':
      return { ...catalog, routines: sorted([...without(catalog.routines, change.routine), change.routine]) }
    case 'drop-routine':
    default:
      return { ...catalog, routines: without(catalog.routines, change) }
  }
}

interface Named {
  readonly dataset: string
  readonly table?: string
  readonly name?: string
}

function keyOf({ dataset, table, name }: Named): string {
  return JSON.stringify([dataset, table ?? name ?? ''])
}

function without<Row extends Named>(rows: readonly Row[], named: Named): Row[] {
  return rows.filter((row) => keyOf(row) !== keyOf(named))
}

function sorted<Row extends Named>(rows: Row[]): Row[] {
  return rows.sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1))
}

/** Inside the open transaction. A dataset's schema is made and dropped with it, the rest is the caller's. */
export async function writeMadeChange(link: Link, change: MadeChange): Promise<void> {
  for (const { sql, values } of statementsOf(change)) await link.api.run(sql, values)
}

interface Statement {
  readonly sql: string
  readonly values: string[]
}

function statementsOf(change: MadeChange): Statement[] {
  switch (change.kind) {
    case 'put-dataset': {
      const { dataset } = change.dataset
      return [
        { sql: `CREATE SCHEMA IF NOT EXISTS ${madeCatalogName}.${quoteName(dataset)}`, values: [] },
        { sql: `DELETE FROM ${books}.datasets WHERE dataset = $1`, values: [dataset] },
        { sql: `INSERT INTO ${books}.datasets VALUES ($1, $2)`, values: [dataset, JSON.stringify(change.dataset)] },
      ]
    }
    case 'drop-dataset':
      return [
        { sql: `DROP SCHEMA IF EXISTS ${madeCatalogName}.${quoteName(change.dataset)} CASCADE`, values: [] },
        ...['datasets', 'tables', 'routines', 'inserts'].map((table) => ({
          sql: `DELETE FROM ${books}.${table} WHERE dataset = $1`,
          values: [change.dataset],
        })),
      ]
    case 'put-table':
      return putSql('tables', change.table.dataset, change.table.table, change.table)
    case 'drop-table':
      return [...dropSql('tables', change.dataset, change.table), ...dropSql('inserts', change.dataset, change.table)]
    case 'put-routine':
      return putSql('routines', change.routine.dataset, change.routine.name, change.routine)
    case 'drop-routine':
    default:
      return dropSql('routines', change.dataset, change.name)
  }
}

function dropSql(table: string, dataset: string, name: string): Statement[] {
  return [{ sql: `DELETE FROM ${books}.${table} WHERE dataset = $1 AND name = $2`, values: [dataset, name] }]
}

function putSql(table: string, dataset: string, name: string, row: unknown): Statement[] {
  return [
    ...dropSql(table, dataset, name),
    { sql: `INSERT INTO ${books}.${table} VALUES ($1, $2, $3)`, values: [dataset, name, JSON.stringify(row)] },
  ]
}

/** Ours, the engine's, or said of something else. */
const takenNames = new Set([
  '_millpond',
  'ai',
  'fed',
  'information_schema',
  'logs',
  'made',
  'main',
  'memory',
  'millpond',
  'pg_catalog',
  'pg_temp',
  'system',
  'temp',
])

/** Errors: query-invalid, table-exists. */
export function checkDatasetName(dataset: string, fed: readonly string[], made: readonly string[]): void {
  if (!/^[A-Za-z_0-9]{1,1024}$/.test(dataset)) {
    const message = `Invalid dataset ID "${dataset}". Dataset IDs must be alphanumeric (plus underscores)`
    throw new MillpondError('query-invalid', message)
  }
  // DuckDB takes no notice of case in names, so two that differ in nothing else would be one.
  const name = dataset.toLowerCase()
  const isSame = (other: string): boolean => other.toLowerCase() === name
  if (takenNames.has(name)) throw new MillpondError('table-exists', `The dataset name ${dataset} is reserved`)
  if (fed.some(isSame)) {
    throw new MillpondError('table-exists', `The dataset ${dataset} is filled by Millpond: choose another name`)
  }
  const other = made.find(isSame)
  if (other === undefined) return
  throw new MillpondError('table-exists', `The dataset ${other} exists; case makes no difference in its name`)
}
