// One run as one GoogleSQL script: the query's rows into a temp table, then everything that the target sees in one transaction,
// with the tests in it.
//
//   rows ─▶ temp table ─▶ (table made, columns added) ─▶ BEGIN ─ old rows out ─ new rows in ─ tests ─ COMMIT with the run's mark
//
// The query computes before the transaction begins, so nobody else's writing waits for it.
import { MillpondError } from '../core/errors.ts'
import type { DataTest, ScheduleTarget } from '../control/schedules.ts'
import type { DryRun, VisibleTable } from '../query/contract.ts'
import { nameText, stringText } from '../sql/print/text.ts'
import { locate, SqlError } from '../sql/sql-error.ts'
import { parseScript } from '../sql/syntax/parser.ts'
import { typeName } from '../sql/type-names.ts'
import { type RowBounds, testSql } from './data-tests.ts'

/** The temp table; its rows are counted with the mark. */
export const rowsTable = 'rows_of_run'
const testFailed = 'Data test failed: '

export interface RunScript {
  readonly sql: string
  readonly target: ScheduleTarget
  readonly columns: DryRun['columns']
  /** The table as it is; undefined: it has still to be made. */
  readonly existing: VisibleTable | undefined
  /** The day whose partition is replaced. */
  readonly day: string | undefined
  readonly zone: string
  readonly tests: readonly DataTest[]
  readonly anomaly: RowBounds | undefined
}

/** Errors: query-invalid, schedule-invalid. */
export function runScript(run: RunScript): string {
  const declared = 'DECLARE found STRING; DECLARE failed, warned ARRAY<STRING> DEFAULT [];'
  return [
    `${declared} CREATE TEMP TABLE ${rowsTable} AS`,
    onlyQuery(run.sql),
    ';',
    ...shapeSql(run),
    'BEGIN TRANSACTION;',
    ...writeSql(run),
    ...testsSql(run),
    'COMMIT TRANSACTION;',
    'SELECT warned;',
  ].join('\n')
}

/** The text of the query itself, from the text's beginning, so that places of errors stay. Errors: query-invalid, schedule-invalid. */
export function onlyQuery(sql: string): string {
  const text = queryText(sql)
  if (text !== undefined) return text
  throw new MillpondError('schedule-invalid', 'A schedule runs one query (SELECT …): its rows go into the target')
}

/** undefined: it is something else than one query. Errors: query-invalid. */
export function queryText(sql: string): string | undefined {
  try {
    const [first, ...rest] = parseScript(sql).statements
    return first?.kind === 'query-statement' && rest.length === 0 ? sql.slice(0, first.end) : undefined
  } catch (error) {
    throw error instanceof SqlError ? locate(error, sql) : error
  }
}

/** What the script's error says to whoever wrote the query. */
export function scriptError(error: MillpondError, sql: string): MillpondError {
  if (error.code !== 'query-invalid') return error
  const { message } = error
  const place = / at \[(\d+):(\d+)\]$/.exec(message)
  const plain = place === null ? message : message.slice(0, place.index)
  if (plain.startsWith(testFailed)) return new MillpondError('data-test-failed', plain, { cause: error })
  if (place === null) return error
  const line = Number(place[1]) - 1
  const isTheirs = line >= 1 && line <= sql.split('\n').length
  return new MillpondError('query-invalid', isTheirs ? `${plain} at [${line}:${place[2]}]` : plain, { cause: error })
}

export function tableText({ dataset, table }: Pick<ScheduleTarget, 'dataset' | 'table'>): string {
  return `${nameText(dataset)}.${nameText(table)}`
}

/** Statements of their own before the transaction: BigQuery, too, changes no shapes within one. */
function shapeSql({ target, columns, existing }: RunScript): string[] {
  const name = tableText(target)
  if (existing === undefined) {
    const partition =
      target.partition === undefined ? '' : ` PARTITION BY ${partitionText(target.partition.column, columns)}`
    return [`CREATE TABLE IF NOT EXISTS ${name}${partition} AS SELECT * FROM ${rowsTable} WHERE FALSE;`]
  }
  const known = new Set(existing.columns.map((column) => column.name.toLowerCase()))
  const added = columns.filter((column) => !known.has(column.name.toLowerCase()))
  return added.map(({ name: column, sqlType }) => {
    if (sqlType === undefined) throw new MillpondError('bug', `BUG: a GoogleSQL column has a type: ${column}`)
    return `ALTER TABLE ${name} ADD COLUMN IF NOT EXISTS ${nameText(column)} ${typeName(sqlType)};`
  })
}

/** Error: schedule-invalid. */
function partitionText(column: string, columns: DryRun['columns']): string {
  return kindOf(column, columns) === 'DATE' ? nameText(column) : `DATE(${nameText(column)})`
}

