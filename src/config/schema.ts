// Every setting: its type, default, bounds, unit and meaning, in one strict schema. The environment name follows from
// the last part of the name (collect.bodyBytesMax -> MILLPOND_BODY_BYTES_MAX). docs/settings.md is printed from this.
import ipaddr from 'ipaddr.js'
import { z } from 'zod'

export const KiB = 1024
export const MiB = 1024 * KiB
export const GiB = 1024 * MiB

/** What people read of a setting; kept beside its schema in zod's registry. */
export interface SettingNote {
  readonly unit: string
  readonly meaning: string
  /** Ends the sentence "… must be". */
  readonly allowed: string
  /** As written in the docs, e.g. `10MiB`; empty = not set. */
  readonly default: string
}

export const settingNotes = z.registry<SettingNote>()

function note<T extends z.ZodType>(schema: T, about: SettingNote): T {
  settingNotes.add(schema, about)
  return schema
}

/** Bytes as a number, or a text such as `512KiB`, `8 MiB`, `1GB`. Undefined: not a size. */
export function parseBytes(value: string | number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined
  const match = /^(\d+(?:\.\d+)?)\s*(B|KiB|MiB|GiB|TiB|KB|MB|GB|TB)?$/i.exec(value.trim())
  if (match?.[1] === undefined) return undefined
  const factor = sizeFactors[(match[2] ?? 'b').toLowerCase()]
  const bytes = factor === undefined ? Number.NaN : Number(match[1]) * factor
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

const sizeFactors: Readonly<Record<string, number>> = {
  b: 1,
  kib: KiB,
  mib: MiB,
  gib: GiB,
  tib: 1024 * GiB,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
}

/** The shortest exact way to write a size: 10MiB, 1536KiB, 100. */
export function formatBytes(bytes: number): string {
  for (const [unit, factor] of [
    ['GiB', GiB],
    ['MiB', MiB],
    ['KiB', KiB],
  ] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`
  }
  return String(bytes)
}

function size(defaultBytes: number, min: number, max: number, meaning: string) {
  const schema = z
    .union([z.string(), z.number()])
    .transform((value, context) => {
      const bytes = parseBytes(value)
      if (bytes !== undefined && bytes >= min && bytes <= max) return bytes
      context.issues.push({ code: 'custom', message: 'not a size', input: value })
      return z.NEVER
    })
    .prefault(defaultBytes)
  return note(schema, {
    unit: 'bytes',
    meaning,
    allowed: `a size from ${formatBytes(min)} to ${formatBytes(max)}, in bytes or as 512KiB, 8MiB, 1GiB`,
    default: formatBytes(defaultBytes),
  })
}

function whole(unit: string, defaultValue: number, min: number, max: number, meaning: string) {
  const schema = z
    .union([
      z.number(),
      z
        .string()
        .regex(/^\d{1,15}$/)
        .transform(Number),
    ])
    .pipe(z.number().int().min(min).max(max))
    .prefault(defaultValue)
  return note(schema, {
    unit,
    meaning,
    allowed: `a whole number from ${min} to ${max} (${unit})`,
    default: String(defaultValue),
  })
}

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
    1_000_000,
    1,
    1_000_000_000,
    'Rows of one result. Larger ones are stopped with `query-limit`.',
  ),
})

const data = z.string().min(1).prefault('./millpond-data')
const host = z
  .string()
  .regex(/^[a-zA-Z0-9.:_-]+$/)
  .prefault('127.0.0.1')
const publicUrl = z
  .url({ protocol: /^https?$/ })
  .refine((text) => !/[?#]/.test(text))
  .transform((text) => text.replace(/\/+$/, ''))
  .optional()
const certificate = z.string().min(1).optional()
const key = z.string().min(1).optional()
const trustedProxies = z
  .union([z.array(z.string()), z.string().transform((text) => text.split(','))])
  .transform((parts) => parts.map((part) => part.trim()).filter((part) => part !== ''))
  .pipe(z.array(z.string().refine((part) => ipaddr.isValid(part) || ipaddr.isValidCIDR(part))))
  .prefault([])
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
  buffer: buffer.prefault({}),
  screen: screen.prefault({}),
  warehouse: warehouse.prefault({}),
  query: query.prefault({}),
})
