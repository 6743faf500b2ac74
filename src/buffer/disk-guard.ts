// Decides whether the writer may try the disk, and how it refuses meanwhile. Driven by appends alone: no timer.
//
//   open ──ENOSPC or too little free──▶ disk-full ───────────────┐
//    ▲ └──any other write error───────▶ buffer-write-failed ─────┤ an append, 1 s after the last try, enough free
//    └───────────────────────────────────────────────────────────┘
import type { Clock } from '../core/clock.ts'
import { messageOf, MillpondError } from '../core/errors.ts'
import { type Files, isErrno } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { Ballast } from './buffer.ts'

/** Well under the 5 s within which collecting must go on after space has returned. */
const checkIntervalMs = 1000
const retryAfterSeconds = 5

export type DiskRefusal = 'disk-full' | 'buffer-write-failed'

export function isDiskFull(error: unknown): boolean {
  return isErrno(error, 'ENOSPC') || isErrno(error, 'EDQUOT')
}

/** The error that a sender's append is rejected with, for whatever the file system said. */
export function refusalOf(error: unknown): MillpondError {
  if (error instanceof MillpondError) return error
  const code: DiskRefusal = isDiskFull(error) ? 'disk-full' : 'buffer-write-failed'
  const reason = code === 'disk-full' ? 'The disk is full' : `The buffer could not be written: ${messageOf(error)}`
  return new MillpondError(code, `${reason}; nothing was kept, try again later.`, { cause: error, retryAfterSeconds })
}

export interface DiskGuardOptions {
  readonly folder: string
  readonly diskFreeBytesMin: number
}

export class DiskGuard {
  readonly #options: DiskGuardOptions
  readonly #files: Files
  readonly #clock: Clock
  readonly #log: Log
  readonly #ballast: Ballast | undefined
  #ballastMissing = false
  #refusal: MillpondError | undefined
  #checkedAtMs = -Infinity
  #remaking: Promise<void> | undefined

  constructor(options: DiskGuardOptions, deps: { files: Files; clock: Clock; log: Log; ballast?: Ballast }) {
    this.#options = options
    this.#files = deps.files
    this.#clock = deps.clock
    this.#log = deps.log
    this.#ballast = deps.ballast
  }

  get refusing(): DiskRefusal | undefined {
    return this.#refusal?.code as DiskRefusal | undefined
  }

  /** The answer while refusing, as long as it is too early to try again. */
  get refusal(): MillpondError | undefined {
    return this.#isDue() ? undefined : this.#refusal
  }

  /** Called before a group is written. Looks at the free space at most once a second. */
  async check(): Promise<MillpondError | undefined> {
    if (!this.#isDue()) return this.#refusal
    this.#checkedAtMs = this.#clock.monotonicMs()
    const free = await this.#freeBytes()
    const reserved = this.#ballastMissing ? (this.#ballast?.bytes ?? 0) : 0
    if (free < this.#options.diskFreeBytesMin + reserved) {
      if (this.#refusal === undefined)
        this.#log.error({ freeBytes: free }, 'Too little free space: appends are refused.')
      const message = `Only ${free} bytes are free on the disk; nothing was kept, try again later.`
      this.#refusal = new MillpondError('disk-full', message, { retryAfterSeconds })
      return this.#refusal
    }
    if (this.#refusal === undefined && this.#ballastMissing) this.#remakeBallast()
    return undefined
  }

  /** A write failed. Returns what its senders are told. */
  async failed(error: unknown): Promise<MillpondError> {
    const refusal = refusalOf(error)
    this.#log.error({ err: error }, 'A write to the buffer failed: appends are refused for now.')
    this.#refusal = refusal
    this.#checkedAtMs = this.#clock.monotonicMs()
    if (refusal.code === 'disk-full' && this.#ballast !== undefined && !this.#ballastMissing) {
      this.#ballastMissing = true
      await this.#remaking
      await this.#ballast.giveUp()
    }
    return refusal
  }

  succeeded(): void {
    if (this.#refusal === undefined) return
    this.#refusal = undefined
    this.#log.info('The buffer can be written again.')
  }

  async stop(): Promise<void> {
    await this.#remaking
  }

  #isDue(): boolean {
    return this.#clock.monotonicMs() - this.#checkedAtMs >= checkIntervalMs
  }

  async #freeBytes(): Promise<number> {
    try {
      return await this.#files.freeBytes(this.#options.folder)
    } catch (error) {
      // Not knowing is no reason to refuse: a full disk says so itself.
      this.#log.warn({ err: error }, 'The free space could not be read.')
      return Infinity
    }
  }

  /** Beside the appends, which need not wait for it. */
  #remakeBallast(): void {
    const ballast = this.#ballast
    if (ballast === undefined || this.#remaking !== undefined) return
    this.#remaking = (async () => {
      if (await ballast.ensure()) this.#ballastMissing = false
      this.#remaking = undefined
    })()
  }
}
