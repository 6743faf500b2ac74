// Which table an event goes to, which column a path leads to, and when a new one is made. All decisions about the shape
// of fed tables fall here; each becomes a SchemaChange of the plan and a row of millpond.schema_changes.
// Rules in words: docs/guide/warehouse-schema.md.
import type { SourcePlatform } from '../../control/control.ts'
import type { EventType } from '../../core/event.ts'
import type { Catalog, ColumnSpec, ColumnType, SchemaChange, TableName } from '../../warehouse/driver.ts'
import {
  callColumns,
  callTables,
  commonColumns,
  fixedTables,
  otherEventsTable,
  type SchemaDecision,
  systemDataset,
  tracksView,
  usersColumns,
  usersTable,
} from '../../warehouse/schema.ts'
import { isRowTable, rowTables } from '../../warehouse/row-tables.ts'
import type { PathNode } from '../screen/walk.ts'
import type { ErasedPerson } from '../maintenance/suppression.ts'
import { columnNameOf, tableNameOf } from './names.ts'
import { type PendingLimits, PendingNames } from './pending-names.ts'
import { FedTable, proposedType, type Slot, TableColumn } from './tables.ts'

export interface SchemaLimits extends PendingLimits {
  readonly tablesPerSourceMax: number
  readonly columnsPerTableMax: number
  readonly youngSourceTablesMax: number
}

/** A row of millpond.schema_changes in the making. */
export interface Decision {
  readonly dataset: string
  readonly table: string
  readonly column: string | null
  readonly change: SchemaDecision
  readonly detail: string | null
}

/** A row of millpond.event_names in the making. */
export interface EventName {
  readonly source: string
  readonly table: string
  readonly name: string
}

/** What the warehouse holds when a worker starts. */
export interface SchemaStart {
  readonly catalog: Catalog
  /** Integer columns that must stay so, from schema_changes: dataset, table, column. */
  readonly keptIntegers: readonly (readonly [string, string, string])[]
  /** Columns whose type a person chose, from schema_changes: dataset, table, column. */
  readonly retypedColumns: readonly (readonly [string, string, string])[]
  readonly eventNames: readonly EventName[]
  readonly erased: readonly ErasedPerson[]
}

/** Spellings of one table's name that are noted; a flood of spellings ends here. */
const namesPerTableMax = 50
/** A longer one is no name but a text; `event_text` of its rows has it. */
const spellingLengthMax = 1000
const eventsCachedMax = 10_000

/** Tables of one source. */
class SourceSchema {
  readonly tables = new Map<string, FedTable>()
  /** By event name as sent; forgotten as a whole when it gets too large. */
  readonly tableByEvent = new Map<string, FedTable>()
  /** A context column has one type in the whole source, or `tracks` couldn't show it. */
  readonly contextTypes = new Map<string, ColumnType>()
  readonly spellings = new Map<string, Set<string>>()
  eventTables = 0
  unionIsStale = false
  budgetNoted = false

  addTable(table: FedTable): void {
    const { table: name } = table.name
    this.tables.set(name, table)
    if (!fixedTables.has(name)) this.eventTables += 1
    for (const column of table.columns.values()) this.noteContext(column)
  }

  noteContext(column: TableColumn): void {
    if (!column.name.startsWith('context_')) return
    if (column.type === 'float' || !this.contextTypes.has(column.name)) this.contextTypes.set(column.name, column.type)
  }
}

/** Datasets of fixed tables: nothing in them is an event's. */
const rowDatasets: ReadonlySet<string> = new Set(Object.values(rowTables).map(({ table }) => table.dataset))

function isMember(table: string): boolean {
  return !fixedTables.has(table) || table === otherEventsTable
}

export class WarehouseSchema {
  readonly #limits: SchemaLimits
  readonly #platformOf: (source: string) => SourcePlatform
  readonly #sources = new Map<string, SourceSchema>()
  /** Tables whose column budget is spent, and noted. */
  readonly #fullTables = new Set<FedTable>()
  readonly #pending: PendingNames
  #changes: SchemaChange[] = []
  #decisions: Decision[] = []
  #eventNames: EventName[] = []
  /** Tables made for the plan at hand: their columns go into the create, not into changes of their own. */
  #created = new Set<FedTable>()