/** Error: schedule-invalid. */
function kindOf(name: string, columns: DryRun['columns']): 'DATE' | 'DATETIME' | 'TIMESTAMP' {
  const kind = columns.find((column) => column.name.toLowerCase() === name.toLowerCase())?.sqlType?.kind
  if (kind === 'DATE' || kind === 'DATETIME' || kind === 'TIMESTAMP') return kind
  const what = kind === undefined ? `the query gives no column ${name}` : `${name} is ${kind}, no date or time`
  throw new MillpondError('schedule-invalid', `The target can't be partitioned: ${what}`)
}

function writeSql(run: RunScript): string[] {
  const { target, columns } = run
  const name = tableText(target)
  const list = columns.map((column) => nameText(column.name)).join(', ')
  const insert = `INSERT INTO ${name} (${list}) SELECT ${list} FROM ${rowsTable};`
  switch (target.mode) {
    case 'append':
      return [insert]
    case 'replace':
      return [`TRUNCATE TABLE ${name};`, insert]
    case 'replace-partition': {
      const part = partSql(run) ?? 'TRUE'
      const others = `EXISTS (SELECT 1 FROM ${rowsTable} WHERE NOT IFNULL(${part}, FALSE))`
      const told = `The query gives rows outside of the partition ${run.day}: filter it by the same day`
      return [`ASSERT NOT ${others} AS ${stringText(told)};`, `DELETE FROM ${name} WHERE ${part};`, insert]
    }
    case 'merge':
      return mergeSql(run, name, list)
  }
}

function mergeSql({ target: { keys }, columns }: RunScript, name: string, list: string): string[] {
  const keyList = keys.map(nameText).join(', ')
  const isKey = (column: string): boolean => keys.some((key) => key.toLowerCase() === column.toLowerCase())
  const twins = `EXISTS (SELECT 1 FROM ${rowsTable} GROUP BY ${keyList} HAVING COUNT(*) > 1)`
  const missing = `EXISTS (SELECT 1 FROM ${rowsTable} WHERE ${keys.map((key) => `${nameText(key)} IS NULL`).join(' OR ')})`
  const sets = columns
    .filter((column) => !isKey(column.name))
    .map(({ name: own }) => `${nameText(own)} = new_row.${nameText(own)}`)
  const values = columns.map((column) => `new_row.${nameText(column.name)}`).join(', ')
  const matches = keys.map((key) => `old_row.${nameText(key)} = new_row.${nameText(key)}`).join(' AND ')
  const update = sets.length === 0 ? '' : ` WHEN MATCHED THEN UPDATE SET ${sets.join(', ')}`
  return [
    `ASSERT NOT ${twins} AS ${stringText(`The query gives several rows of one key (${keys.join(', ')})`)};`,
    `ASSERT NOT ${missing} AS ${stringText(`The query gives rows without a key (${keys.join(', ')})`)};`,
    `MERGE ${name} AS old_row USING ${rowsTable} AS new_row ON ${matches}${update} WHEN NOT MATCHED THEN INSERT (${list}) VALUES (${values});`,
  ]
}

/** Rows of the day, and of the parameters' values, that the run replaces. */
function partSql({ target, columns, day, zone }: RunScript): string | undefined {
  const { partition, mode } = target
  if (partition === undefined || mode !== 'replace-partition' || day === undefined) return undefined
  const column = nameText(partition.column)
  const kind = kindOf(partition.column, columns)
  const date =
    kind === 'TIMESTAMP' ? `DATE(${column}, ${stringText(zone)})` : kind === 'DATE' ? column : `DATE(${column})`
  const scope = partition.scope.map((name) => ` AND ${nameText(name)} = @${name}`).join('')
  return `(${date} = DATE ${stringText(day)}${scope})`
}

function testsSql(run: RunScript): string[] {
  const places = { rows: rowsTable, target: tableText(run.target), part: partSql(run), anomaly: run.anomaly }
  const checks = run.tests.flatMap((test) => {
    const sql = testSql(test, places)
    const list = test.severity === 'fail' ? 'failed' : 'warned'
    if (sql === undefined) return []
    return [`SET found = ${sql};`, `IF found IS NOT NULL THEN SET ${list} = ARRAY_CONCAT(${list}, [found]); END IF;`]
  })
  if (checks.length === 0) return []
  const raise = `RAISE USING MESSAGE = CONCAT(${stringText(testFailed)}, ARRAY_TO_STRING(failed, '; '))`
  return [...checks, `IF ARRAY_LENGTH(failed) > 0 THEN ${raise}; END IF;`]
}
