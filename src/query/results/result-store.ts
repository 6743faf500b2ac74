// All kept results together: bounded in number, bytes and age. Their files belong to this process only; a start removes what a former
// one left, because jobs of a former process can't be asked for any more.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { ResultChunk } from '../../warehouse/session.ts'
import { ResultFile } from './result-file.ts'

/** Each is an open file, and a script may make one in every turn of a loop. */
export const keptResultsMax = 4_000

export interface ResultStoreSettings {
  readonly folder: string
  readonly resultRowsMax: number
  readonly resultBytesMax: number
  readonly resultsBytesMax: number
  readonly resultAgeMsMax: number
}

interface Kept {
  readonly file: ResultFile
  readonly keptAtMicros: number
  /** Somebody reads it now: it is removed when the last one is done. */
  readers: number
  isGone: boolean
}

export class ResultStore {
  readonly #settings: ResultStoreSettings
  readonly #clock: Clock
  /** In the order of their last use. */
  readonly #kept = new Map<string, Kept>()
  #made = 0

  private constructor(settings: ResultStoreSettings, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  static async open(settings: ResultStoreSettings, clock: Clock): Promise<ResultStore> {
    await rm(settings.folder, { recursive: true, force: true })
    await mkdir(settings.folder, { recursive: true, mode: 0o700 })
    return new ResultStore(settings, clock)
  }

  /** For one result; becomes known by `keep`. Whoever makes it removes it if it comes to nothing. */
  async create(bytesMax: number = this.#settings.resultBytesMax): Promise<ResultFile> {
    this.#made += 1
    const { folder, resultRowsMax: rowsMax } = this.#settings
    return ResultFile.create(join(folder, `${this.#made}.rows`), { rowsMax, bytesMax })
  }

  /** A sealed file under a name of its own; one of the same name is replaced. */
  async keep(key: string, file: ResultFile): Promise<void> {
    await this.forget(key)
    this.#kept.set(key, { file, keptAtMicros: this.#clock.nowMicros(), readers: 0, isGone: false })
    await this.#makeRoom()
  }

  has(key: string): boolean {
    return this.#find(key) !== undefined
  }

  rows(key: string): number | undefined {
    return this.#find(key)?.file.rows
  }

  /** Work with a kept file, which stays until it is done. undefined: not kept, or no longer. */
  async use<Result>(key: string, work: (file: ResultFile) => Promise<Result>): Promise<Result | undefined> {
    const kept = this.#find(key)
    if (kept === undefined) return undefined
    const release = this.#hold(key, kept)
    try {
      return await work(kept.file)
    } finally {
      await release()
    }
  }

  /** The same as a stream of chunks; held from the first one on. Error: not-found, if it isn't kept, or no longer. */
  async *read(key: string): AsyncGenerator<ResultChunk> {
    const kept = this.#find(key)
    if (kept === undefined) throw new MillpondError('not-found', 'The rows of this job are no longer kept')
    const release = this.#hold(key, kept)
    try {
      yield* kept.file.read()
    } finally {
      await release()
    }
  }

  #hold(key: string, kept: Kept): () => Promise<void> {
    this.#kept.delete(key)
    this.#kept.set(key, kept)
    kept.readers += 1
    return async () => {
      kept.readers -= 1
      if (kept.isGone && kept.readers === 0) await kept.file.remove()
    }
  }

  #find(key: string): Kept | undefined {
    const kept = this.#kept.get(key)
    if (kept === undefined) return undefined
    const ageMs = (this.#clock.nowMicros() - kept.keptAtMicros) / 1000
    return ageMs > this.#settings.resultAgeMsMax ? undefined : kept
  }

  async forget(key: string): Promise<void> {
    const kept = this.#kept.get(key)
    if (kept === undefined) return
    this.#kept.delete(key)
    kept.isGone = true
    if (kept.readers === 0) await kept.file.remove()
  }

  /** Drops what is too old, then the least recently used ones until the rest fits. */
  async #makeRoom(): Promise<void> {
    for (const key of this.#kept.keys()) if (this.#find(key) === undefined) await this.forget(key)
    let bytes = [...this.#kept.values()].reduce((sum, { file }) => sum + file.bytes, 0)
    for (const [key, { file }] of this.#kept) {
      if (bytes <= this.#settings.resultsBytesMax && this.#kept.size <= keptResultsMax) return
      bytes -= file.bytes
      await this.forget(key)
    }
  }

  async stop(): Promise<void> {
    for (const key of this.#kept.keys()) await this.forget(key)
  }
}
