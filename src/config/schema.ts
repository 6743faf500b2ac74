// Every setting: its type, default, bounds, unit and meaning, in one strict schema. The environment name follows from
// the last part of the name (collect.bodyBytesMax -> MILLPOND_BODY_BYTES_MAX). docs/settings.md is printed from this.
import ipaddr from 'ipaddr.js'
import { z } from 'zod'

import { login } from './login-schema.ts'
import { GiB, KiB, listOf, MiB, note, size, whole } from './setting-types.ts'

const hourMs = 3_600_000
const dayMs = 24 * hourMs

const collect = z.strictObject({
  bodyBytesMax: size(10 * MiB, KiB, GiB, "A request's body after decompression. Larger ones are answered 400."),
  bodiesBytesMax: size(
    256 * MiB,
    MiB,
    64 * GiB,
    'Bodies being read at one time, together. Beyond it senders get 503 with Retry-After.',
  ),
  connectionsMax: whole(
    'connections',
    10_000,
    1,
    1_000_000,
    'Open connections of senders. Further ones are closed at once.',
  ),
  bodyTimeoutMs: whole('ms', 30_000, 10, hourMs, 'A body must be complete this long after its headers.'),
  requestsPerSecondMax: whole(
    'requests/s',
    20_000,
    1,
    10_000_000,
    'Per write key and client address. Beyond it senders get 429 with Retry-After.',
  ),
  deviceClocksMax: whole(
    'devices',
    100_000,
    0,
    10_000_000,
    'Devices whose clock offset is remembered; the least recently seen is forgotten first.',
  ),
})

const buffer = z.strictObject({
  cutIntervalMs: whole('ms', 50, 0, 60_000, 'Least time between two cuts. Written events become readable at a cut.'),
  segmentBytesMax: size(64 * MiB, 64 * KiB, 4 * GiB, 'A segment file is sealed at this size …'),
  segmentAgeMsMax: whole('ms', hourMs, 100, 7 * dayMs, '… or at this age.'),
  streamBytesMax: size(
    8 * GiB,
    MiB,
    1024 * GiB,
    'Bytes of one stream that wait on disk. Beyond it senders get 503 with Retry-After.',
  ),
  diskFreeBytesMin: size(
    512 * MiB,
    0,
    1024 * GiB,
    'Senders get 503 with Retry-After when less than this is free on the disk.',
  ),
  ballastBytes: size(
    64 * MiB,
    0,
    64 * GiB,
    'Size of a file that is given up to make room for recovery on a full disk. 0 = none.',
  ),
})

const screen = z.strictObject({
  dedupeWindowHours: whole('hours', 168, 1, 65_000, 'The same message id within this time is stored once.'),
  dedupeIdsMax: whole(
    'ids',
    12_000_000,
    1,
    1_000_000_000,
    'Message ids remembered. Beyond it the window shortens, and status says so.',
  ),
  eventBytesMax: size(512 * KiB, KiB, GiB, "One event's JSON. Larger ones are quarantined as `event_too_large`."),
  batchEventsMax: whole(
    'events',
    10_000,
    1,
    1_000_000,
    'Events of one request. The rest is quarantined as `batch_too_long`.',
  ),
  eventKeysMax: whole(
    'keys',
    10_000,
    1,
    1_000_000,
    'Keys of one event, nested ones counted. More is quarantined as `too_many_keys`.',
  ),
  eventDepthMax: whole('levels', 64, 1, 1_000, 'Nesting of one event. Deeper ones are quarantined as `too_deep`.'),
})

const warehouse = z.strictObject({
  tablesPerSourceMax: whole(
    'tables',
    200,
    1,
    2_000,
    'Event tables of one source. Events beyond it live in one table of their own.',
  ),
  columnsPerTableMax: whole(
    'columns',
    500,
    30,
    5_000,
    'Columns of one table. Properties beyond it stay in `properties`.',
  ),
  youngSourceTablesMax: whole(
    'tables',
    20,
    0,
    2_000,
    'While a source has fewer event tables, every new name counts at once.',
  ),
  newNameEventsMin: whole(
    'events',
    20,
    1,
    1_000_000,
    'Later, a new name from a client key counts after this many events …',
  ),
  newNameAnonymousIdsMin: whole('ids', 3, 1, 1_000_000, '… from this many anonymous ids.'),
  loadEventsMax: whole('events', 60_000, 1, 1_000_000, 'Events in one load transaction.'),
  loadIntervalMsMin: whole('ms', 250, 0, 600_000, 'Least time between the starts of two loads.'),
  checkpointEventsMax: whole(
    'events',
    400_000,
    1,
    100_000_000,
    'Loaded events after which the warehouse file is made durable …',
  ),
  checkpointAgeMsMax: whole('ms', 60_000, 1, dayMs, '… or this long after the first of them.'),
  memoryBytesMax: size(GiB, 64 * MiB, 1024 * GiB, 'Memory that the warehouse engine may use for data and queries.'),
  threads: whole('threads', 2, 1, 256, 'Threads of the warehouse engine.'),
})

