// What the data folder takes and how long the disk will do, for the status: free bytes at every look, the folder once an hour.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from './core/clock.ts'
import { daysUntilFull, folderBytes } from './core/disk-use.ts'
import { diskFiles } from './core/files.ts'
import type { Settings } from './core/settings.ts'
import type { Status } from './portal/api/status.ts'

const measureEveryMs = 3_600_000

export class DiskMeter {
  readonly #settings: Pick<Settings, 'data' | 'buffer'>
  readonly #clock: Clock
  #usedBytes: number | undefined
  #measuredAtMs = -Infinity

  constructor(settings: Pick<Settings, 'data' | 'buffer'>, clock: Clock) {
    this.#settings = settings
    this.#clock = clock
  }

  /** The first look begins to measure and doesn't wait for it. */
  async read(): Promise<Status['disk']> {
    const { data, buffer } = this.#settings
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#measuredAtMs >= measureEveryMs) {
      this.#measuredAtMs = nowMs
      void this.#measure()
    }
    const freeBytes = await diskFiles.freeBytes(data)
    const usedBytes = this.#usedBytes
    if (usedBytes === undefined) return { freeBytes, usedBytes: null, daysUntilFull: null }
    // Made when the installation was.
    const { mtimeMs } = await stat(join(data, 'secret'))
    const ageMs = this.#clock.nowMicros() / 1000 - mtimeMs
    const left = { freeBytes: freeBytes - buffer.diskFreeBytesMin, usedBytes: usedBytes - buffer.ballastBytes, ageMs }
    return { freeBytes, usedBytes, daysUntilFull: daysUntilFull(left) ?? null }
  }

  /** Never rejects: what can't be measured is shown as not known. */
  async #measure(): Promise<void> {
    this.#usedBytes = await folderBytes(this.#settings.data).catch(() => undefined)
  }
}
