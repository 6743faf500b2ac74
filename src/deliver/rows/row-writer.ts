// One stored row becomes one row of its fixed table: fields go to the columns that know their names, converted; the rest
// goes to `payload` as JSON, and what doesn't fit the column of its own name to `_overflow`. Never a new column.
import type { StoredRecord } from '../../buffer/record.ts'
import type { ForwardMeta, RowMeta } from '../../core/event.ts'
import type { FieldConversion, RowColumn, RowTableSpec } from '../../warehouse/row-tables.ts'
import { receivedAtOf } from '../screen/event-facts.ts'
import { columnJson } from '../screen/parse.ts'
import { EventTime } from '../screen/time.ts'
import type { WarehouseSchema } from '../warehouse/schema-state.ts'
import type { FedTable, TableColumn } from '../warehouse/tables.ts'
import { convertField, timeOf } from './convert.ts'
import { setAnew } from './decode.ts'
import type { KeptRow } from './row-screen.ts'
import { timeFieldOf } from './time-field.ts'

type Json = Record<string, unknown>

/** What becomes of one key of a record, or of one key of an object in it. */
interface FieldPlan {
  readonly key: string
  readonly parent: string | undefined
  column: ColumnPlan | undefined
  /** Lower ranks go first. */
  rank: number
  conversion: FieldConversion
  /** What doesn't fit goes to `_overflow`, not to the payload: the key is the column's name. */
  isOwnName: boolean
  inside: Map<string, FieldPlan> | undefined
}

interface ColumnPlan {
  /** Place in the list of candidates. */
  readonly index: number
  readonly column: TableColumn
  readonly asSent: TableColumn | undefined
}

/** Columns that the writer fills itself. */
interface OwnColumns {
  readonly id: TableColumn
  readonly sameId: TableColumn | undefined
  readonly receivedAt: TableColumn
  readonly loadedAt: TableColumn
  readonly timestamp: TableColumn
  readonly originalTimestamp: TableColumn
  readonly timeMethod: TableColumn
  readonly source: TableColumn
  readonly logName: TableColumn
  readonly sequence: TableColumn
  readonly metadata: TableColumn
  readonly chunkId: TableColumn
  readonly payload: TableColumn
}

/** Where one fixed table's values go. */
interface TablePlan {
  readonly table: FedTable
  readonly own: OwnColumns
  readonly columns: readonly ColumnPlan[]
  readonly fields: ReadonlyMap<string, FieldPlan>
  readonly severity: ColumnPlan | undefined
  readonly service: ColumnPlan | undefined
  readonly resource: ColumnPlan
}

const noRank = 255

export class RowWriter {
  /** Rows with something in `_overflow` since the worker began. */
  overflowed = 0
  readonly #schema: WarehouseSchema
  readonly #time = new EventTime()
  readonly #plans = new Map<RowTableSpec, TablePlan>()
  /** Of the row at hand, by ColumnPlan.index: the best field so far. */
  #ranks = new Uint8Array(64).fill(noRank)
  #values: unknown[] = []
  #sent: unknown[] = []
  #fields: (FieldPlan | undefined)[] = []
  #rest: Json | undefined
  #isExact = false

  constructor(schema: WarehouseSchema) {
    this.#schema = schema
  }

  add(kept: KeptRow, record: StoredRecord, meta: ForwardMeta | RowMeta, loadedAtMicros: number): void {
    const plan = this.#planOf(kept.table)
    const { table } = plan
    const row = table.beginRow()
    this.#rest = undefined
    this.#isExact = kept.isExact
    const receivedAtMicros = receivedAtOf(record, meta)
    plan.own.receivedAt.builder.putInteger(row, receivedAtMicros)
    plan.own.loadedAt.builder.putInteger(row, loadedAtMicros)
    plan.own.source.builder.putText(row, record.source)
    plan.own.sequence.builder.putInteger(row, record.sequence)
    this.#putId(plan, row, kept)
    const timeField = this.#putTime(plan, row, kept, receivedAtMicros)
    this.#readFields(plan, kept, timeField)
    if (kept.metadata !== undefined) this.#putMetadata(plan, row, kept.metadata)
    if (kept.group !== undefined) this.#putGroup(plan, row, kept.group)
    this.#putColumns(plan, row)
    if (this.#rest !== undefined) plan.own.payload.builder.putText(row, columnJson(this.#rest, kept.isExact))
    if (table.endRow(row)) this.overflowed += 1
  }

  #putId({ own }: TablePlan, row: number, { id, logName, chunkId }: KeptRow): void {
    own.id.builder.putText(row, id)
    own.sameId?.builder.putText(row, id)
    if (logName !== '') own.logName.builder.putText(row, logName)
    if (chunkId !== '') own.chunkId.builder.putText(row, chunkId)
  }