const query = z.strictObject({
  queriesRunningMax: whole('queries', 12, 1, 200, 'Queries that run at one time.'),
  queriesWaitingMax: whole(
    'queries',
    200,
    0,
    100_000,
    'Queries that wait for their turn. Beyond it people get 429 with Retry-After.',
  ),
  queriesComputingMax: whole(
    'queries',
    4,
    1,
    200,
    'Of the running ones, those that the engine works on at one time; about twice the cores is good.',
  ),
  queryTimeoutMs: whole('ms', 300_000, 1, dayMs, 'A query is stopped after this time.'),
  resultRowsMax: whole(
    'rows',
    10_000_000,
    1,
    1_000_000_000,
    'Rows of one kept result (BigQuery API, scripts) or temporary table (Postgres port). Larger ones are stopped with `query-limit`. Results that stream have no bound.',
  ),
  resultBytesMax: size(
    GiB,
    MiB,
    1024 * GiB,
    'Kept rows of one job of the BigQuery API. Larger ones are stopped with `query-limit`.',
  ),
  resultsBytesMax: size(4 * GiB, MiB, 1024 * GiB, 'Kept rows of all jobs together; the oldest are removed first.'),
  exportsBytesMax: size(
    16 * GiB,
    MiB,
    1024 * GiB,
    'Parquet exports on disk, all together, until they have been fetched. Beyond it they end with `query-limit`.',
  ),
  resultAgeMsMax: whole('ms', dayMs, 60_000, 30 * dayMs, 'Kept rows and finished jobs can be asked for this long.'),
  queryBytesMax: size(
    0,
    0,
    1024 * 1024 * GiB,
    "Bytes that one query may read, by BigQuery's size rules. More is refused before it runs. 0 = no bound.",
  ),
  personBytesPerDayMax: size(
    0,
    0,
    1024 * 1024 * GiB,
    "Bytes that one person may read a day (UTC), by BigQuery's size rules. 0 = no bound.",
  ),
  jsUdfRowsMax: whole('rows', 1_000_000, 1, 1_000_000_000, 'Calls of JavaScript functions in one query.'),
  jsUdfTimeMsMax: whole('ms', 10_000, 1, hourMs, 'Time that JavaScript functions of one query may take together.'),
  project: note(
    z
      .string()
      .regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/)
      .prefault('millpond'),
    {
      unit: 'name',
      meaning: 'Name of the project in `project.dataset.table` and in the BigQuery API.',
      allowed: '6 to 30 lower-case letters, digits and -',
      default: 'millpond',
    },
  ),
  postgresConnectionsMax: whole('connections', 200, 1, 100_000, 'Open connections of the Postgres port.'),
  postgresConnectionsPerPersonMax: whole('connections', 50, 1, 100_000, '… and of one person.'),
  postgresIdleMsMax: whole(
    'ms',
    hourMs,
    1_000,
    30 * dayMs,
    'A Postgres connection that is silent for so long is closed.',
  ),
})

const secret = z.string().min(1).optional()
const forwardTables = ['inference.**=ai.inferences', '**=logs.entries']

const forward = z.strictObject({
  forwardSharedKey: note(secret, {
    unit: 'secret',
    meaning: 'Shared key of Fluent Forward. Without one the port takes senders of this machine only.',
    allowed: 'a text',
    default: '',
  }),
  forwardUsers: note(listOf(z.string().regex(/^[a-z][a-z0-9_]{0,62}:.+$/), []), {
    unit: 'secret',
    meaning:
      'Users of Fluent Forward as `name:password`; needs a shared key. The name becomes the source. Not set = no user is asked for.',
    allowed: 'name:password, the name in lower-case letters, digits and _; in the environment separated by commas',
    default: '',
  }),
  forwardTables: note(listOf(z.string().regex(/^[^=\s]+=(?:ai\.inferences|logs\.entries)$/), forwardTables), {
    unit: 'list',
    meaning:
      'Tag pattern = table, the first that fits decides. `*` is one part of a tag, `**` any number of them. What fits none goes to logs.entries.',
    allowed: 'pattern=ai.inferences or pattern=logs.entries, separated by commas',
    default: forwardTables.join(','),
  }),
  forwardConnectionsMax: whole(
    'connections',
    2_000,
    1,
    1_000_000,
    'Open connections of Fluent Forward. Further ones are closed at once.',
  ),
  chunkBytesMax: size(
    64 * MiB,
    64 * KiB,
    192 * MiB,
    'One Forward message, and its entries after decompression. A larger one closes the connection without an ack.',
  ),
  chunksBytesMax: size(
    192 * MiB,
    MiB,
    64 * GiB,
    'Forward messages in memory, all connections together. Beyond it senders wait.',
  ),
})

const media = z.strictObject({
  mediaKey: note(
    z
      .string()
      .refine((text) => Buffer.from(text, 'base64').length === 32)
      .optional(),
    {
      unit: 'secret',
      meaning: "Key that wraps every media object's own key. Not set = made from the installation's secret.",
      allowed: '32 bytes in base64 (openssl rand -base64 32)',
      default: '',
    },
  ),
  assetBytesMax: size(2 * GiB, KiB, 1024 * GiB, 'One media file. A larger one is answered 413.'),
  assetsReceivingMax: whole(
    'uploads',
    32,
    1,
    10_000,
    'Media files being received at one time. Beyond it senders get 503 with Retry-After.',
  ),
})