  constructor(limits: SchemaLimits, platformOf: (source: string) => SourcePlatform, start: SchemaStart) {
    this.#limits = limits
    this.#platformOf = platformOf
    this.#pending = new PendingNames(limits)
    for (const [dataset, tables] of start.catalog) {
      for (const [table, columns] of tables) {
        // The system's own tables are the driver's; but our jobs come the way of every row.
        if (dataset === systemDataset && !isRowTable(`${dataset}.${table}`)) continue
        this.#source(dataset).addTable(new FedTable({ dataset, table }, columns))
      }
    }
    for (const [dataset, table, column] of start.keptIntegers) {
      const known = this.#sources.get(dataset)?.tables.get(table)?.columns.get(column)
      if (known !== undefined) known.keepsInteger = true
    }
    for (const [dataset, table, column] of start.retypedColumns) {
      const known = this.#sources.get(dataset)?.tables.get(table)?.columns.get(column)
      if (known === undefined) continue
      known.isRetyped = true
      // A chosen integer stays one: a fraction goes to `_overflow`.
      known.keepsInteger = true
    }
    for (const { source, table, name } of start.eventNames) this.#spellings(this.#source(source), table).add(name)
  }

  /** Every table that may hold rows. */
  *tables(): Generator<FedTable> {
    for (const source of this.#sources.values()) yield* source.tables.values()
  }

  get pendingNames(): number {
    return this.#pending.size
  }

  /** Table of an event; `name` is used by track only. */
  tableOf(source: string, type: EventType, name: string, anonymousId: string): FedTable {
    const schema = this.#source(source)
    if (type !== 'track') return this.#fixedTable(schema, source, type)
    return schema.tableByEvent.get(name) ?? this.#findEventTable(schema, source, name, anonymousId)
  }

  /** A fixed table; what an older version made without a column gets it now. */
  rowTable(name: TableName, columns: readonly ColumnSpec[]): FedTable {
    const schema = this.#source(name.dataset)
    const known = schema.tables.get(name.table)
    if (known === undefined) return this.#createTable(schema, name.dataset, name.table, columns, false)
    for (const column of columns) if (!known.columns.has(column.name)) this.#addColumn(schema, known, column)
    return known
  }

  #source(source: string): SourceSchema {
    const known = this.#sources.get(source)
    if (known !== undefined) return known
    const schema = new SourceSchema()
    this.#sources.set(source, schema)
    return schema
  }