  /** The field that told the time; undefined: none did. */
  #putTime({ table, own }: TablePlan, row: number, kept: KeptRow, receivedAtMicros: number): string | undefined {
    const timeField = timeFieldOf(kept.table, kept.row, kept.timeMicros)
    const timeMicros = timeField === undefined ? kept.timeMicros : timeOf(kept.row[timeField])
    this.#time.resolve(timeMicros, receivedAtMicros, undefined, false)
    own.timestamp.builder.putInteger(row, this.#time.micros)
    own.timeMethod.builder.putText(row, this.#time.method)
    if (this.#time.method === 'clamped' && timeMicros !== undefined)
      own.originalTimestamp.builder.putInteger(row, timeMicros)
    if (kept.oddTime !== undefined) table.overflow('original_timestamp', kept.oddTime)
    return timeField
  }

  #readFields({ fields, table, resource }: TablePlan, kept: KeptRow, timeField: string | undefined): void {
    const { row, idField, group } = kept
    for (const key in row) {
      const value = row[key]
      const field = fields.get(key)
      if (key === idField || (key === timeField && field === undefined)) continue
      if (field === undefined || (group !== undefined && field.column === resource)) this.#keep(undefined, key, value)
      else if (value === null) continue
      else if (field.inside !== undefined && isPlainObject(value)) this.#readInside(table, field.inside, key, value)
      else this.#offer(table, field, value)
    }
  }

  #readInside(table: FedTable, fields: ReadonlyMap<string, FieldPlan>, parent: string, object: Json): void {
    let isEmpty = true
    for (const key in object) {
      isEmpty = false
      const value = object[key]
      const field = fields.get(key)
      if (field === undefined) this.#keep(parent, key, value)
      else if (value !== null) this.#offer(table, field, value)
    }
    if (isEmpty) this.#keep(undefined, parent, object)
  }