const archive = z.strictObject({
  archiveRetentionDays: whole('days', 0, 0, 36_500, 'Archived segments older than this are removed. 0 = never.'),
  archiveBytesMax: size(
    0,
    0,
    1024 * 1024 * GiB,
    'The oldest archived segments are removed beyond this size. 0 = no bound.',
  ),
})

const retention = z.strictObject({
  retentionDays: note(listOf(z.string().regex(/^[a-z][a-z0-9_]{0,62}=[1-9]\d{0,4}$/), []), {
    unit: 'list',
    meaning:
      'dataset=days: older rows are removed at night, in whole days. A dataset that is not named keeps its rows.',
    allowed: 'dataset=days, such as logs=90, separated by commas',
    default: '',
  }),
  historyDays: whole(
    'days',
    180,
    0,
    36_500,
    'Jobs in `millpond.jobs` older than this are removed at night. 0 = never.',
  ),
  deliveriesDays: whole('days', 90, 0, 36_500, 'Older entries of `millpond.deliveries` become sums. 0 = never.'),
  nightlyHour: whole(
    'hour',
    3,
    0,
    23,
    'Hour of the day (UTC) at which old rows are removed and closed days rewritten in order.',
  ),
})

const data = z.string().min(1).prefault('./millpond-data')
const host = z
  .string()
  .regex(/^[a-zA-Z0-9.:_-]+$/)
  .prefault('127.0.0.1')
const portOrOff = z
  .union([
    z.literal('off').transform(() => undefined),
    z.number(),
    z
      .string()
      .regex(/^\d{1,5}$/)
      .transform(Number),
  ])
  .pipe(z.number().int().min(0).max(65_535).optional())
const forwardPort = portOrOff.prefault(24_224)
const postgresPort = portOrOff.prefault(5433)
const publicUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !/[?#]/.test(text))
  .transform((text) => text.replace(/\/+$/, ''))
  .optional()
const certificate = z.string().min(1).optional()
const key = z.string().min(1).optional()
const trustedProxies = listOf(
  z.string().refine((part) => ipaddr.isValid(part) || ipaddr.isValidCIDR(part)),
  [],
)
const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
const logLevel = z.enum(logLevels).prefault('info')

export const settingsSchema = z.strictObject({
  data: note(data, {
    unit: 'path',
    meaning:
      'Folder that holds everything Millpond keeps. Relative to the working folder, or to the settings file that names it.',
    allowed: 'the path of a folder',
    default: './millpond-data',
  }),
  host: note(host, {
    unit: 'address',
    meaning: 'Address to listen on. `0.0.0.0` = reachable from other machines.',
    allowed: 'a host name or an IP address',
    default: '127.0.0.1',
  }),
  httpPort: whole('port', 8080, 0, 65_535, 'Port for SDKs, the portal and the API. 0 = any free one.'),
  forwardPort: note(forwardPort, {
    unit: 'port',
    meaning: 'Port of Fluent Forward. 0 = any free one, `off` = none.',
    allowed: 'a whole number from 0 to 65535, or off',
    default: '24224',
  }),
  postgresPort: note(postgresPort, {
    unit: 'port',
    meaning: 'Port of the Postgres protocol, for BI tools. 0 = any free one, `off` = none.',
    allowed: 'a whole number from 0 to 65535, or off',
    default: '5433',
  }),
  publicUrl: note(publicUrl, {
    unit: 'URL',
    meaning: 'Address under which senders reach Millpond. Not set = http://host:port.',
    allowed: 'an http:// or https:// address without query or fragment',
    default: '',
  }),
  tlsCert: note(certificate, {
    unit: 'path',
    meaning: 'Certificate chain (PEM). Read again when it changes.',
    allowed: 'the path of a PEM file',
    default: '',
  }),
  tlsKey: note(key, {
    unit: 'path',
    meaning: 'Private key (PEM) that belongs to the certificate.',
    allowed: 'the path of a PEM file',
    default: '',
  }),
  trustedProxies: note(trustedProxies, {
    unit: 'list',
    meaning: 'Addresses or CIDR ranges whose X-Forwarded-For is believed. In the environment separated by commas.',
    allowed: 'IP addresses or CIDR ranges, such as 10.0.0.0/8',
    default: '',
  }),
  logLevel: note(logLevel, {
    unit: 'level',
    meaning: 'Least important log line that is written.',
    allowed: `one of ${logLevels.join(', ')}`,
    default: 'info',
  }),
  collect: collect.prefault({}),
  forward: forward.prefault({}),
  media: media.prefault({}),
  buffer: buffer.prefault({}),
  screen: screen.prefault({}),
  warehouse: warehouse.prefault({}),
  archive: archive.prefault({}),
  retention: retention.prefault({}),
  query: query.prefault({}),
  login: login.prefault({}),
})