  #fixedTable(schema: SourceSchema, source: string, type: Exclude<EventType, 'track'>): FedTable {
    const name = callTables[type]
    const known = schema.tables.get(name)
    if (known !== undefined) return known
    const table = this.#createTable(schema, source, name, [...commonColumns, ...callColumns[type]])
    if (type === 'identify' && !schema.tables.has(usersTable))
      this.#createTable(schema, source, usersTable, usersColumns)
    return table
  }

  #findEventTable(schema: SourceSchema, source: string, name: string, anonymousId: string): FedTable {
    const tableName = tableNameOf(name)
    const table = schema.tables.get(tableName) ?? this.#newEventTable(schema, source, tableName, anonymousId)
    if (table === undefined) return this.#otherTable(schema, source)
    if (name.length > spellingLengthMax) return table
    if (schema.tableByEvent.size >= eventsCachedMax) schema.tableByEvent.clear()
    schema.tableByEvent.set(name, table)
    this.#noteSpelling(schema, source, tableName, name)
    return table
  }

  /** Undefined: the name doesn't count yet, or there are enough tables. */
  #newEventTable(schema: SourceSchema, source: string, name: string, anonymousId: string): FedTable | undefined {
    if (schema.eventTables >= this.#limits.tablesPerSourceMax) {
      if (!schema.budgetNoted) {
        schema.budgetNoted = true
        this.#decide(source, otherEventsTable, null, 'table-budget-reached', `${schema.eventTables} event tables`)
      }
      return undefined
    }
    if (!this.#counts(schema, source, name, anonymousId)) return undefined
    return this.#createTable(schema, source, name, [...commonColumns, ...callColumns.track])
  }

  #otherTable(schema: SourceSchema, source: string): FedTable {
    const columns = [...commonColumns, ...callColumns.track]
    return schema.tables.get(otherEventsTable) ?? this.#createTable(schema, source, otherEventsTable, columns)
  }

  /** A young source's names count at once, and so do those of a server, whose key is not public. */
  #counts(schema: SourceSchema, source: string, name: string, anonymousId: string): boolean {
    if (schema.eventTables < this.#limits.youngSourceTablesMax || this.#platformOf(source) === 'server') return true
    return this.#pending.count(`${source}\n${name}`, anonymousId)
  }

  #createTable(
    schema: SourceSchema,
    source: string,
    name: string,
    columns: readonly ColumnSpec[],
    inUnion = isMember(name),
  ): FedTable {
    const table = new FedTable({ dataset: source, table: name }, columns)
    schema.addTable(table)
    if (inUnion) schema.unionIsStale = true
    this.#created.add(table)
    this.#decide(source, name, null, 'create-table', null)
    return table
  }

  #spellings(schema: SourceSchema, table: string): Set<string> {
    const known = schema.spellings.get(table) ?? new Set<string>()
    schema.spellings.set(table, known)
    return known
  }

  #noteSpelling(schema: SourceSchema, source: string, table: string, name: string): void {
    const known = this.#spellings(schema, table)
    if (known.has(name) || known.size >= namesPerTableMax) return
    known.add(name)
    this.#eventNames.push({ source, table, name })
  }

  /** Column for the values of a path; `undefined`: for this value there is none (yet), it overflows under `name`. */
  slotFor(
    table: FedTable,
    node: PathNode,
    value: unknown,
    anonymousId: string,
  ): { slot: Slot | undefined; name: string } {
    const path = pathOf(node)
    const isContext = node.zone === 'context'
    const plainName = columnNameOf(isContext ? path : path.slice(1))
    const name = isContext || !this.#isReserved(table, plainName) ? plainName : `prop_${plainName}`
    const twin = twinOf(table, plainName, name)
    if (twin !== undefined) return { slot: { kind: 'twin', column: twin, otherwise: name }, name }
    return { slot: this.#slotNamed(table, name, isContext, plainName, value, anonymousId), name }
  }

  #slotNamed(
    table: FedTable,
    name: string,
    isContext: boolean,
    plainName: string,
    value: unknown,
    anonymousId: string,
  ): Slot | undefined {
    const known = table.columns.get(name)
    if (known !== undefined) return { kind: 'column', column: known }
    const { dataset, table: tableName } = table.name
    const schema = this.#source(dataset)
    const type = (isContext ? schema.contextTypes.get(name) : undefined) ?? proposedType(value)
    if (type === undefined) return undefined
    if (table.columns.size >= this.#limits.columnsPerTableMax) {
      this.#noteFullTable(table, name)
      return { kind: 'no-column', name, toOverflow: isContext }
    }
    if (!this.#counts(schema, dataset, `${tableName}\n${name}`, anonymousId)) return undefined
    if (name !== plainName) this.#decide(dataset, tableName, name, 'rename-property', plainName)
    return { kind: 'column', column: this.#addColumn(schema, table, { name, type }) }
  }

  /** Once a table: random keys from a public write key must not write a row each. */
  #noteFullTable(table: FedTable, name: string): void {
    if (this.#fullTables.has(table)) return
    this.#fullTables.add(table)
    const { dataset, table: tableName } = table.name
    this.#decide(dataset, tableName, name, 'column-budget-reached', `${table.columns.size} columns`)
  }

  /** A context column that no path of the event leads to. */
  contextColumn(table: FedTable, name: string, value: unknown, anonymousId: string): Slot | undefined {
    return this.#slotNamed(table, name, true, name, value, anonymousId)
  }

  /** The column of a renamed or pending path, for a value of its own. */
  columnNamed(table: FedTable, name: string, plainName: string, value: unknown, anonymousId: string): Slot | undefined {
    return this.#slotNamed(table, name, false, plainName, value, anonymousId)
  }

  #addColumn(schema: SourceSchema, table: FedTable, spec: ColumnSpec): TableColumn {
    const column = new TableColumn(spec)
    const { dataset, table: tableName } = table.name
    table.add(column)
    if (!this.#created.has(table)) this.#changes.push({ kind: 'add-column', table: table.name, column: spec })
    this.#decide(dataset, tableName, spec.name, 'add-column', spec.type)
    if (spec.name.startsWith('context_')) {
      schema.noteContext(column)
      if (isMember(tableName)) schema.unionIsStale = true
    } else if (tableName === callTables.identify) {
      // A user's traits have the types of the identifies that they come from.
      const users = schema.tables.get(usersTable)
      if (users !== undefined && !users.columns.has(spec.name)) this.#addColumn(schema, users, spec)
    }
    return column
  }

  /** A fraction came for an integer column. True: the column is float now. */
  widen(table: FedTable, column: TableColumn, anonymousId: string): boolean {
    const { dataset, table: tableName } = table.name
    const schema = this.#source(dataset)
    if (column.keepsInteger || !this.#counts(schema, dataset, `${tableName}\n${column.name}\nfloat`, anonymousId))
      return false
    const users = tableName === callTables.identify ? schema.tables.get(usersTable) : undefined
    const twin = users?.columns.get(column.name)
    this.#widenOne(schema, table, column)
    if (users !== undefined && twin?.type === 'integer') this.#widenOne(schema, users, twin)
    return true
  }

  #widenOne(schema: SourceSchema, table: FedTable, column: TableColumn): void {
    column.builder.widen()
    if (!this.#created.has(table)) {
      // A column added for this same plan is widened by a change of its own, in order.
      this.#changes.push({ kind: 'widen-column', table: table.name, column: column.name })
    }
    this.#decide(table.name.dataset, table.name.table, column.name, 'widen-column', 'float')
    schema.noteContext(column)
    if (column.name.startsWith('context_') && isMember(table.name.table)) schema.unionIsStale = true
  }

  /** An integer beyond 2^53 came: noted once, for ever. */
  keepInteger(table: FedTable, column: TableColumn): void {
    column.keepsInteger = true
    this.#decide(table.name.dataset, table.name.table, column.name, 'keep-integer', null)
  }

  #isReserved(table: FedTable, name: string): boolean {
    return name.startsWith('context_') || reservedColumns(table.name.table).has(name)
  }

  #decide(dataset: string, table: string, column: string | null, change: SchemaDecision, detail: string | null): void {
    this.#decisions.push({ dataset, table, column, change, detail })
  }

  /** The views over event tables as they must be now: for a warehouse that has the tables only. */
  unions(): SchemaChange[] {
    return [...this.#sources].flatMap(([source, schema]) =>
      !rowDatasets.has(source) && [...schema.tables.keys()].some(isMember) ? [unionOf(source, schema)] : [],
    )
  }

  /** Everything decided since the last call, in an order that the driver can follow. */
  takeChanges(): { changes: SchemaChange[]; decisions: Decision[]; eventNames: EventName[] } {
    const creates = [...this.#created].map((table): SchemaChange => ({
      kind: 'create-table',
      table: table.name,
      columns: specsOf(table),
    }))
    const changes = [...creates, ...this.#changes]
    for (const [source, schema] of this.#sources) {
      if (schema.unionIsStale) changes.push(unionOf(source, schema))
      schema.unionIsStale = false
    }
    const taken = { changes, decisions: this.#decisions, eventNames: this.#eventNames }
    this.#changes = []
    this.#decisions = []
    this.#eventNames = []
    this.#created = new Set()
    return taken
  }
}

