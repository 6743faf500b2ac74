// Walks the frames of one segment through a bounded window: fully checked (FrameScanner), or hopping over bodies
// (hopFrames). Both sides of the buffer use it: recovery, readers and the ledger's helper.
//
//   at a frame ──valid──▶ at a frame
//        │ bad                ▲
//        ▼                    │ next magic + length + checksum + sequence that fit
//   searching ────────────────┘
import type { OpenFile } from '../core/files.ts'
import {
  type Frame,
  frameHeaderBytes,
  type FrameHead,
  frameMagic,
  frameType,
  parseFrame,
  parseFrameHead,
  sequencesPerStart,
} from './frame.ts'

export interface ScanOptions {
  readonly offset: number
  /** Bytes from here on do not exist, whatever the file holds. Infinity = the end of the file. */
  readonly end: number
  /** Of the segment's name. */
  readonly firstSequence: number
  readonly windowBytes: number
}

export interface ScannedFrame {
  readonly frame: Frame
  /** Of the frame, in the file. */
  readonly offset: number
  /** Set if bytes directly before this frame are damaged: where they begin. */
  readonly damagedFrom: number | undefined
}

const nothing = Buffer.alloc(0)

export class FrameScanner {
  readonly #file: OpenFile
  readonly #end: number
  readonly #windowBytes: number
  readonly #firstSequence: number
  readonly #sequenceEnd: number
  #window: Buffer = nothing
  #windowOffset: number
  #position: number
  #need = frameHeaderBytes
  #atEnd = false
  #damagedFrom: number | undefined
  #lastSequence: number

  constructor(file: OpenFile, options: ScanOptions) {
    this.#file = file
    this.#end = options.end
    this.#windowBytes = options.windowBytes
    this.#firstSequence = options.firstSequence
    this.#sequenceEnd = (Math.floor(options.firstSequence / sequencesPerStart) + 1) * sequencesPerStart
    this.#windowOffset = options.offset
    this.#position = options.offset
    this.#lastSequence = options.firstSequence - 1
  }

  /** Offset behind the last valid frame. What follows, at the end of a scan, belongs to no valid frame. */
  get validEnd(): number {
    return this.#damagedFrom ?? this.#position
  }

  /** Offset behind the last byte looked at. */
  get offset(): number {
    return this.#position
  }

  async next(): Promise<ScannedFrame | undefined> {
    for (;;) {
      const found = this.take()
      if (found !== undefined) return found
      if (!(await this.fill())) return undefined
    }
  }

  /** The next valid frame in the window; undefined = `fill` first. Apart from `fill`, so that small frames cost no promise. */
  take(): ScannedFrame | undefined {
    for (;;) {
      const at = this.#position - this.#windowOffset
      const parsed = parseFrame(this.#window, at)
      if (typeof parsed === 'object' && this.#fits(parsed)) return this.#pass(parsed)
      if (typeof parsed === 'number' && !this.#atEnd) {
        this.#need = parsed
        return undefined
      }
      if (at >= this.#window.length) return undefined
      this.#damagedFrom ??= this.#position
      const next = this.#window.indexOf(frameMagic, at + 1)
      if (next !== -1) {
        this.#position = this.#windowOffset + next
        continue
      }
      // A magic may begin in the last three bytes of the window and go on behind it.
      const keep = this.#atEnd ? 0 : frameMagic.length - 1
      this.#position = this.#windowOffset + Math.max(at + 1, this.#window.length - keep)
      this.#need = frameHeaderBytes
      if (!this.#atEnd) return undefined
    }
  }

  /** Reads on from the current frame; false at the end. */
  async fill(): Promise<boolean> {
    if (this.#atEnd) return false
    const room = Math.max(0, this.#end - this.#position)
    const wanted = Math.min(Math.max(this.#need, this.#windowBytes), room)
    const target = Buffer.allocUnsafeSlow(wanted)
    const read = wanted === 0 ? 0 : await this.#file.read(target, this.#position)
    this.#window = target.subarray(0, read)
    this.#windowOffset = this.#position
    this.#atEnd = read < wanted || wanted === room
    return true
  }

  /** A frame of another segment, or of an older life of these bytes on disk, is no frame here. */
  #fits({ type, sequence }: Frame): boolean {
    if (type === frameType.header) return sequence === this.#firstSequence
    if (type !== frameType.record) return sequence < this.#sequenceEnd
    return sequence >= this.#firstSequence && sequence > this.#lastSequence && sequence < this.#sequenceEnd
  }

  #pass(frame: Frame): ScannedFrame {
    const found = { frame, offset: this.#position, damagedFrom: this.#damagedFrom }
    this.#damagedFrom = undefined
    this.#position += frame.length
    if (frame.type === frameType.record) this.#lastSequence = frame.sequence
    return found
  }
}

export interface Hop {
  readonly head: FrameHead
  readonly offset: number
  readonly source: string
  /** Only of headers and cuts, which are small: the whole frame, checked. */
  readonly control: Frame | undefined
}

const hopWindowBytes = 32 * 1024

/**
 * Visits the frames from the beginning of a file by their fixed headers, without reading bodies or checking records,
 * until `visit` returns false or the frames end. Returns the offset where it stopped, and whether every frame on the
 * way looked right; if not, the caller does it again with a FrameScanner.
 */
export async function hopFrames(
  file: OpenFile,
  visit: (hop: Hop) => boolean,
): Promise<{ offset: number; clean: boolean }> {
  const buffer = Buffer.allocUnsafe(hopWindowBytes)
  const size = await file.size()
  let window = nothing
  let windowOffset = 0
  let offset = 0
  let lastSequence = 0
  // Loads the window so that `bytes` from `offset` are in it; false when the file ends before.
  const load = async (bytes: number): Promise<boolean> => {
    if (offset - windowOffset + bytes <= window.length) return true
    const target = bytes > buffer.length ? Buffer.allocUnsafe(bytes) : buffer
    window = target.subarray(0, await file.read(target, offset))
    windowOffset = offset
    return window.length >= bytes
  }
  for (;;) {
    if (offset === size) return { offset, clean: true }
    if (!(await load(frameHeaderBytes))) return { offset, clean: false }
    const head = parseFrameHead(window, offset - windowOffset)
    if (typeof head !== 'object' || offset + head.length > size) return { offset, clean: false }
    const isRecord = head.type === frameType.record
    if (isRecord && head.sequence <= lastSequence) return { offset, clean: false }
    if (!(await load(isRecord ? frameHeaderBytes + head.sourceBytes : head.length))) return { offset, clean: false }
    const at = offset - windowOffset
    const control = isRecord ? undefined : parseFrame(window, at)
    if (control !== undefined && typeof control !== 'object') return { offset, clean: false }
    const source = isRecord
      ? window.toString('utf8', at + frameHeaderBytes, at + frameHeaderBytes + head.sourceBytes)
      : ''
    if (!visit({ head, offset, source, control })) return { offset, clean: true }
    if (isRecord) lastSequence = head.sequence
    offset += head.length
  }
}
