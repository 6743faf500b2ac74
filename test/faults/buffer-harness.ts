// What the buffer's fault tests share: a stream on a simulated disk under a clock that stands still.
import type { Ballast, ReadBatch, StreamReader, StreamWriter, WriterOptions } from '../../src/buffer/buffer.ts'
import { openReader } from '../../src/buffer/reader.ts'
import type { NewRecord } from '../../src/buffer/record.ts'
import { openWriter } from '../../src/buffer/writer.ts'
import { createLog } from '../../src/core/log.ts'
import { seededRandom } from '../support/random.ts'
import { SimulatedClock } from './simulated-clock.ts'
import { SimulatedDisk } from './simulated-files.ts'

export const folder = '/data/buffer/events'
export const log = createLog('silent')

export const defaults: WriterOptions = {
  stream: 'events',
  folder,
  cutIntervalMs: 100,
  segmentBytesMax: 64 * 1024 * 1024,
  segmentAgeMsMax: 3_600_000,
  streamBytesMax: 1e9,
  diskFreeBytesMin: 0,
  ballastBytes: 0,
}

/** A record whose body is `text`, of one event. */
export function recordOf(text: string, more: Partial<NewRecord> = {}): NewRecord {
  return { kind: 'segment', source: 'web', receivedAtMicros: 1, count: 1, meta: '{}', body: Buffer.from(text), ...more }
}

export interface Harness {
  readonly disk: SimulatedDisk
  readonly clock: SimulatedClock
  open(options?: Partial<WriterOptions>, ballast?: Ballast): Promise<StreamWriter>
  reader(after?: number): Promise<StreamReader>
  /** Everything that a new reader is given behind `after`. */
  readAll(after?: number): Promise<ReadBatch>
  /** Names of segments, oldest first. */
  segments(): Promise<string[]>
}

export async function newHarness(options: { seed?: number; capacityBytes?: number } = {}): Promise<Harness> {
  const capacity = options.capacityBytes === undefined ? {} : { capacityBytes: options.capacityBytes }
  const disk = new SimulatedDisk({ random: seededRandom(options.seed ?? 1), ...capacity })
  const clock = new SimulatedClock()
  await disk.files().makeFolder('/data')
  await disk.files().syncDirectory('/')
  const reader = (after = 0): Promise<StreamReader> =>
    openReader({ stream: 'events', folder, after }, { files: disk.files(), clock, log })
  return {
    disk,
    clock,
    reader,
    open: (more = {}, ballast) =>
      openWriter({ ...defaults, ...more }, { files: disk.files(), clock, log, ...(ballast && { ballast }) }),
    async readAll(after = 0) {
      const one = await reader(after)
      const batch = await one.read({ eventsMax: Infinity, bytesMax: Infinity })
      await one.stop()
      return batch
    },
    segments: async () => (await disk.files().list(folder)).filter((name) => name.endsWith('.seg')),
  }
}

export function texts(batch: ReadBatch): string[] {
  return batch.records.map(({ body }) => Buffer.from(body).toString())
}

/** The code of the error that `promise` rejects with, or 'kept'. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'kept'
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error)
  }
}
