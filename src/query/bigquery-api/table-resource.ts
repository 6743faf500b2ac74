// Tables as the API shows them: whole, and as entries of a list.
import type { MadeTable } from '../../warehouse/session.ts'
import type { VisibleTable } from '../contract.ts'
import type { Api } from './api.ts'
import { daysOption, labelsOf, optionText } from './dataset-routes.ts'
import { anonymousDataset, anonymousTable, etagOf, millis } from './job-resource.ts'
import type { ApiJob } from './jobs.ts'
import { fieldOf, type FieldSchema, resultFields } from './schema.ts'
import { locationOf } from './small-routes.ts'
import { madeTable } from './visible.ts'

const typeNames = { table: 'TABLE', view: 'VIEW', 'materialized-view': 'MATERIALIZED_VIEW' } as const

export function fieldsOf(table: VisibleTable, made: MadeTable | undefined): FieldSchema[] {
  return table.columns.map(({ name, sqlType, mode, description }) => {
    const defaultSql = made?.columns.find((column) => column.name === name)?.defaultSql
    return fieldOf(name, sqlType, { mode, description, defaultSql })
  })
}

export function tableEtag({ dataset, table, changedAtMicros, columns }: VisibleTable): string {
  return etagOf(`${changedAtMicros} ${columns.length} ${dataset}.${table}`)
}

function defined(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

/** Milliseconds of a TIMESTAMP option, however it was kept. */
function expirationOf(options: Readonly<Record<string, unknown>>): string | undefined {
  const { expiration_timestamp: value } = options
  if (typeof value === 'number') return String(Math.floor(value / 1000))
  if (typeof value !== 'string' || value === '') return undefined
  const parsed = Date.parse(value.replace(' ', 'T').replace(/\+00$/, 'Z'))
  return Number.isNaN(parsed) ? undefined : String(parsed)
}

function partitioningOf(table: VisibleTable, made: MadeTable | undefined): object {
  const { partitioning, options } = table
  if (partitioning === undefined) return {}
  const { column, granularity, isFilterRequired } = partitioning
  const required = isFilterRequired ? { requirePartitionFilter: true } : {}
  if (granularity === 'RANGE') {
    const [start, end, interval] = made?.partitioning?.range ?? [0, 0, 1]
    const range = { start: String(start), end: String(end), interval: String(interval) }
    return { rangePartitioning: { field: column, range }, ...required }
  }
  const isByArrival = /^_PARTITION(?:TIME|DATE)$/i.test(column)
  return {
    timePartitioning: {
      type: granularity,
      ...(isByArrival ? {} : { field: column }),
      ...defined({ expirationMs: daysOption(options, 'partition_expiration_days') }),
      ...required,
    },
    ...required,
  }
}

function headOf({ deps }: Pick<Api, 'deps'>, table: VisibleTable, made: MadeTable | undefined): object {
  const { project } = deps
  const { dataset, clustering, options, kind, createdAtMicros } = table
  return {
    id: `${project}:${dataset}.${table.table}`,
    tableReference: { projectId: project, datasetId: dataset, tableId: table.table },
    type: typeNames[kind],
    ...defined({
      friendlyName: optionText(options, 'friendly_name'),
      labels: labelsOf(options),
      expirationTime: expirationOf(options),
    }),
    ...partitioningOf(table, made),
    ...(clustering.length === 0 ? {} : { clustering: { fields: clustering } }),
    creationTime: millis(createdAtMicros),
  }
}

export function tableResourceOf(api: Pick<Api, 'deps'>, table: VisibleTable): object {
  const { dataset, kind, viewSql, options, rows, logicalBytes, changedAtMicros } = table
  const made = madeTable(api, dataset, table.table)
  const path = `/bigquery/v2/projects/${api.deps.project}/datasets/${encodeURIComponent(dataset)}/tables/${encodeURIComponent(table.table)}`
  const isView = kind === 'view'
  const bytes = numberText(isView ? 0 : logicalBytes)
  return {
    kind: 'bigquery#table',
    etag: tableEtag(table),
    selfLink: path,
    ...headOf(api, table, made),
    ...defined({ description: optionText(options, 'description') ?? table.description }),
    schema: { fields: fieldsOf(table, made) },
    ...defined({ numBytes: bytes, numTotalLogicalBytes: bytes, numRows: numberText(isView ? 0 : rows) }),
    numLongTermBytes: '0',
    lastModifiedTime: millis(changedAtMicros),
    location: locationOf(options),
    ...(viewSql === undefined ? {} : viewOf(table, viewSql)),
  }
}

function numberText(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value)
}

const refreshMinutes = 30

/** A materialized view is always fresh here; clients compare what it says of refreshing with what they want. */
function viewOf({ kind, options }: VisibleTable, query: string): object {
  if (kind !== 'materialized-view') return { view: { query, useLegacySql: false } }
  const { enable_refresh: isRefreshed, refresh_interval_minutes: minutes } = options
  const refreshIntervalMs = String(60_000 * (typeof minutes === 'number' ? minutes : refreshMinutes))
  return { materializedView: { query, enableRefresh: isRefreshed !== false, refreshIntervalMs } }
}

export function listedTable(api: Pick<Api, 'deps'>, table: VisibleTable): object {
  const { kind, viewSql } = table
  const view = viewSql === undefined || kind !== 'view' ? {} : { view: { useLegacySql: false } }
  return { kind: 'bigquery#table', ...headOf(api, table, madeTable(api, table.dataset, table.table)), ...view }
}

/** Kept rows of a job, shown as the table that BigQuery would have put them into. */
export async function anonymousResource(api: Pick<Api, 'deps'>, job: ApiJob): Promise<object> {
  const { project } = api.deps
  const tableId = anonymousTable(job.id)
  const columns = (await job.job?.result())?.columns ?? []
  const rows = job.job?.info().statistics?.rows ?? 0
  return {
    kind: 'bigquery#table',
    etag: etagOf(job.id),
    id: `${project}:${anonymousDataset}.${tableId}`,
    selfLink: `/bigquery/v2/projects/${project}/datasets/${anonymousDataset}/tables/${tableId}`,
    tableReference: { projectId: project, datasetId: anonymousDataset, tableId },
    schema: { fields: resultFields(columns) },
    numRows: String(rows),
    numBytes: '0',
    type: 'TABLE',
    location: job.location,
    creationTime: millis(job.createdAtMicros),
    lastModifiedTime: millis(job.createdAtMicros),
  }
}
