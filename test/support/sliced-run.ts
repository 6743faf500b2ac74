// A destination that keeps files, at work on a real buffer in a temporary folder, beside a store that checks what it gets, by a clock
// that the test moves. What is appended counts as loaded.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { StreamWriter } from '../../src/buffer/buffer.ts'
import { openWriter } from '../../src/buffer/writer.ts'
import { diskFiles } from '../../src/core/files.ts'
import { createLog } from '../../src/core/log.ts'
import { DestinationRun, type RunDeps } from '../../src/deliver/destinations/destination-run.ts'
import type { Destination, DestinationSettings } from '../../src/deliver/destinations/destination.ts'
import { hubStreams } from '../../src/deliver/destinations/feed.ts'
import { objectStorage } from '../../src/deliver/destinations/object-storage/object-storage.ts'
import { checkSettings } from '../../src/deliver/destinations/settings.ts'
import { type ErasedPerson, Suppression } from '../../src/deliver/maintenance/suppression.ts'
import type { StreamPosition } from '../../src/warehouse/driver.ts'
import { until } from '../contract/destination.ts'
import { SimulatedClock } from '../faults/simulated-clock.ts'
import { type FakeObjectStorage, startObjectStorage, testKey } from '../vendors/object-storage.ts'

type FedStream = (typeof hubStreams)[number]

const log = createLog('silent')
const writing = {
  cutIntervalMs: 0,
  segmentBytesMax: 64 * 1024 * 1024,
  segmentAgeMsMax: 86_400_000,
  streamBytesMax: 1024 ** 3,
  diskFreeBytesMin: 0,
  ballastBytes: 0,
}

export interface Appended {
  readonly source?: string
  readonly stream?: FedStream
  readonly events?: readonly object[]
  /** Absent: now. */
  readonly receivedAtMicros?: number
  readonly kind?: 'segment' | 'row'
  /** Of a replay. */
  readonly firstReceivedAtMicros?: number
}

export class SlicedRig {
  readonly clock: SimulatedClock
  readonly store: FakeObjectStorage
  readonly ledger: Record<string, unknown>[] = []
  /** The warehouse stands at the beginning, as after a crash long ago. */
  isLoading = false
  readonly folder: string
  readonly #writers: ReadonlyMap<FedStream, StreamWriter>
  readonly #loaded = new Map<FedStream, number>()
  #run: DestinationRun | undefined
  #made = 0

  private constructor(
    clock: SimulatedClock,
    store: FakeObjectStorage,
    folder: string,
    writers: ReadonlyMap<FedStream, StreamWriter>,
  ) {
    this.clock = clock
    this.store = store
    this.folder = folder
    this.#writers = writers
  }

  static async open(startMicros: number): Promise<SlicedRig> {
    const clock = new SimulatedClock(startMicros)
    const folder = await mkdtemp(join(tmpdir(), 'millpond-slices-'))
    const writers = hubStreams.map(async (stream) => {
      const options = { ...writing, stream, folder: join(folder, 'buffer', stream) }
      return [stream, await openWriter(options, { files: diskFiles, clock, log })] as const
    })
    const store = await startObjectStorage({ nowMs: () => clock.nowMicros() / 1000 })
    return new SlicedRig(clock, store, folder, new Map(await Promise.all(writers)))
  }

  get run(): DestinationRun {
    if (this.#run === undefined) throw new Error('not begun')
    return this.#run
  }

  get positionPath(): string {
    return join(this.folder, 'destinations', 'd1.json')
  }

  /** One request of a sender, of one event unless it says otherwise. */
  async append({ source = 'shop', stream = 'events', kind = 'segment', ...more }: Appended = {}): Promise<void> {
    const { events = [{}], receivedAtMicros = this.clock.nowMicros(), firstReceivedAtMicros } = more
    const batch = events.map((event) => {
      this.#made += 1
      return { type: 'track', event: 'Seen', messageId: `m-${this.#made}`, userId: `u-${this.#made}`, ...event }
    })
    const meta =
      kind === 'segment' ? { call: 'batch', via: 'server', firstReceivedAtMicros } : { table: 'millpond.jobs' }
    const body = Buffer.from(JSON.stringify({ batch }))
    const record = { kind, source, receivedAtMicros, count: batch.length, meta: JSON.stringify(meta), body }
    const sequence = await this.#writers.get(stream)?.append(record)
    if (sequence !== undefined) this.#loaded.set(stream, sequence)
    this.#run?.wake()
  }

  /** Like a start of the engine: what was under way before isn't waited for. */
  async begin(settings: DestinationSettings = {}, erased: readonly ErasedPerson[] = [], sources: string[] = []) {
    this.#run = new DestinationRun(this.destination(settings, sources), this.deps(erased))
    await this.#run.begin([])
  }

  destination(settings: DestinationSettings = {}, sources: readonly string[] = []): Destination {
    const where = { ...testKey, baseUrl: this.store.url, allowPrivateNetwork: 'true' }
    return {
      id: 'd1',
      name: 'bucket',
      type: 'object-storage',
      sources,
      settings: checkSettings(objectStorage, { ...where, ...settings }),
      rules: {},
      state: 'active',
      version: 1,
    }
  }

  deps(erased: readonly ErasedPerson[] = []): RunDeps {
    return {
      dataFolder: this.folder,
      loaded: () => this.loaded,
      suppression: new Suppression(erased),
      record: async (rows) => {
        this.ledger.push(...rows.map((row) => JSON.parse(row) as Record<string, unknown>))
      },
      changed: () => undefined,
      clock: this.clock,
      log,
      random: () => 0.5,
    }
  }

  get loaded(): readonly StreamPosition[] {
    if (this.isLoading) return []
    return [...this.#loaded].map(([stream, sequence]) => ({ stream, sequence }))
  }

  /** Resolves once it has looked at everything, and waits. */
  async idle(): Promise<void> {
    // It goes from idle to reading and back; the second time it is sure to have read what is there now.
    for (let round = 0; round < 2; round++) {
      this.run.wake()
      await new Promise((resolve) => {
        setTimeout(resolve, 1)
      })
      await until(() => this.run.status().state === 'idle')
    }
  }

  /** Names of the objects behind the prefix, sorted. */
  get names(): string[] {
    return [...this.store.objects.keys()].map((key) => key.slice('millpond/'.length)).sort()
  }

  /** Ids of the events in all objects, sorted. */
  get ids(): string[] {
    return this.store
      .events()
      .map((row) => String(row['message_id']))
      .sort((a, b) => Number(a.slice(2)) - Number(b.slice(2)))
  }

  async dispose(): Promise<void> {
    await this.#run?.stop()
    for (const writer of this.#writers.values()) await writer.stop()
    await this.store.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}
