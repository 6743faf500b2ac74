// A plan maker without files and threads, for tests of what becomes of events.
import type { StoredRecord } from '../../src/buffer/record.ts'
import type { SourcePlatform } from '../../src/control/control.ts'
import type { RequestMeta } from '../../src/core/event.ts'
import type { ScreenSettings, WarehouseSettings } from '../../src/core/settings.ts'
import { DedupeIndex } from '../../src/deliver/screen/dedupe-index.ts'
import { VerdictFrames } from '../../src/deliver/screen/verdict-file.ts'
import { PlanMaker } from '../../src/deliver/warehouse/plan.ts'
import type { SchemaStart } from '../../src/deliver/warehouse/schema-state.ts'
import type { LoadPlan } from '../../src/warehouse/driver.ts'
import { screenSettings, warehouseSettings } from './loader-rig.ts'

export const nowMicros = Date.UTC(2026, 0, 15) * 1000

export interface MakerOptions {
  /** Where tracking plans lie. */
  readonly plansFolder?: string
  readonly screen?: Partial<ScreenSettings>
  readonly schema?: Partial<WarehouseSettings>
  readonly platform?: SourcePlatform
  readonly start?: SchemaStart
}

export const emptyStart: SchemaStart = {
  catalog: new Map(),
  keptIntegers: [],
  retypedColumns: [],
  eventNames: [],
  erased: [],
}

export class TestMaker {
  readonly frames = new VerdictFrames()
  readonly index: DedupeIndex
  readonly maker: PlanMaker
  #sequence = 0

  constructor({
    screen,
    schema,
    platform = 'server',
    start = emptyStart,
    plansFolder = '/nowhere',
  }: MakerOptions = {}) {
    const settings = {
      screen: { ...screenSettings, ...screen },
      schema: { ...warehouseSettings, ...schema },
      forwardTables: ['inference.**=ai.inferences', '**=logs.entries'],
      plansFolder,
    }
    this.index = new DedupeIndex(settings.screen)
    this.maker = new PlanMaker(settings, () => platform, start, this.index, this.frames)
  }

  record(events: readonly unknown[], options: RecordOptions = {}): StoredRecord {
    this.#sequence += 1
    return {
      sequence: this.#sequence,
      kind: 'segment',
      source: 'shop',
      receivedAtMicros: options.receivedAtMicros ?? nowMicros,
      count: options.count ?? events.length,
      meta: JSON.stringify({ call: 'batch', via: 'server', ...options.meta }),
      body: Buffer.from(options.body ?? JSON.stringify({ batch: events })),
    }
  }

  /** One plan of one batch. */
  plan(events: readonly unknown[], options: RecordOptions = {}): LoadPlan {
    return this.planOf([this.record(events, options)])
  }

  planOf(records: readonly StoredRecord[]): LoadPlan {
    const events = records.reduce((sum, record) => sum + record.count, 0)
    this.maker.begin({ loadedAtMicros: nowMicros, liveEventsMax: 10, events, piece: undefined })
    for (const record of records) this.maker.add('events', record)
    this.frames.take()
    return this.maker.finish([]).plan
  }
}

export interface RecordOptions {
  readonly body?: string
  readonly count?: number
  readonly meta?: Partial<RequestMeta>
  readonly receivedAtMicros?: number
}
