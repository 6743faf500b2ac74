// The fixed tables: what rows of ours, logs and inference records look like, whoever sends them. For every column the
// names under which senders know it; what has no column goes to `payload`, never to a new one.
// In words for people: docs/guide/warehouse-schema.md.
import type { RowTable } from '../core/event.ts'
import type { ColumnSpec, ColumnType, TableName } from './driver.ts'
import { overflowColumn } from './schema.ts'

/**
 * How a field's value becomes its column's. `plain`: as the column's type. `severity`: a name, or a number of Cloud Logging
 * (0 … 800) or pino and bunyan (10 … 60). `otlp-severity` 1 … 24, `syslog-severity` 0 … 7, `python-severity` 10 … 50.
 * `latency`: milliseconds, or a text with its unit ("1.5s"); `seconds`: a number of them.
 */
export type FieldConversion =
  | 'plain'
  | 'severity'
  | 'otlp-severity'
  | 'syslog-severity'
  | 'python-severity'
  | 'latency'
  | 'seconds'

export interface RowField {
  /** One key, or two: a key inside an object. */
  readonly path: readonly [string] | readonly [string, string]
  readonly convert: FieldConversion
}

export interface RowColumn extends ColumnSpec {
  /** The first one that a record has fills the column; the others stay in the payload. */
  readonly fields: readonly RowField[]
  /** A text column that keeps the winning field's value as it was sent. */
  readonly asSent?: string
}

export interface RowTableSpec {
  readonly name: RowTable
  readonly table: TableName
  /** What the live feed calls its rows. */
  readonly liveType: 'log' | 'inference' | 'asset' | 'job' | 'audit' | 'delivery'
  /** Fields with an id of the sender's own: a row with the same id comes once. */
  readonly idFields: readonly string[]
  /** Fields that a repetition of the same row may have otherwise. */
  readonly notContent: readonly string[]
  /** Column beside `id` that holds the same id. */
  readonly idColumn: string | undefined
  /**
   * Fields that say when it happened. `beforeEntry`: they go before the time of a Forward entry. `isContent`: the same id
   * with an entry of another time is no repetition.
   */
  readonly time: { readonly fields: readonly string[]; readonly beforeEntry: boolean; readonly isContent: boolean }
  /** Columns that name a row on the live feed; the first that has a value. */
  readonly nameColumns: readonly string[]
  /** Columns filled by fields. */
  readonly columns: readonly RowColumn[]
  /** All columns, in order. */
  readonly all: readonly ColumnSpec[]
}

/** Columns that every fixed table has and no field fills. */
const leading: readonly ColumnSpec[] = [
  { name: 'id', type: 'text' },
  { name: 'received_at', type: 'timestamp' },
  { name: 'loaded_at', type: 'timestamp' },
  { name: 'timestamp', type: 'timestamp' },
  { name: 'original_timestamp', type: 'timestamp' },
  { name: 'time_method', type: 'text' },
  { name: 'source', type: 'text' },
  { name: 'log_name', type: 'text' },
  { name: 'sequence', type: 'integer' },
]

/** What Forward adds to an entry, and what has no column of its own. */
const trailing: readonly ColumnSpec[] = [
  { name: 'metadata', type: 'json' },
  { name: 'chunk_id', type: 'text' },
  { name: 'payload', type: 'json' },
  { name: overflowColumn, type: 'json' },
]

/** A field as `key`, `object/key`, or either with ` as conversion`. */
function field(text: string): RowField {
  const [where = '', convert = 'plain'] = text.split(' as ')
  // Keys of Google's have slashes of their own.
  const isOneKey = where.startsWith('logging.googleapis.com/') && where.split('/').length === 2
  const [first = '', second] = isOneKey ? [where] : where.split('|')
  return { path: second === undefined ? [first] : [first, second], convert: convert as FieldConversion }
}

function column(name: string, type: ColumnType, fields: readonly string[] = [name]): RowColumn {
  return { name, type, fields: fields.map(field) }
}

function columnsOf(text: string, type: ColumnType): RowColumn[] {
  return text.split(' ').map((name) => column(name, type))
}

const google = 'logging.googleapis.com'