function specsOf(table: FedTable): ColumnSpec[] {
  return [...table.columns.values()].map(({ name, type }) => ({ name, type }))
}

function unionOf(source: string, schema: SourceSchema): SchemaChange {
  const base: readonly ColumnSpec[] = [
    ...commonColumns,
    ...callColumns.track.filter(({ name }) => !name.startsWith('_')),
  ]
  const contexts = [...schema.contextTypes].map(([name, type]) => ({ name, type }))
  const members = [...schema.tables.values()].filter(({ name }) => isMember(name.table))
  const shown = contexts.filter(({ name }) => members.some((table) => table.columns.has(name)))
  const columns = [...base, ...shown]
  return {
    kind: 'define-union',
    table: { dataset: source, table: tracksView },
    columns,
    members: members.map((table) => ({
      table: table.name.table,
      columns: columns.filter(({ name }) => table.columns.has(name)).map(({ name }) => name),
    })),
  }
}

const callOfTable = new Map<string, EventType>(
  Object.entries(callTables).map(([call, table]) => [table, call as EventType]),
)
/** The engine's own name for a row's place: a column of that name would hide it from the merge of users. */
const enginesOwn = 'rowid'
const reservedByCall = new Map<EventType, ReadonlySet<string>>(
  Object.entries(callColumns).map(([call, columns]) => [
    call as EventType,
    new Set([enginesOwn, ...[...commonColumns, ...columns].map(({ name }) => name)]),
  ]),
)

function reservedColumns(table: string): ReadonlySet<string> {
  return reservedByCall.get(callOfTable.get(table) ?? 'track') ?? new Set()
}

/** analytics.js repeats a page's name and category inside its properties: the same value needs no second column. */
function twinOf(table: FedTable, plainName: string, name: string): TableColumn | undefined {
  if (name === plainName || (plainName !== 'name' && plainName !== 'category')) return undefined
  return table.columns.get(plainName)
}

function pathOf(node: PathNode): string[] {
  const path: string[] = []
  for (let at: PathNode | undefined = node; at?.parent !== undefined; at = at.parent) path.unshift(at.key)
  return path
}
