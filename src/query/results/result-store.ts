// All kept results together: bounded in number, bytes and age. Their files belong to this process only; a start removes what a former
// one left, because jobs of a former process can't be asked for any more.
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { ResultChunk } from '../../warehouse/session.ts'
import { ResultFile } from './result-file.ts'

/** A script may make one in every turn of a loop. */
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
  /** The same in the order in which they came, so that the old ones are found without a walk over all. */
  readonly #byAge = new Map<string, Kept>()
  /** Of all of them. */
  #bytes = 0
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

  get bytes(): number {
    return this.#bytes
  }

  /** A sealed file under a name of its own; one of the same name is replaced. */
  async keep(key: string, file: ResultFile): Promise<void> {
    const replaced = this.#drop(key)
    const kept: Kept = { file, keptAtMicros: this.#clock.nowMicros(), readers: 0, isGone: false }
    this.#kept.set(key, kept)
    this.#byAge.set(key, kept)
    this.#bytes += file.bytes
    for (const gone of [...replaced, ...this.#makeRoom()]) await gone.file.remove()
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
    return this.#isOld(kept) ? undefined : kept
  }

  #isOld({ keptAtMicros }: Kept): boolean {
    return (this.#clock.nowMicros() - keptAtMicros) / 1000 > this.#settings.resultAgeMsMax
  }

  async forget(key: string): Promise<void> {
    for (const gone of this.#drop(key)) await gone.file.remove()
  }

  /** Its name is free at once. What it gives is for the caller to remove; one that is read is removed by its last reader. */
  #drop(key: string): Kept[] {
    const kept = this.#kept.get(key)
    if (kept === undefined) return []
    this.#kept.delete(key)
    this.#byAge.delete(key)
    this.#bytes -= kept.file.bytes
    kept.isGone = true
    return kept.readers === 0 ? [kept] : []
  }

  /** Drops what is too old, then the least recently used ones until the rest fits. */
  #makeRoom(): Kept[] {
    const gone: Kept[] = []
    for (const [key, kept] of this.#byAge) {
      if (!this.#isOld(kept)) break
      gone.push(...this.#drop(key))
    }
    for (const key of this.#kept.keys()) {
      if (this.#bytes <= this.#settings.resultsBytesMax && this.#kept.size <= keptResultsMax) break
      gone.push(...this.#drop(key))
    }
    return gone
  }

  async stop(): Promise<void> {
    for (const key of this.#kept.keys()) await this.forget(key)
  }
}