const logColumns: readonly RowColumn[] = [
  {
    ...column('severity', 'integer', [
      'severity as severity',
      'severity_number as otlp-severity',
      'severityNumber as otlp-severity',
      'severity_text as severity',
      'severityText as severity',
      'level as severity',
      'levelname as severity',
      'levelno as python-severity',
      'log_level as severity',
      'loglevel as severity',
      'PRIORITY as syslog-severity',
      'priority as syslog-severity',
    ]),
    asSent: 'level',
  },
  column('message', 'text', ['message', 'msg', 'log', 'textPayload', 'MESSAGE', 'body']),
  column('logger', 'text', ['logger', 'logger_name', 'loggerName', 'name']),
  column('service', 'text', [
    'service',
    'service_name',
    'serviceName',
    'serviceContext|service',
    'app',
    'application',
    'container_name',
    'kubernetes|container_name',
  ]),
  column('release', 'text', ['release', 'serviceContext|version', 'version', 'app_version', 'appVersion']),
  column('host', 'text', ['host', 'hostname', '_HOSTNAME', 'kubernetes|host']),
  column('trace', 'text', ['trace', 'trace_id', 'traceId', `${google}/trace`]),
  column('span_id', 'text', ['span_id', 'spanId', `${google}/spanId`]),
  column('trace_sampled', 'boolean', ['trace_sampled', 'traceSampled', `${google}/trace_sampled`]),
  column('request_id', 'text', ['request_id', 'requestId', 'req_id', 'reqId', 'req|id']),
  column('user_id', 'text', ['user_id', 'userId', 'user|id']),
  column('device_id', 'text', ['device_id', 'deviceId', 'device|id']),
  column('http_method', 'text', ['http_method', 'httpRequest|requestMethod', 'req|method', 'method']),
  column('http_url', 'text', ['http_url', 'httpRequest|requestUrl', 'req|url', 'url', 'path']),
  column('http_status', 'integer', ['http_status', 'httpRequest|status', 'res|statusCode', 'status', 'code']),
  column('http_latency_ms', 'float', [
    'http_latency_ms as latency',
    'httpRequest|latency as latency',
    'latency_ms as latency',
    'responseTime as latency',
    'duration_ms as latency',
    'request_time as seconds',
  ]),
  column('http_remote_ip', 'text', ['http_remote_ip', 'httpRequest|remoteIp', 'req|remoteAddress', 'remote']),
  column('http_user_agent', 'text', ['http_user_agent', 'httpRequest|userAgent', 'agent']),
  column('http_referer', 'text', ['http_referer', 'httpRequest|referer', 'referer']),
  column('http_request_bytes', 'integer', ['http_request_bytes', 'httpRequest|requestSize']),
  column('http_response_bytes', 'integer', ['http_response_bytes', 'httpRequest|responseSize', 'size']),
  column('error_type', 'text', ['error_type', 'err|type', 'err|name', 'error|type', 'error|name']),
  column('error_message', 'text', ['error_message', 'err|message', 'error|message']),
  column('stack', 'text', ['stack', 'err|stack', 'error|stack', 'stack_trace', 'stacktrace', 'exc_info']),
  column('error_group', 'text', ['error_group', 'errorGroup']),
  column('labels', 'json', ['labels', `${google}/labels`]),
]

const inferenceColumns: readonly RowColumn[] = [
  column('asset_id', 'text', ['asset_id', 'assetId']),
  column('model', 'text', ['model', 'model_name', 'modelName']),
  column('version', 'text', ['version', 'model_version', 'modelVersion']),
  column('role', 'text'),
  column('latency_ms', 'float', ['latency_ms as latency', 'latencyMs as latency', 'latency as latency']),
  column('top_label', 'text', ['top_label', 'topLabel', 'label', 'prediction']),
  column('top_score', 'float', ['top_score', 'topScore', 'score', 'confidence']),
  column('margin', 'float'),
  column('entropy', 'float'),
  column('output', 'json', ['output', 'outputs', 'predictions']),
  column('alias_rev', 'text', ['alias_rev', 'aliasRev']),
  column('request_id', 'text', ['request_id', 'requestId']),
  column('device_id', 'text', ['device_id', 'deviceId']),
  column('user_id', 'text', ['user_id', 'userId']),
]

const assetColumns: readonly RowColumn[] = [
  ...columnsOf('sha256 media_type mime', 'text'),
  ...columnsOf('bytes width height', 'integer'),
  ...columnsOf('duration_ms fps', 'float'),
  column('captured_at', 'timestamp'),
  ...columnsOf('device_id user_id subject_id firmware storage_uri key_id', 'text'),
  column('orientation_applied', 'boolean'),
  column('parent_asset_id', 'text'),
  column('frame_ms', 'float'),
  ...columnsOf('phash consent_id legal_basis', 'text'),
  column('retention_until', 'timestamp'),
  column('state', 'text'),
  column('created_at', 'timestamp'),
]

/** One row a query, whichever port it came through; what INFORMATION_SCHEMA.JOBS shows. */
const jobColumns: readonly RowColumn[] = [
  ...columnsOf('parent_job_id owner port dialect statement_type query error_code error_message', 'text'),
  ...columnsOf('bytes_processed bytes_billed rows affected_rows', 'integer'),
  column('cache_hit', 'boolean'),
  ...columnsOf('created_at started_at ended_at', 'timestamp'),
  column('took_ms', 'float'),
  column('labels', 'json'),
  column('referenced_tables', 'json'),
]

