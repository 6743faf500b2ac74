// Names, system tables and type rules that deliver/ (which decides) and the drivers (which obey) share.
// What the tables mean to a reader: docs/guide/warehouse-schema.md.
import type { ColumnSpec, ColumnType } from './driver.ts'

/** The platform about itself, in SQL. Made by the driver when it opens; no source may have this name. */
export const systemDataset = 'millpond'

/** Bytes of one slot of a packed column's `values`; 0 for columns that live in a heap. */
export const slotBytes: Record<ColumnType, number> = {
  boolean: 1,
  integer: 8,
  float: 8,
  timestamp: 8,
  text: 0,
  json: 0,
}

function column(name: string, type: ColumnType): ColumnSpec {
  return { name, type }
}

/**
 * The tables of `millpond`. The driver creates them, and writes loads, positions and source_counts itself inside the
 * load's transaction; dead_letters, schema_changes and event_names come as ordinary row blocks of the plan.
 */
export const systemTables = {
  /** One row a load and stream. */
  loads: [
    column('load_id', 'integer'),
    column('stream', 'text'),
    /** Behind this sequence the load began. */
    column('sequence_first', 'integer'),
    column('sequence_last', 'integer'),
    column('events', 'integer'),
    column('rows', 'integer'),
    column('started_at', 'timestamp'),
    column('committed_at', 'timestamp'),
    column('took_ms', 'float'),
  ],
  /** How far each stream has been loaded; one row a stream. */
  positions: [column('stream', 'text'), column('sequence', 'integer')],
  /** The ledger: received = stored + flagged + duplicates + quarantined. One row a source, stream and hour. */
  source_counts: [
    column('source', 'text'),
    column('stream', 'text'),
    column('hour', 'timestamp'),
    column('received', 'integer'),
    column('stored', 'integer'),
    column('flagged', 'integer'),
    column('duplicates', 'integer'),
    column('quarantined', 'integer'),
  ],
  /** What was kept out of its table, with its exact bytes. */
  dead_letters: [
    /** `<stream>-<sequence>-<index>`; `<stream>-<sequence>` when the letter is a whole request. */
    column('id', 'text'),
    column('source', 'text'),
    column('reason', 'text'),
    column('received_at', 'timestamp'),
    /** Events that this letter stands for. */
    column('events', 'integer'),
    column('raw', 'text'),
    /** What a replay needs beyond `raw`: LetterMeta of deliver/screen/dead-letter.ts. */
    column('meta', 'json'),
    column('replay_of', 'text'),
    column('replayed_at', 'timestamp'),
  ],
  /** What stored events have against them by their source's tracking plan; one row a problem. */
  plan_violations: [
    column('received_at', 'timestamp'),
    column('source', 'text'),
    column('plan', 'integer'),
    column('event', 'text'),
    column('message_id', 'text'),
    column('problem', 'text'),
  ],
  /** Every decision about a fed table's shape. */
  schema_changes: [
    column('changed_at', 'timestamp'),
    column('dataset', 'text'),
    column('table_name', 'text'),
    column('column_name', 'text'),
    /** SchemaDecision below. */
    column('change', 'text'),
    column('detail', 'text'),
  ],
  /** Whose rows were erased; a rebuild leaves them out again. */
  erasures: [
    column('erased_at', 'timestamp'),
    /** NULL = in every dataset. */
    column('dataset', 'text'),
    /** SHA-256 of `user:<id>` or `anonymous:<id>`, hexadecimal. */
    column('person', 'text'),
    /** Rows received up to here went; later ones are new. */
    column('received_until', 'timestamp'),
    column('rows', 'integer'),
  ],
  /** Which event names live in which table. */
  event_names: [
    column('source', 'text'),
    column('table_name', 'text'),
    column('name', 'text'),
    column('first_seen_at', 'timestamp'),
  ],
} as const satisfies Record<string, readonly ColumnSpec[]>

export type SystemTable = keyof typeof systemTables

/** Values of millpond.schema_changes.change. */
export type SchemaDecision =
  | 'create-table'
  | 'add-column'
  /** integer became float; every value stayed exact. */
  | 'widen-column'
  /** A person chose the type; `detail` names it. */
  | 'retype-column'
  /** An integer beyond 2^53 came: this column can never become float by itself. */
  | 'keep-integer'
  /** A property had the name of a column of ours: it lives in `prop_<name>`. */
  | 'rename-property'
  | 'table-budget-reached'
  | 'column-budget-reached'

/** What didn't fit its column: a JSON object, column name -> exact value. */
export const overflowColumn = '_overflow'

/** Columns of every table fed by a source's calls, before its own and its context_* columns. */
export const commonColumns: readonly ColumnSpec[] = [
  column('id', 'text'),
  column('received_at', 'timestamp'),
  column('sent_at', 'timestamp'),
  column('timestamp', 'timestamp'),
  column('original_timestamp', 'timestamp'),
  column('loaded_at', 'timestamp'),
  column('time_method', 'text'),
  column('anonymous_id', 'text'),
  column('user_id', 'text'),
]

const overflow = column(overflowColumn, 'json')

/** Columns that the table of a call has from its beginning, beyond commonColumns. */
export const callColumns = {
  track: [column('event', 'text'), column('event_text', 'text'), column('properties', 'json'), overflow],
  page: [column('name', 'text'), column('category', 'text'), column('properties', 'json'), overflow],
  screen: [column('name', 'text'), column('category', 'text'), column('properties', 'json'), overflow],
  identify: [column('traits', 'json'), overflow],
  group: [column('group_id', 'text'), column('traits', 'json'), overflow],
  alias: [column('previous_id', 'text'), overflow],
} as const satisfies Record<string, readonly ColumnSpec[]>

/** Table of a call; track events have one table a name. */
export const callTables = {
  page: 'pages',
  screen: 'screens',
  identify: 'identifies',
  group: 'groups',
  alias: 'aliases',
} as const

/**
 * One row a user, merged by the driver from LoadPlan.users. The plan creates it with these columns and adds one column a
 * trait; where the driver keeps the traits' times is the driver's own affair (not a column of this table's spec).
 */
export const usersTable = 'users'
export const usersColumns: readonly ColumnSpec[] = [column('id', 'text'), column('received_at', 'timestamp')]

/** The view over all event tables of a source, defined by the plan (define-union). */
export const tracksView = 'tracks'
/** Events without a table of their own: beyond the budget, or of names that don't count yet. A member of `tracks`. */
export const otherEventsTable = 'tracks_other'

/** Tables that an event's name must not take; such an event lives in `event_<name>`. */
export const fixedTables: ReadonlySet<string> = new Set([
  tracksView,
  otherEventsTable,
  usersTable,
  'accounts',
  ...Object.values(callTables),
])

/** Largest integer that a float column keeps exactly. */
export const exactFloatMax = Number.MAX_SAFE_INTEGER + 1

export const integerMin = -(2n ** 63n)
export const integerMax = 2n ** 63n - 1n

/** Longest table or column name, in UTF-16 units; longer ones are cut and carry a hash. */
export const nameLengthMax = 127
