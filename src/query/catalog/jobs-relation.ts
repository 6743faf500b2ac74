// INFORMATION_SCHEMA.JOBS over millpond.jobs: the caller's own jobs, or everybody's for an administrator.
import type { CatalogTable } from '../../sql/catalog.ts'
import type { SqlType } from '../../sql/types.ts'
import type { CallerCatalogDeps } from './visible.ts'

const string: SqlType = { kind: 'STRING' }
const int64: SqlType = { kind: 'INT64' }
const timestamp: SqlType = { kind: 'TIMESTAMP' }
const labels: SqlType = {
  kind: 'ARRAY',
  element: {
    kind: 'STRUCT',
    fields: [
      { name: 'key', type: string },
      { name: 'value', type: string },
    ],
  },
}
const errorResult: SqlType = {
  kind: 'STRUCT',
  fields: [
    { name: 'reason', type: string },
    { name: 'message', type: string },
  ],
}

/** Name, type, and how it is read from millpond.jobs (as `j`). */
const columns: readonly (readonly [string, SqlType, string])[] = [
  ['creation_time', timestamp, 'j.created_at'],
  ['project_id', string, '$project'],
  ['user_email', string, 'j.owner'],
  ['job_id', string, 'j.job_id'],
  ['job_type', string, `'QUERY'`],
  ['statement_type', string, 'j.statement_type'],
  ['priority', string, `'INTERACTIVE'`],
  ['start_time', timestamp, 'j.started_at'],
  ['end_time', timestamp, 'j.ended_at'],
  ['query', string, 'j.query'],
  ['state', string, `'DONE'`],
  ['total_bytes_processed', int64, 'j.bytes_processed'],
  ['total_bytes_billed', int64, 'j.bytes_billed'],
  ['total_slot_ms', int64, 'CAST(j.took_ms AS BIGINT)'],
  ['cache_hit', { kind: 'BOOL' }, 'j.cache_hit'],
  ['parent_job_id', string, 'j.parent_job_id'],
  [
    'error_result',
    errorResult,
    `CASE WHEN j.error_code IS NOT NULL THEN {'reason': j.error_code, 'message': j.error_message} END`,
  ],
  [
    'labels',
    labels,
    // By JSON pointer: a key may hold anything, quotes too.
    `list_transform(json_keys(j.labels), lambda k: {'key': k, 'value': json_extract_string(j.labels, '/' || replace(replace(k, '~', '~0'), '/', '~1'))})`,
  ],
  ['referenced_tables', { kind: 'JSON' }, 'j.referenced_tables'],
]

export function jobsRelation({ access, directory, project }: CallerCatalogDeps): {
  readonly columns: CatalogTable['columns']
  readonly relation: string
} {
  const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`
  const shown = columns.map(([name, , sql]) => `${sql === '$project' ? quote(project) : sql} AS "${name}"`).join(', ')
  const { principal } = access
  const whose = principal.role === 'admin' ? 'TRUE' : `j.owner = ${quote(principal.handle)}`
  const exists = directory.datasets.get('millpond')?.tables.has('jobs') === true
  const empty = columns.map(([name]) => `NULL AS "${name}"`).join(', ')
  return {
    columns: columns.map(([name, type]) => ({ name, type })),
    relation: exists
      ? `(SELECT ${shown} FROM "fed"."millpond"."jobs" j WHERE ${whose})`
      : `(SELECT ${empty} WHERE FALSE)`,
  }
}