  /** The value may fill the field's column, unless a better field has it, or gets it later. */
  #offer(table: FedTable, field: FieldPlan, value: unknown): void {
    const { column, parent, key } = field
    if (column === undefined) {
      this.#keep(parent, key, value)
      return
    }
    const { index } = column
    const converted = convertField(field.conversion, column.column.type, value)
    if (converted === undefined) {
      if (field.isOwnName) table.overflow(key, value)
      else this.#keep(parent, key, value)
      return
    }
    const best = this.#ranks[index] as number
    if (best < field.rank) {
      this.#keep(parent, key, value)
      return
    }
    const loser = this.#fields[index]
    if (best !== noRank && loser !== undefined) this.#keep(loser.parent, loser.key, this.#sent[index])
    this.#ranks[index] = field.rank
    this.#values[index] = converted
    this.#sent[index] = value
    this.#fields[index] = field
  }

  /** For the payload. */
  #keep(parent: string | undefined, key: string, value: unknown): void {
    this.#rest ??= {}
    let target = this.#rest
    if (parent !== undefined) {
      if (!Object.hasOwn(target, parent)) target[parent] = {}
      target = target[parent] as Json
    }
    if (target[key] === undefined) target[key] = value
    // A row has a key once: hardly two of them meet here, at most by way of an object's.
    else setAnew(target, key, value, new Map())
  }

  /** OpenTelemetry through Fluent Bit says its severity here; the column keeps the metadata whole. */
  #putMetadata({ own, severity }: TablePlan, row: number, metadata: Readonly<Json>): void {
    own.metadata.builder.putText(row, columnJson(metadata, this.#isExact))
    const { otlp } = metadata
    if (severity === undefined || !isPlainObject(otlp) || this.#ranks[severity.index] !== noRank) return
    const { severity_number: number, severity_text: text } = otlp
    this.#fill(severity, convertField('otlp-severity', severity.column.type, number ?? text), text ?? number)
  }

  #putGroup({ resource, service }: TablePlan, row: number, group: NonNullable<KeptRow['group']>): void {
    resource.column.builder.putText(row, group.json)
    if (service !== undefined && this.#ranks[service.index] === noRank)
      this.#fill(service, convertField('plain', service.column.type, group.service), group.service)
  }

  #fill({ index }: ColumnPlan, converted: unknown, sent: unknown): void {
    if (converted === undefined || converted === null) return
    this.#ranks[index] = 0
    this.#values[index] = converted
    this.#sent[index] = sent
  }

  #putColumns({ columns }: TablePlan, row: number): void {
    for (let index = 0; index < columns.length; index++) {
      if (this.#ranks[index] === noRank) continue
      const { column, asSent } = columns[index] as ColumnPlan
      this.#put(column, row, this.#values[index])
      const sent = this.#sent[index]
      if (asSent !== undefined && (typeof sent === 'string' || typeof sent === 'number'))
        asSent.builder.putText(row, String(sent))
      this.#ranks[index] = noRank
      this.#values[index] = undefined
      this.#sent[index] = undefined
    }
  }

  #put({ builder }: TableColumn, row: number, value: unknown): void {
    switch (builder.type) {
      case 'text':
        builder.putText(row, value as string)
        return
      case 'json':
        builder.putText(row, columnJson(value, this.#isExact))
        return
      case 'boolean':
        builder.putBoolean(row, value as boolean)
        return
      case 'float':
        builder.putFloat(row, value as number)
        return
      case 'integer':
      case 'timestamp':
        if (typeof value === 'bigint') builder.putBigInteger(row, value)
        else builder.putInteger(row, value as number)
    }
  }

  #planOf(spec: RowTableSpec): TablePlan {
    const known = this.#plans.get(spec)
    if (known !== undefined) return known
    const plan = makePlan(spec, this.#schema.rowTable(spec.table, spec.all))
    this.#plans.set(spec, plan)
    return plan
  }
}

function makePlan(spec: RowTableSpec, table: FedTable): TablePlan {
  const columns: ColumnPlan[] = []
  const fields = new Map<string, FieldPlan>()
  for (const [index, column] of spec.columns.entries()) {
    const asSent = column.asSent === undefined ? undefined : table.column(column.asSent)
    const plan: ColumnPlan = { index, column: table.column(column.name), asSent }
    columns.push(plan)
    addFields(fields, column, plan)
  }
  const planOf = (name: string) => columns.find(({ column }) => column.name === name)
  const own: OwnColumns = {
    id: table.column('id'),
    sameId: spec.idColumn === undefined ? undefined : table.column(spec.idColumn),
    receivedAt: table.column('received_at'),
    loadedAt: table.column('loaded_at'),
    timestamp: table.column('timestamp'),
    originalTimestamp: table.column('original_timestamp'),
    timeMethod: table.column('time_method'),
    source: table.column('source'),
    logName: table.column('log_name'),
    sequence: table.column('sequence'),
    metadata: table.column('metadata'),
    chunkId: table.column('chunk_id'),
    payload: table.column('payload'),
  }
  const resource = planOf('resource') as ColumnPlan
  return { table, own, columns, fields, severity: planOf('severity'), service: planOf('service'), resource }
}

function addFields(fields: Map<string, FieldPlan>, column: RowColumn, plan: ColumnPlan): void {
  for (const [rank, { path, convert }] of column.fields.entries()) {
    const [first, second] = path
    const field = fields.get(first) ?? emptyField(first, undefined)
    fields.set(first, field)
    let target = field
    if (second !== undefined) {
      field.inside ??= new Map()
      target = field.inside.get(second) ?? emptyField(second, first)
      field.inside.set(second, target)
    }
    target.column = plan
    target.rank = rank
    target.conversion = convert
    target.isOwnName = second === undefined && first === column.name
  }
}

function emptyField(key: string, parent: string | undefined): FieldPlan {
  return { key, parent, column: undefined, rank: 0, conversion: 'plain', isOwnName: false, inside: undefined }
}

/** Exact numbers are objects too, but no JSON objects. */
function isPlainObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
