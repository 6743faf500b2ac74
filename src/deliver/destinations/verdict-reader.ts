// What the screen said of every event of a record, read from the verdict files beside it: destinations follow it, so that a
// client's retry goes out once. Only for records that are loaded: their frames are whole and never change.
import { join } from 'node:path'

import { type Files, isErrno, type OpenFile } from '../../core/files.ts'
import { verdictFileSequence, verdictFrameAt } from '../screen/verdict-file.ts'

const windowBytes = 256 * 1024

export class VerdictReader {
  readonly #files: Files
  readonly #folder: string
  #file: { readonly file: OpenFile; readonly start: number } | undefined
  #window = Buffer.alloc(0)
  #windowStart = 0
  #at = 0

  constructor(files: Files, folder: string) {
    this.#files = files
    this.#folder = folder
  }

  /**
   * A verdict (verdictCodes) for each of the first events of this record; those behind them are quarantined. Undefined: it is
   * kept no more. Faster in ascending order.
   */
  async verdictsOf(sequence: number): Promise<Uint8Array | undefined> {
    return (await this.#scan(sequence)) ?? (await this.#fromItsFile(sequence))
  }

  async stop(): Promise<void> {
    await this.#file?.file.close()
    this.#file = undefined
  }

  /** The record may be in another file than the one at hand, or that one was replaced. */
  async #fromItsFile(sequence: number): Promise<Uint8Array | undefined> {
    const starts = (await this.#files.list(this.#folder)).map(verdictFileSequence)
    const start = starts.findLast((one) => one !== undefined && one <= sequence)
    if (start === undefined) return undefined
    await this.stop()
    try {
      const path = join(this.#folder, `${String(start).padStart(16, '0')}.verdicts`)
      this.#file = { file: await this.#files.open(path, 'read'), start }
    } catch (error) {
      if (isErrno(error, 'ENOENT')) return undefined
      throw error
    }
    this.#window = Buffer.alloc(0)
    this.#windowStart = 0
    this.#at = 0
    return await this.#scan(sequence)
  }

  /** From where it stands to the end of the file at hand. */
  async #scan(sequence: number): Promise<Uint8Array | undefined> {
    for (;;) {
      const frame = verdictFrameAt(this.#window, this.#at)
      if (frame === undefined) {
        if (!(await this.#fill())) return undefined
        continue
      }
      if (frame.sequence > sequence) return undefined
      if (frame.sequence === sequence) return frame.verdicts()
      this.#at += frame.bytes
    }
  }

  /** More of the file behind what is left of the window; false: there is no more. */
  async #fill(): Promise<boolean> {
    if (this.#file === undefined) return false
    const rest = this.#window.subarray(this.#at)
    const offset = this.#windowStart + this.#window.length
    // A frame that is longer than the window makes it grow.
    const target = Buffer.allocUnsafe(Math.max(windowBytes, rest.length))
    const bytes = await this.#file.file.read(target, offset)
    if (bytes === 0) return false
    this.#windowStart += this.#at
    this.#window = Buffer.concat([rest, target.subarray(0, bytes)])
    this.#at = 0
    return true
  }
}