/** What became of one event at one destination. */
const deliveryColumns: readonly RowColumn[] = [
  ...columnsOf('destination destination_type', 'text'),
  column('destination_version', 'integer'),
  ...columnsOf('replay_id message_id event_source event_type event_name user_id anonymous_id', 'text'),
  column('event_received_at', 'timestamp'),
  ...columnsOf('status reason', 'text'),
  column('attempts', 'integer'),
  column('answer', 'text'),
  column('sent_payload', 'json'),
  column('settled_at', 'timestamp'),
]

/** What stays of the ledger: events of a day. */
const deliverySumColumns: readonly RowColumn[] = [
  column('day', 'timestamp'),
  ...columnsOf('destination destination_type event_source event_type event_name status', 'text'),
  ...columnsOf('events attempts', 'integer'),
]

const auditColumns: readonly RowColumn[] = [
  ...columnsOf('actor_id actor via address action target', 'text'),
  column('acted_at', 'timestamp'),
  column('details', 'json'),
]

/** What it comes from: a group of OpenTelemetry, or the sender's own field. */
const resource = column('resource', 'json')

function spec(parts: Omit<RowTableSpec, 'all'>): RowTableSpec {
  const columns = [...parts.columns, resource]
  const own = columns.flatMap(({ name, type, asSent }): ColumnSpec[] =>
    asSent === undefined
      ? [{ name, type }]
      : [
          { name, type },
          { name: asSent, type: 'text' },
        ],
  )
  const id: ColumnSpec[] = parts.idColumn === undefined ? [] : [{ name: parts.idColumn, type: 'text' }]
  return { ...parts, columns, all: [...leading, ...id, ...own, ...trailing] }
}

export const rowTables: Readonly<Record<RowTable, RowTableSpec>> = {
  'logs.entries': spec({
    name: 'logs.entries',
    table: { dataset: 'logs', table: 'entries' },
    liveType: 'log',
    // Not `id`: in a log line that is the number of whatever the line is about.
    idFields: ['insertId', 'insert_id', `${google}/insertId`],
    notContent: [],
    idColumn: undefined,
    time: { fields: ['timestamp', '@timestamp', 'time', 'ts'], beforeEntry: false, isContent: true },
    nameColumns: ['message'],
    columns: logColumns,
  }),
  'ai.inferences': spec({
    name: 'ai.inferences',
    table: { dataset: 'ai', table: 'inferences' },
    liveType: 'inference',
    // Not `id`: it may be the device's, or the label's number.
    idFields: ['inference_id', 'inferenceId'],
    notContent: [],
    idColumn: 'inference_id',
    time: { fields: ['at', 'timestamp', 'time'], beforeEntry: true, isContent: true },
    nameColumns: ['top_label', 'model'],
    columns: inferenceColumns,
  }),
  'ai.assets': spec({
    name: 'ai.assets',
    table: { dataset: 'ai', table: 'assets' },
    liveType: 'asset',
    idFields: ['asset_id'],
    // An upload that is tried again was made later.
    notContent: ['created_at', 'received_at'],
    idColumn: 'asset_id',
    time: { fields: ['at', 'timestamp'], beforeEntry: true, isContent: false },
    nameColumns: ['mime', 'media_type'],
    columns: assetColumns,
  }),
  'millpond.audit': spec({
    name: 'millpond.audit',
    table: { dataset: 'millpond', table: 'audit' },
    liveType: 'audit',
    idFields: ['audit_id'],
    notContent: [],
    idColumn: 'audit_id',
    time: { fields: ['acted_at'], beforeEntry: true, isContent: false },
    nameColumns: ['action'],
    columns: auditColumns,
  }),
  'millpond.deliveries': spec({
    name: 'millpond.deliveries',
    table: { dataset: 'millpond', table: 'deliveries' },
    liveType: 'delivery',
    idFields: ['delivery_id'],
    // What is settled again after a crash may be so with another answer; the first entry stands.
    notContent: ['settled_at', 'status', 'reason', 'attempts', 'answer', 'sent_payload', 'destination_version'],
    idColumn: 'delivery_id',
    time: { fields: ['settled_at'], beforeEntry: true, isContent: false },
    nameColumns: ['event_name'],
    columns: deliveryColumns,
  }),
  'millpond.delivery_sums': spec({
    name: 'millpond.delivery_sums',
    table: { dataset: 'millpond', table: 'delivery_sums' },
    liveType: 'delivery',
    idFields: ['sum_id'],
    notContent: [],
    idColumn: 'sum_id',
    time: { fields: ['day'], beforeEntry: true, isContent: false },
    nameColumns: ['destination'],
    columns: deliverySumColumns,
  }),
  'millpond.jobs': spec({
    name: 'millpond.jobs',
    table: { dataset: 'millpond', table: 'jobs' },
    liveType: 'job',
    idFields: ['job_id'],
    notContent: [],
    idColumn: 'job_id',
    time: { fields: ['created_at'], beforeEntry: true, isContent: false },
    nameColumns: ['statement_type'],
    columns: jobColumns,
  }),
}

export function isRowTable(name: unknown): name is RowTable {
  return typeof name === 'string' && Object.hasOwn(rowTables, name)
}
