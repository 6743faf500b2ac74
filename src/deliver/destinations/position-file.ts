// Where a destination stands, on disk: `destinations/<id>.json`. What lies before is settled and in the ledger.
import { join } from 'node:path'

import type { Clock } from '../../core/clock.ts'
import { type Files, writeFileAtomic } from '../../core/files.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { Slice } from './slices.ts'

export interface Standing {
  readonly positions: readonly StreamPosition[]
  /** When the last record read was received: verdicts from then on are still needed. */
  readonly readMicros: number
  /** Of a type that keeps files: what is being sent. It begins at the position of its stream. */
  readonly slice?: Slice
}

export interface PositionFileDeps {
  readonly files: Files
  readonly clock: Clock
}

/** A write is three syncs: services that know repetitions needn't have one for every request. */
const lazyMs = 1000

export class PositionFile {
  readonly #path: string
  readonly #folder: string
  readonly #deps: PositionFileDeps
  #standing: Standing = { positions: [], readMicros: 0 }
  #savedAtMs = -Infinity
  #isDirty = false

  constructor(dataFolder: string, id: string, deps: PositionFileDeps) {
    this.#folder = join(dataFolder, 'destinations')
    this.#path = join(this.#folder, `${id}.json`)
    this.#deps = deps
  }

  get standing(): Standing {
    return this.#standing
  }

  /** Of a destination that is new: it begins with what comes from now on. */
  async open(beginning: Standing): Promise<Standing> {
    const found = await this.#deps.files.readAll(this.#path)
    if (found === undefined) {
      this.#standing = beginning
      this.#isDirty = true
      await this.save()
    } else this.#standing = JSON.parse(Buffer.from(found).toString()) as Standing
    return this.#standing
  }

  /** `isLazy`: on disk within a second or at the end; a crash before it means that the service hears again. */
  async move(positions: readonly StreamPosition[], readMicros: number, isLazy: boolean): Promise<void> {
    if (positions.length === 0) return
    const moved = new Map(this.#standing.positions.map((one) => [one.stream, one.sequence]))
    for (const { stream, sequence } of positions) moved.set(stream, sequence)
    const all = [...moved].map(([stream, sequence]) => ({ stream, sequence }))
    this.#standing = { positions: all, readMicros }
    this.#isDirty = true
    if (!isLazy || this.#deps.clock.monotonicMs() - this.#savedAtMs >= lazyMs) await this.save()
  }

  /** Resolves once it is on disk that this is sent next: after a crash the same files are made again. */
  async pin(slice: Slice): Promise<void> {
    this.#standing = { ...this.#standing, slice }
    this.#isDirty = true
    await this.save()
  }

  async save(): Promise<void> {
    if (!this.#isDirty) return
    const { files, clock } = this.#deps
    await files.makeFolder(this.#folder)
    await writeFileAtomic(files, this.#path, JSON.stringify(this.#standing))
    this.#savedAtMs = clock.monotonicMs()
    this.#isDirty = false
  }
}
