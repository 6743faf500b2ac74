// tabledata.list: rows of a table without SQL. tabledata.insertAll: rows streamed in (insert-all.ts).
import type { QueryRequest, VisibleTable } from '../contract.ts'
import { type Api, checkProject } from './api.ts'
import { partitionPlace, partitionText, splitDecorator } from './decorators.ts'
import { invalid, notFound } from './google-error.ts'
import { insertAll } from './insert-all.ts'
import { anonymousDataset, etagOf, jobOfAnonymousTable } from './job-resource.ts'
import { type ApiJob, endOf, stateOf } from './jobs.ts'
import { type Page, type PageWish, pageWish, readPage, rowOfToken, tokenOf, withRows } from './pages.ts'
import { startQueryJob } from './query-jobs.ts'
import type { Answer, Call, Route } from './router.ts'
import { quoteName } from './schema.ts'
import { requireTable } from './visible.ts'

export function tabledataRoutes(api: Api): Route[] {
  const table = 'projects/{projectId}/datasets/{datasetId}/tables/{tableId}'
  return [
    { id: 'bigquery.tabledata.list', method: 'GET', path: `${table}/data`, handle: async (call) => list(api, call) },
    {
      id: 'bigquery.tabledata.insertAll',
      method: 'POST',
      path: `${table}/insertAll`,
      handle: async (call) => insertAll(api, call),
    },
  ]
}

async function list(api: Api, call: Call): Promise<Answer> {
  checkProject(api, call.params['projectId'])
  const { datasetId = '', tableId = '' } = call.params
  const jobId = jobOfAnonymousTable(tableId)
  if (datasetId === anonymousDataset && jobId !== undefined) return ofJob(api, call, jobId)
  const { table: name, decorator } = splitDecorator(tableId)
  const table = await requireTable(api, call.principal, datasetId, name)
  const columns = selectedColumns(table, call.query.text('selectedFields'))
  const where = decorator === undefined ? '' : ` WHERE ${partitionText(partitionPlace(table, decorator))}`
  const from = `FROM ${quoteName(datasetId)}.${quoteName(name)}${where}`
  const sql = `SELECT ${columns.map(quoteName).join(', ')} ${from}`
  const token = call.query.text('pageToken')
  const kept = token === undefined ? undefined : keptToken(token)
  if (kept !== undefined) return pageOfKept(api, call, kept)
  const wish = pageWish(call.query)
  // A part is read as a part; whoever reads all of a table reads one state of it, page by page.
  return wish.rowsMax === undefined && wish.startRow === 0 && token === undefined
    ? wholeTable(api, call, { sql, wish })
    : partOfTable(api, call, { sql, wish, totalRows: decorator === undefined ? table.rows : undefined })
}

/** Error: invalid. */
function selectedColumns({ columns }: VisibleTable, selected: string | undefined): string[] {
  if (selected === undefined) return columns.map(({ name }) => name)
  const wanted = new Set(selected.split(',').map((name) => name.trim().toLowerCase()))
  for (const name of wanted) {
    if (name.includes('.'))
      throw invalid(
        `Unsupported by Millpond: selectedFields inside a record (${name.slice(0, 100)}). Select the whole record, or query it.`,
      )
    if (!columns.some((column) => column.name.toLowerCase() === name))
      throw invalid(`The field ${name.slice(0, 100)} does not exist`, 'selectedFields')
  }
  return columns.map(({ name }) => name).filter((name) => wanted.has(name.toLowerCase()))
}

/** Of a page token: the job that holds the rows. */
interface KeptRows {
  readonly jobId: string
  readonly row: number
}

function keptToken(token: string): KeptRows | undefined {
  const match = /^job:([\w-]{1,1024}):(\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString('latin1'))
  return match === null ? undefined : { jobId: match[1] ?? '', row: Number(match[2]) }
}

async function runRows(api: Api, { principal }: Call, sql: string): Promise<ApiJob> {
  const request: QueryRequest = {
    sql,
    dialect: 'googlesql',
    principal,
    port: 'bigquery',
    keepsRows: true,
    labels: { millpond: 'tabledata-list' },
  }
  const job = await startQueryJob(api, { request, location: undefined, configuration: { jobType: 'QUERY' } })
  await endOf(job)
  const { error } = stateOf(job)
  if (error !== undefined) throw error
  return job
}

async function wholeTable(
  api: Api,
  call: Call,
  { sql, wish }: { readonly sql: string; readonly wish: PageWish },
): Promise<Answer> {
  const job = await runRows(api, call, sql)
  return keptPage(job, wish)
}

async function pageOfKept(api: Api, call: Call, { jobId, row }: KeptRows): Promise<Answer> {
  return keptPage(api.jobs.find(jobId, call.principal), pageWish(call.query, row))
}

async function keptPage(job: ApiJob, wish: PageWish): Promise<Answer> {
  const page = await readPage(job, wish)
  const next = page.nextToken === undefined ? undefined : rowOfToken(page.nextToken)
  const token = next === undefined ? undefined : Buffer.from(`job:${job.id}:${next}`).toString('base64url')
  return answerOf({ ...page, nextToken: token })
}

interface PartWish {
  readonly sql: string
  readonly wish: PageWish
  /** undefined: unknown. */
  readonly totalRows: number | undefined
}

async function partOfTable(api: Api, call: Call, { sql, wish, totalRows }: PartWish): Promise<Answer> {
  const rowsMax = Math.min(wish.rowsMax ?? 100_000, 100_000)
  // One more tells whether there is a next page.
  const job = await runRows(api, call, `${sql} LIMIT ${rowsMax + 1} OFFSET ${wish.startRow}`)
  const page = await readPage(job, { ...wish, startRow: 0, rowsMax })
  const next = wish.startRow + page.rows.length
  const known = Math.max(totalRows ?? 0, wish.startRow + page.totalRows)
  const hasMore = page.rows.length < page.totalRows && rowsMax > 0
  return answerOf({ ...page, totalRows: known, nextToken: hasMore ? tokenOf(next) : undefined })
}

async function ofJob(api: Api, call: Call, jobId: string): Promise<Answer> {
  const job = api.jobs.find(jobId, call.principal)
  const { state, error } = stateOf(job)
  if (state !== 'done' || error !== undefined || job.job === undefined)
    throw notFound(`Table ${api.deps.project}:${anonymousDataset}.${call.params['tableId'] ?? ''}`)
  const selected = call.query.text('selectedFields')
  const { columns } = await job.job.result()
  const wanted = selected?.split(',').map((name) => name.trim().toLowerCase())
  const indexes =
    wanted === undefined
      ? undefined
      : columns.flatMap(({ name }, index) => (wanted.includes(name.toLowerCase()) ? [index] : []))
  return answerOf(await readPage(job, pageWish(call.query), indexes))
}

function answerOf({ rows, totalRows, nextToken }: Page): string {
  const head = {
    kind: 'bigquery#tableDataList',
    etag: etagOf(`${totalRows} ${rows.length}`),
    totalRows: String(totalRows),
    ...(nextToken === undefined ? {} : { pageToken: nextToken }),
  }
  return withRows(head, rows)
}
