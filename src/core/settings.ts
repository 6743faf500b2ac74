// The shape of every setting, with its unit in the name. Stands here, below everything, so that parts can take settings
// as arguments; config/ reads, checks and documents them (docs/settings.md is compared with it by a test).

export interface Settings {
  /** Absolute path of the data folder. */
  readonly data: string
  readonly host: string
  /** 0 = any free port. */
  readonly httpPort: number
  /** Address under which senders reach us, without a trailing slash; undefined = http://host:port. */
  readonly publicUrl: string | undefined
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  /** CIDR ranges or addresses whose X-Forwarded-For is believed. */
  readonly trustedProxies: readonly string[]
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Port of Fluent Forward. 0 = any free port; undefined = not opened. */
  readonly forwardPort?: number | undefined
  /** Port of the Postgres wire protocol. 0 = any free port; undefined = not opened. */
  readonly postgresPort?: number | undefined
  readonly collect: CollectSettings
  readonly forward: ForwardSettings
  readonly media: MediaSettings
  readonly buffer: BufferSettings
  readonly screen: ScreenSettings
  readonly warehouse: WarehouseSettings
  readonly archive: ArchiveSettings
  readonly retention: RetentionSettings
  readonly query: QuerySettings
  readonly login: LoginSettings
}

/** How people sign in (docs/guide/access.md). */
export interface LoginSettings {
  readonly googleClientId?: string | undefined
  readonly googleClientSecret?: string | undefined
  readonly githubClientId?: string | undefined
  readonly githubClientSecret?: string | undefined
  /** At once, and as many again in a quarter of an hour. Beyond it 429 with Retry-After. */
  readonly loginTriesPerAddressMax: number
  readonly loginTriesPerAccountMax: number
}

export interface CollectSettings {
  /** A request's body after decompression. Larger: 400. */
  readonly bodyBytesMax: number
  /** Bodies being read at one time, together; beyond it 503 with Retry-After. */
  readonly bodiesBytesMax: number
  readonly connectionsMax: number
  /** A body must be complete this long after its headers. */
  readonly bodyTimeoutMs: number
  /** Per write key and client address. Beyond it 429 with Retry-After. */
  readonly requestsPerSecondMax: number
  /** Devices whose clock offset is remembered. */
  readonly deviceClocksMax: number
}

/** Fluent Forward (docs/specs/forward.md). */
export interface ForwardSettings {
  /** Undefined: senders need none, and the port listens on loopback only. */
  readonly forwardSharedKey?: string | undefined
  /** `name:password`; empty = senders need none. The name becomes the source of what its senders say. */
  readonly forwardUsers: readonly string[]
  /** Rules `tag pattern=dataset.table`; the first that fits decides. */
  readonly forwardTables: readonly string[]
  readonly forwardConnectionsMax: number
  /** One message, and one chunk's entries after decompression. Larger: the connection is closed without an ack. */
  readonly chunkBytesMax: number
  /** Messages in memory, all connections together; beyond it connections are not read from. */
  readonly chunksBytesMax: number
}

/** The media door, `PUT /v1/assets`. */
export interface MediaSettings {
  /** 32 bytes in base64 that wrap every object's own key. Undefined: made from the installation's secret. */
  readonly mediaKey?: string | undefined
  readonly assetBytesMax: number
  /** Assets being received at one time; beyond it 503 with Retry-After. */
  readonly assetsReceivingMax: number
}

export interface ArchiveSettings {
  /** Archived segments older than this are removed. 0 = never. */
  readonly archiveRetentionDays: number
  /** The oldest archived segments are removed beyond it. 0 = no bound. */
  readonly archiveBytesMax: number
}

export interface RetentionSettings {
  /** `dataset=days`: rows of whole days before are removed. A dataset that isn't named keeps its rows for ever. */
  readonly retentionDays: readonly string[]
  /** Jobs in `millpond.jobs` of whole days before are removed. 0 = never. */
  readonly historyDays: number
  /** Entries in `millpond.deliveries` of whole days before become sums. 0 = never. */
  readonly deliveriesDays: number
  /** Hour of the day, UTC, at which expiry and compaction run. */
  readonly nightlyHour: number
}

export interface BufferSettings {
  readonly cutIntervalMs: number
  readonly segmentBytesMax: number
  readonly segmentAgeMsMax: number
  /** Bytes of one stream that wait on disk; beyond it appends are refused with `buffer-full`. */
  readonly streamBytesMax: number
  /** Appends are refused with `disk-full` when less than this is free. */
  readonly diskFreeBytesMin: number
  /** Size of the file that is given up to make room for recovery on a full disk. 0 = none. */
  readonly ballastBytes: number
}

export interface ScreenSettings {
  readonly dedupeWindowHours: number
  readonly dedupeIdsMax: number
  /** One event's JSON. Larger: quarantined `event_too_large`. */
  readonly eventBytesMax: number
  /** Events of one request; the rest is quarantined `batch_too_long`. */
  readonly batchEventsMax: number
  /** Keys of one event, nested ones counted. More: quarantined `too_many_keys`. */
  readonly eventKeysMax: number
  /** Nesting of one event. Deeper: quarantined `too_deep`. */
  readonly eventDepthMax: number
}

export interface WarehouseSettings {
  readonly tablesPerSourceMax: number
  readonly columnsPerTableMax: number
  /** A source with fewer event tables is young: every new name counts at once. */
  readonly youngSourceTablesMax: number
  /** For grown sources: a new name or type from a client key counts after this many events … */
  readonly newNameEventsMin: number
  /** … from this many anonymous ids. */
  readonly newNameAnonymousIdsMin: number
  /** Events in one load transaction. */
  readonly loadEventsMax: number
  readonly loadIntervalMsMin: number
  readonly checkpointEventsMax: number
  readonly checkpointAgeMsMax: number
  readonly memoryBytesMax: number
  readonly threads: number
}

export interface QuerySettings {
  readonly queriesRunningMax: number
  readonly queriesWaitingMax: number
  /** Of the running ones: how many the engine works on at one time; the others wait for their next rows. */
  readonly queriesComputingMax: number
  readonly queryTimeoutMs: number
  /** Of what is kept: rows of one job that are read by page, of a script's answer, of a session's temporary table. */
  readonly resultRowsMax: number
  /** Kept rows of one job (BigQuery API), and of one cached result. */
  readonly resultBytesMax: number
  /** Kept rows of all jobs together; the oldest go first. */
  readonly resultsBytesMax: number
  /** Parquet exports on disk, all together, until they have been fetched. */
  readonly exportsBytesMax: number
  /** Kept rows and finished jobs are known this long. */
  readonly resultAgeMsMax: number
  /** Logical bytes that one query may read, by BigQuery's size rules. 0 = no bound. */
  readonly queryBytesMax: number
  /** Logical bytes that one person may read a day (UTC). 0 = no bound. */
  readonly personBytesPerDayMax: number
  /** Rows that JavaScript functions of one query may be called for. */
  readonly jsUdfRowsMax: number
  /** Time that JavaScript functions of one query may take together. */
  readonly jsUdfTimeMsMax: number
  /** Name of the project in `project.dataset.table` and the BigQuery API. */
  readonly project: string
  /** Connections of the Postgres port, together and of one person. */
  readonly postgresConnectionsMax: number
  readonly postgresConnectionsPerPersonMax: number
  /** A Postgres connection that says nothing for so long is closed. */
  readonly postgresIdleMsMax: number
}
