// One stored event becomes one row: common columns, then every leaf in the column that its path leads to. Values that
// don't fit their column go to the row's `_overflow`, exactly; nothing is dropped, nothing becomes text by itself.
import type { StoredRecord } from '../../buffer/record.ts'
import type { EventType, RequestMeta } from '../../core/event.ts'
import type { Scalar, UserUpdate } from '../../warehouse/driver.ts'
import { exactFloatMax } from '../../warehouse/schema.ts'
import { columnJson } from '../screen/parse.ts'
import { idText } from '../screen/message-id.ts'
import type { KeptEvent } from '../screen/screen.ts'
import { EventTime, originalTimeOf, parseTime } from '../screen/time.ts'
import { receivedAtOf, socketAddressOf } from '../screen/event-facts.ts'
import type { PathNode, Zone } from '../screen/walk.ts'
import { convertValue } from './convert.ts'
import { tableNameOf } from './names.ts'
import type { WarehouseSchema } from './schema-state.ts'
import { type FedTable, fitOf, putValue, type Slot, type TableColumn } from './tables.ts'
import { otherEventsTable } from '../../warehouse/schema.ts'

/** Part of an event whose leaves are columns, beside context. */
const dataZones: Readonly<Record<EventType, Zone | undefined>> = {
  track: 'properties',
  page: 'properties',
  screen: 'properties',
  identify: 'traits',
  group: 'traits',
  alias: undefined,
}

export class Shaper {
  /** Values that went to `_overflow` since the worker began. */
  overflowed = 0
  readonly #schema: WarehouseSchema
  readonly #time = new EventTime()
  readonly #slugs = new Map<string, string>()
  #users: UserUpdate[] = []

  constructor(schema: WarehouseSchema) {
    this.#schema = schema
  }

