// tabledata.insertAll: checked against the schema, then appended to stream `appends` and answered once that is synced. The rows are in
// the table within a second (deliver/appends); an insert id that comes again within seven days is stored once.
import type { NewRecord } from '../../buffer/record.ts'
import { type AppendMeta, type AppendRow, appendBody } from '../../core/append-record.ts'
import type { MadeTable } from '../../warehouse/session.ts'
import { typeOfText } from '../catalog/type-text.ts'
import { type Api, checkName, checkProject } from './api.ts'
import { quoteName } from './schema.ts'
import { GoogleError, invalid } from './google-error.ts'
import { createRowCheck, type InsertColumn, type RowError } from './insert-values.ts'
import { runStatement } from './query-jobs.ts'
import { accessDenied, checkWrite } from './rights.ts'
import type { Answer, Call } from './router.ts'
import { insertAllRequest, parseShape } from './shapes.ts'
import { madeTable, requireTable } from './visible.ts'

const rowsMax = 50_000

export async function insertAll(api: Api, call: Call): Promise<Answer> {
  checkProject(api, call.params['projectId'])
  const { datasetId = '', tableId = '' } = call.params
  const body = parseShape(insertAllRequest, await call.body())
  const rows = body.rows ?? []
  if (rows.length === 0) throw invalid('Required parameter is missing: rows', 'rows')
  if (rows.length > rowsMax)
    throw invalid(`too many rows present in the request, limit: ${rowsMax} row count: ${rows.length}.`)
  const name = tableId.split('$')[0] ?? ''
  const table = await targetTable(api, call, { dataset: datasetId, table: name, suffix: body.templateSuffix })
  const check = createRowCheck(columnsOf(table), body.ignoreUnknownValues === true)
  const accepted: AppendRow[] = []
  const failed: { readonly index: number; readonly errors: readonly object[] }[] = []
  for (const [index, { json, insertId }] of rows.entries()) {
    const checked = check(json ?? {})
    if ('row' in checked)
      accepted.push({ insertId: insertId === '' ? undefined : insertId, json: JSON.stringify(checked.row) })
    else failed.push({ index, errors: checked.errors.map(errorOf) })
  }
  const isRefused = failed.length > 0 && body.skipInvalidRows !== true
  if (!isRefused && accepted.length > 0) await append(api, table, accepted)
  if (failed.length === 0) return { kind: 'bigquery#tableDataInsertAllResponse' }
  return {
    kind: 'bigquery#tableDataInsertAllResponse',
    insertErrors: isRefused ? withStopped(failed, rows.length) : failed,
  }
}

function errorOf({ reason, location, message }: RowError): object {
  return { reason, location, debugInfo: '', message }
}

/** One bad row keeps the others out, too, unless skipInvalidRows says otherwise; each is told. */
function withStopped(
  failed: readonly { readonly index: number; readonly errors: readonly object[] }[],
  count: number,
): object[] {
  const byIndex = new Map(failed.map((one) => [one.index, one]))
  const stopped = [{ reason: 'stopped', location: '', debugInfo: '', message: '' }]
  return Array.from({ length: count }, (_, index) => byIndex.get(index) ?? { index, errors: stopped })
}

function columnsOf({ columns }: MadeTable): InsertColumn[] {
  return columns.map(({ name, type, mode, defaultSql }) => {
    const element = typeOfText(type)
    const isArray = mode === 'REPEATED' && element.kind !== 'ARRAY'
    return { name, mode, type: isArray ? { kind: 'ARRAY', element } : element, hasDefault: defaultSql !== undefined }
  })
}

interface Target {
  readonly dataset: string
  readonly table: string
  readonly suffix: string | undefined
}

/** Errors: notFound, accessDenied. */
async function targetTable(api: Api, call: Call, { dataset, table, suffix }: Target): Promise<MadeTable> {
  const { principal } = call
  const made = madeTable(api, dataset, table)
  if (made === undefined || made.kind !== 'table') {
    const visible = await requireTable(api, principal, dataset, table)
    if (visible.kind !== 'table') throw invalid(`Cannot add rows to a table of type ${visible.kind.toUpperCase()}.`)
    throw new GoogleError(
      'accessDenied',
      `Access Denied: Table ${api.deps.project}:${dataset}.${table} is fed by Millpond's collectors and takes no rows from elsewhere. Make a table of your own.`,
    )
  }
  checkWrite(api, principal, dataset, suffix === undefined ? table : undefined)
  if (suffix === undefined || suffix === '') return made
  const name = table + suffix
  checkName('table', name)
  const present = madeTable(api, dataset, name)
  if (present !== undefined) return present
  await runStatement(
    api,
    principal,
    `CREATE TABLE IF NOT EXISTS ${quoteName(dataset)}.${quoteName(name)} LIKE ${quoteName(dataset)}.${quoteName(table)}`,
  )
  const created = madeTable(api, dataset, name)
  if (created === undefined) throw accessDenied(api, dataset, name, 'bigquery.tables.create')
  return created
}

async function append({ deps }: Api, { dataset, table }: MadeTable, rows: readonly AppendRow[]): Promise<void> {
  const meta: AppendMeta = { dataset, table }
  const record: NewRecord = {
    kind: 'append',
    source: dataset,
    receivedAtMicros: deps.clock.nowMicros(),
    count: rows.length,
    meta: JSON.stringify(meta),
    body: appendBody(rows),
  }
  await deps.append(record)
}
