// Power cuts at every await. One seed: several lives of a writer with concurrent callers, one fault at most in each, and
// a reader beside it; the power is cut at a random await, unsynced bytes and names are dropped or torn, and it starts
// again. At the end everything is read and compared with what was answered. Throws on the first broken promise.
import { setImmediate } from 'node:timers/promises'

import type { StreamReader, StreamWriter, WriterOptions } from '../../src/buffer/buffer.ts'
import { frameMagic } from '../../src/buffer/frame.ts'
import { openReader } from '../../src/buffer/reader.ts'
import type { StoredRecord } from '../../src/buffer/record.ts'
import { openWriter } from '../../src/buffer/writer.ts'
import { MillpondError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import { seededRandom } from '../support/random.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { type DiskOperation, SimulatedDisk } from './simulated-files.ts'

export interface PowerCutSummary {
  readonly seeds: number
  readonly powerCuts: number
  readonly acknowledged: number
  readonly refused: number
  /** Never answered, since the power went first; they may be there or not. */
  readonly unanswered: number
}

interface Sent {
  readonly id: string
  readonly source: string
  readonly count: number
  readonly body: Buffer
}

const folder = '/data/buffer/events'
const log = createLog('silent')
const failing: readonly DiskOperation[] = [
  'sync',
  'write',
  'truncate',
  'open',
  'syncDirectory',
  'rename',
  'remove',
  'read',
]

/** Seeds `from` up to but without `to`. Rejects, naming the seed, if an acknowledged record is lost, doubled or changed. */
export async function runPowerCutSeeds(from: number, to: number): Promise<PowerCutSummary> {
  const sum = { seeds: 0, powerCuts: 0, acknowledged: 0, refused: 0, unanswered: 0 }
  for (let seed = from; seed < to; seed += 1) {
    const run = new PowerCutRun(seed)
    try {
      await run.run()
    } catch (error) {
      throw new Error(`Power cut seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      })
    }
    sum.seeds += 1
    sum.powerCuts += run.powerCuts
    sum.acknowledged += run.acknowledged.size
    sum.refused += run.refused.size
    sum.unanswered += run.sent.size - run.acknowledged.size - run.refused.size
    // Lets the process breathe: everything above is promises only.
    await setImmediate()
  }
  return sum
}

function check(condition: boolean, message: string): void {
  if (!condition) throw new Error(message)
}

export class PowerCutRun {
  readonly sent = new Map<string, Sent>()
  readonly acknowledged = new Map<string, number>()
  readonly refused = new Set<string>()
  powerCuts = 0
  readonly #random: () => number
  readonly #disk: SimulatedDisk
  readonly #clock = new SimulatedClock()
  readonly #options: WriterOptions
  /** What readers were given before the end: it must never be taken back. */
  readonly #seen = new Map<number, StoredRecord>()
  #position = 0
  #released = 0
  /** Two faults met: then a refused record may appear, as the specification says. */
  #isLenient = false

  constructor(seed: number) {
    this.#random = seededRandom(seed)
    this.#disk = new SimulatedDisk({ random: this.#random })
    this.#options = {
      stream: 'events',
      folder,
      cutIntervalMs: this.#below(40),
      segmentBytesMax: 500 + this.#below(6000),
      segmentAgeMsMax: 2000,
      streamBytesMax: 1_000_000,
      diskFreeBytesMin: this.#below(2000),
      ballastBytes: 0,
    }
  }

  async run(): Promise<void> {
    const files = this.#disk.files()
    await files.makeFolder('/data')
    await files.syncDirectory('/')
    for (let life = 1 + this.#below(4); life > 0; life -= 1) await this.#live()
    await this.#checkAll()
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit)
  }

  /** One start of the machine, ended by a power cut. */
  async #live(): Promise<void> {
    const disk = this.#disk
    const cutAt = disk.steps + 1 + this.#below(this.#random() < 0.3 ? 60 : 900)
    const powerCut = new Promise<void>((resolve) => {
      disk.onStep = (step) => {
        if (step !== cutAt) return
        disk.powerCut()
        resolve()
      }
    })
    this.#arrangeFault()
    let failure: unknown
    const life = this.#work().catch((error: unknown) => {
      failure = error
    })
    await Promise.race([life, powerCut])
    if (failure !== undefined) throw failure
    disk.onStep = undefined
    if (disk.steps < cutAt) disk.powerCut()
    disk.healAll()
    disk.capacityBytes = Infinity
    this.powerCuts += 1
  }

  #arrangeFault(): void {
    const kind = this.#random()
    if (kind < 0.4) return
    if (kind < 0.6) this.#disk.capacityBytes = this.#disk.usedBytes + 500 + this.#below(8000)
    if (kind > 0.55) {
      const operation = failing[this.#below(failing.length)] ?? 'sync'
      this.#disk.fail(operation, this.#random() < 0.2 ? 'ENOSPC' : 'EIO', { skip: this.#below(12) })
      // A fault while the disk is full, or one that hits what a start must repair, is two faults.
      if (kind < 0.6 || operation === 'truncate') this.#isLenient = true
    }
  }

  async #work(): Promise<void> {
    const files = this.#disk.files()
    const deps = { files, clock: this.#clock, log }
    let writer: StreamWriter
    try {
      writer = await openWriter(this.#options, deps)
    } catch (error) {
      // Only what has no answer but trying again: the folder itself could not be listed, made or synced.
      check(error instanceof Error && 'code' in error, `open failed: ${String(error)}`)
      return
    }
    const callers = Array.from({ length: 1 + this.#below(5) }, () => this.#call(writer))
    const reading = this.#read(writer, deps)
    await Promise.all([...callers, reading])
    if (this.#random() < 0.5) await writer.stop()
  }

  async #call(writer: StreamWriter): Promise<void> {
    for (let left = 1 + this.#below(12); left > 0; left -= 1) {
      const sent = this.#newRecord()
      try {
        const sequence = await writer.append({
          kind: 'segment',
          source: sent.source,
          receivedAtMicros: this.#clock.nowMicros(),
          count: sent.count,
          meta: `{"id":"${sent.id}"}`,
          body: sent.body,
        })
        this.acknowledged.set(sent.id, sequence)
      } catch (error) {
        check(error instanceof MillpondError && error.kind === 'retry', `append failed: ${String(error)}`)
        this.refused.add(sent.id)
      }
      const pause = this.#random()
      if (pause < 0.5) this.#clock.advance(this.#below(30))
      else if (pause < 0.6) this.#clock.advance(1100)
    }
  }

  #newRecord(): Sent {
    const id = `r${this.sent.size}`
    const body = Buffer.alloc(this.#random() < 0.1 ? this.#below(6000) : this.#below(900), id)
    // Hostile bytes: pieces that look like the beginning of a frame.
    if (body.length > 8 && this.#random() < 0.2) frameMagic.copy(body, this.#below(body.length - 4))
    const sent = { id, source: `s${this.#below(3)}`, count: this.#below(4), body }
    this.sent.set(id, sent)
    return sent
  }

  async #read(writer: StreamWriter, deps: Parameters<typeof openReader>[1]): Promise<void> {
    let reader: StreamReader | undefined
    for (let left = 2 + this.#below(10); left > 0; left -= 1) {
      try {
        reader ??= await openReader({ stream: 'events', folder, after: this.#position }, deps)
        const batch = await reader.read({ eventsMax: 1 + this.#below(30), bytesMax: 100 + this.#below(4000) })
        for (const record of batch.records) this.#see(record)
        this.#position = batch.sequence
      } catch (error) {
        // The disk failed: the owner of a reader simply calls again.
        check(error instanceof Error && 'code' in error && error.code !== 'bug', `reading failed: ${String(error)}`)
      }
      if (this.#random() < 0.2) {
        this.#released = Math.max(this.#released, this.#position)
        await writer.release(this.#position)
      }
      for (let turn = this.#below(60); turn > 0; turn -= 1) await Promise.resolve()
    }
  }

  #see(record: StoredRecord): void {
    check(record.sequence > this.#position, `sequence ${record.sequence} came after ${this.#position}`)
    check(!this.#seen.has(record.sequence), `sequence ${record.sequence} was given out twice`)
    this.#seen.set(record.sequence, record)
    this.#compare(record)
  }

  /** The record as sent, or an error. */
  #compare(record: StoredRecord): string {
    const id = /^\{"id":"(r\d+)"\}$/.exec(record.meta)?.[1] ?? ''
    const sent = this.sent.get(id)
    if (sent === undefined) throw new Error(`a record that nobody sent: ${record.meta}`)
    const isEqual = sent.body.equals(record.body) && sent.source === record.source && sent.count === record.count
    check(isEqual, `record ${id} was changed`)
    const sequence = this.acknowledged.get(id)
    check(sequence === undefined || sequence === record.sequence, `record ${id} has another sequence than was answered`)
    check(this.#isLenient || !this.refused.has(id), `record ${id} was refused and is there`)
    return id
  }

  /** The last start, on a sound disk: everything behind the released position, once more from the files. */
  async #checkAll(): Promise<void> {
    const deps = { files: this.#disk.files(), clock: this.#clock, log }
    const writer = await openWriter(this.#options, deps)
    const totalsAfterStart = writer.status().totals
    await this.#call(writer)
    await writer.stop()
    const reader = await openReader({ stream: 'events', folder, after: this.#released }, deps)
    const found = new Map<string, StoredRecord>()
    let totals: Readonly<Record<string, number>> = {}
    let last = this.#released
    for (;;) {
      const batch = await reader.read({ eventsMax: 50, bytesMax: 3000 })
      for (const record of batch.records) {
        check(record.sequence > last, `sequence ${record.sequence} came after ${last}`)
        last = record.sequence
        const id = this.#compare(record)
        check(!found.has(id), `record ${id} is there twice`)
        found.set(id, record)
      }
      totals = batch.totals
      if (!batch.more) break
    }
    for (const [id, sequence] of this.acknowledged) {
      const isThere = found.has(id) || (sequence <= this.#released && this.#seen.has(sequence))
      check(isThere, `record ${id} (${sequence}) was acknowledged and is lost`)
    }
    for (const [sequence, record] of this.#seen) {
      const isThere = sequence <= this.#released || found.has(this.#compare(record))
      check(isThere, `sequence ${sequence} was given to a reader and is lost`)
    }
    check(new Set(this.acknowledged.values()).size === this.acknowledged.size, 'a sequence was used twice')
    if (!this.#isLenient) this.#checkTotals(totals, totalsAfterStart, [...found.values()])
    await reader.stop()
  }

  #checkTotals(
    totals: Readonly<Record<string, number>>,
    totalsAfterStart: Readonly<Record<string, number>>,
    found: readonly StoredRecord[],
  ): void {
    const released = [...this.#seen.values()].filter(({ sequence }) => sequence <= this.#released)
    const sums = new Map<string, number>()
    for (const { source, count } of [...released, ...found]) sums.set(source, (sums.get(source) ?? 0) + count)
    const shown = JSON.stringify({ totals, sums: Object.fromEntries(sums), totalsAfterStart })
    for (const [source, sum] of sums) check((totals[source] ?? 0) === sum, `totals of ${source} don't sum: ${shown}`)
  }
}