  add(kept: KeptEvent, record: StoredRecord, meta: RequestMeta, loadedAtMicros: number): void {
    const table = this.#schema.tableOf(record.source, kept.type, kept.name, kept.anonymousId)
    const row = table.beginRow()
    this.#putCommon(table, row, kept, record, meta, loadedAtMicros)
    const traits = kept.type === 'identify' && kept.userId !== '' ? ([] as UserUpdate['traits'][number][]) : undefined
    this.#putCall(table, row, kept)
    this.#putLeaves(table, row, kept, traits)
    this.#putAddress(table, row, kept, meta)
    if (table.endRow(row)) this.overflowed += 1
    if (traits !== undefined) {
      this.#users.push({
        dataset: record.source,
        userId: kept.userId,
        receivedAtMicros: receivedAtOf(record, meta),
        traits,
      })
    }
  }

  takeUsers(): UserUpdate[] {
    const users = this.#users
    this.#users = []
    return users
  }

  #putCommon(
    table: FedTable,
    row: number,
    kept: KeptEvent,
    record: StoredRecord,
    meta: RequestMeta,
    loadedAtMicros: number,
  ): void {
    const { event } = kept
    const common = table.common
    const original = originalTimeOf(event)
    const originalMicros = parseTime(original)
    const sentAtMicros = parseTime(kept.sentAt)
    const receivedAtMicros = receivedAtOf(record, meta)
    this.#time.resolve(originalMicros, receivedAtMicros, meta.clock, meta.import === true)
    common.id.builder.putText(row, kept.id)
    common.receivedAt.builder.putInteger(row, receivedAtMicros)
    if (sentAtMicros !== undefined) common.sentAt.builder.putInteger(row, sentAtMicros)
    common.timestamp.builder.putInteger(row, this.#time.micros)
    if (originalMicros !== undefined) common.originalTimestamp.builder.putInteger(row, originalMicros)
    else if (original !== undefined && original !== null) table.overflow('original_timestamp', original)
    common.loadedAt.builder.putInteger(row, loadedAtMicros)
    common.timeMethod.builder.putText(row, this.#time.method)
    if (kept.anonymousId !== '') common.anonymousId.builder.putText(row, kept.anonymousId)
    if (kept.userId !== '') common.userId.builder.putText(row, kept.userId)
  }

  /** Columns that belong to the call, and its data as exact JSON. */
  #putCall(table: FedTable, row: number, kept: KeptEvent): void {
    const { event, type, name } = kept
    switch (type) {
      case 'track':
        table.column('event').builder.putText(row, this.#slugOf(table, name))
        table.column('event_text').builder.putText(row, name)
        putJson(table.column('properties'), row, event['properties'], kept.isExact)
        return
      case 'page':
      case 'screen':
        if (name !== '') table.column('name').builder.putText(row, name)
        putId(table.column('category'), row, event['category'])
        putJson(table.column('properties'), row, event['properties'], kept.isExact)
        return
      case 'identify':
        putJson(table.column('traits'), row, event['traits'], kept.isExact)
        return
      case 'group':
        putId(table.column('group_id'), row, event['groupId'])
        putJson(table.column('traits'), row, event['traits'], kept.isExact)
        return
      case 'alias':
        putId(table.column('previous_id'), row, event['previousId'])
    }
  }

  /** The name of the table that the event has, or would have. */
  #slugOf(table: FedTable, name: string): string {
    if (table.name.table !== otherEventsTable) return table.name.table
    const known = this.#slugs.get(name)
    if (known !== undefined) return known
    if (this.#slugs.size >= 1000) this.#slugs.clear()
    const slug = tableNameOf(name)
    this.#slugs.set(name, slug)
    return slug
  }

  #putLeaves(table: FedTable, row: number, kept: KeptEvent, traits: UserUpdate['traits'][number][] | undefined): void {
    const { leaves, anonymousId, type } = kept
    const { nodes, values, count } = leaves
    // The one wide table has no columns of its own: names in it have no bound.
    const dataZone = table.name.table === otherEventsTable ? undefined : dataZones[type]
    if (table.generation !== leaves.generation) {
      table.generation = leaves.generation
      table.slots = []
    }
    for (let index = 0; index < count; index++) {
      const node = nodes[index] as PathNode
      const value = values[index]
      if (node.zone !== 'context' && node.zone !== dataZone) continue
      if (value === null) {
        if (traits !== undefined && node.zone === 'traits') this.#removeTrait(table, node, kept, traits)
        continue
      }
      const slot = table.slots[node.id]
      const column =
        slot !== undefined &&
        slot.kind === 'column' &&
        !slot.column.builder.has(row) &&
        this.#fits(table, slot.column, value, anonymousId)
          ? slot.column
          : this.#putSlowly(table, row, node, value, anonymousId)
      if (column === undefined) continue
      const fitting = column.isRetyped ? convertedOf(column, value) : value
      putValue(column, row, fitting)
      if (traits !== undefined && node.zone === 'traits') {
        const trait = { column: column.name, timeMicros: this.#time.micros, tieBreak: kept.id }
        traits.push({ ...trait, value: scalarOf(fitting) })
      }
    }
  }

  /** The way of a path's first value, and of values that don't fit. Undefined: the value is cared for. */
  #putSlowly(
    table: FedTable,
    row: number,
    node: PathNode,
    value: unknown,
    anonymousId: string,
  ): TableColumn | undefined {
    // A context that is no object, properties that are a text: not a path; `properties` has it in its JSON column.
    if (node.parent?.parent === undefined) {
      if (node.zone === 'context') table.overflow('context', value)
      return undefined
    }
    const slot = table.slots[node.id] ?? this.#findSlot(table, node, value, anonymousId)
    if (slot === undefined) return undefined
    if (slot.kind === 'no-column') {
      if (slot.toOverflow) table.overflow(slot.name, value)
      return undefined
    }
    const column = slot.kind === 'column' ? slot.column : this.#columnBesideTwin(table, row, slot, value, anonymousId)
    if (column === undefined) return undefined
    if (!column.builder.has(row) && this.#fits(table, column, value, anonymousId)) return column
    table.overflow(column.name, value)
    return undefined
  }

  #findSlot(table: FedTable, node: PathNode, value: unknown, anonymousId: string): Slot | undefined {
    const { slot, name } = this.#schema.slotFor(table, node, value, anonymousId)
    if (slot === undefined) table.overflow(name, value)
    else table.slots[node.id] = slot
    return slot
  }

  #columnBesideTwin(
    table: FedTable,
    row: number,
    slot: Slot & { kind: 'twin' },
    value: unknown,
    anonymousId: string,
  ): TableColumn | undefined {
    const { column, otherwise } = slot
    if (!column.builder.has(row)) return column
    if (typeof value === 'string' && column.builder.textIs(row, value)) return undefined
    const own = this.#schema.columnNamed(table, otherwise, column.name, value, anonymousId)
    if (own?.kind === 'column') return own.column
    if (own === undefined) table.overflow(otherwise, value)
    return undefined
  }

  #fits(table: FedTable, column: TableColumn, value: unknown, anonymousId: string): boolean {
    const fit = fitOf(column.type, value)
    if (fit === 'no') return column.isRetyped && convertValue(column.type, value) !== undefined
    if (typeof value === 'bigint' && column.type === 'integer' && !column.keepsInteger && !isExactInFloat(value)) {
      this.#schema.keepInteger(table, column)
    }
    return fit === 'fits' || this.#schema.widen(table, column, anonymousId)
  }

  #removeTrait(table: FedTable, node: PathNode, kept: KeptEvent, traits: UserUpdate['traits'][number][]): void {
    if (node.parent?.parent === undefined) return
    const slot = table.slots[node.id] ?? this.#schema.slotFor(table, node, null, kept.anonymousId).slot
    if (slot?.kind !== 'column') return
    traits.push({ column: slot.column.name, timeMicros: this.#time.micros, tieBreak: kept.id, value: null })
  }

  #putAddress(table: FedTable, row: number, kept: KeptEvent, meta: RequestMeta): void {
    const address = socketAddressOf(kept.event, meta)
    if (address === undefined) return
    const slot = this.#schema.contextColumn(table, 'context_ip', address, kept.anonymousId)
    if (slot?.kind !== 'column') return
    if (!slot.column.builder.has(row) && slot.column.type === 'text') slot.column.builder.putText(row, address)
  }
}

function isExactInFloat(value: bigint): boolean {
  return value <= BigInt(exactFloatMax) && value >= -BigInt(exactFloatMax)
}

/** Of a value that `#fits` let pass. */
function convertedOf(column: TableColumn, value: unknown): unknown {
  return fitOf(column.type, value) === 'no' ? convertValue(column.type, value) : value
}

function scalarOf(value: unknown): Scalar {
  return typeof value === 'object' ? columnJson(value, true) : (value as Scalar)
}

function putJson(column: TableColumn, row: number, value: unknown, isExact: boolean): void {
  if (value === undefined || value === null) return
  column.builder.putText(row, columnJson(value, isExact))
}

function putId(column: TableColumn, row: number, value: unknown): void {
  const text = idText(value)
  if (text !== '') column.builder.putText(row, text)
}
