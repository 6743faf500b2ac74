// Undoes Content-Encoding with a limit on what comes out: a few kilobytes of gzip can hold gigabytes. Inflating runs in
// Node's thread pool and stops as soon as the limit is passed; what came out so far is accounted while it grows.
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'

import { zstdFrameAt } from './zstd-frames.ts'

export type Encoding = 'gzip' | 'deflate' | 'br' | 'zstd'

export type DecodeOutcome =
  | { readonly kind: 'decoded'; readonly body: Buffer }
  | { readonly kind: 'damaged'; readonly message: string }
  /** `grow` said no. */
  | { readonly kind: 'stopped'; readonly message: string }
  /** More zstd frames than `framesMax`. */
  | { readonly kind: 'too-many-frames'; readonly message: string }

const chunkBytes = 32 * 1024
/** A zstd frame may ask for a window of 128 MiB before its first byte; 8 MiB (2^23) is what every decoder must allow. */
const zstdWindowLogMax = 23

/** `unknown`: named, but nothing that we can undo. Undefined: no encoding. */
export function encodingOf(header: string | undefined, body: Uint8Array): Encoding | 'unknown' | undefined {
  const named = (header ?? '').trim().toLowerCase()
  const isGzip = body[0] === 0x1f && body[1] === 0x8b
  const isZstd = body[0] === 0x28 && body[1] === 0xb5 && body[2] === 0x2f && body[3] === 0xfd
  // The bytes know better than the header where they carry a mark: some senders forget it, some proxies forget to drop it.
  if (isGzip) return 'gzip'
  if (isZstd) return 'zstd'
  switch (named) {
    case '':
    case 'identity':
    case 'gzip':
    case 'x-gzip':
    case 'zstd':
      return undefined
    case 'deflate':
      return looksLikeJson(body) ? undefined : 'deflate'
    case 'br':
      return looksLikeJson(body) ? undefined : 'br'
    default:
      return looksLikeJson(body) ? undefined : 'unknown'
  }
}

function looksLikeJson(body: Uint8Array): boolean {
  return body[0] === 0x7b && (body[1] === 0x22 || body[1] === 0x20 || body[1] === 0x0a || body[1] === 0x7d)
}

export interface DecodeLimits {
  /** Hears of each further piece of output and returns false to stop. */
  readonly grow: (bytes: number) => boolean
  /** Each costs a turn of the thread pool, and an empty one has 9 bytes. Of zstd only: gzip's members are read in one turn. */
  readonly framesMax: number
}

/** `done` is called once, never at once. */
export function decode(
  body: Buffer,
  encoding: Encoding,
  { grow, framesMax }: DecodeLimits,
  done: (outcome: DecodeOutcome) => void,
): void {
  const decoder = decoders[encoding](body)
  const pieces: Buffer[] = []
  let settled = false
  const settle = (outcome: () => DecodeOutcome): void => {
    if (settled) return
    settled = true
    decoder.destroy()
    done(outcome())
  }
  const damaged = (why: string): void =>
    settle(() => ({ kind: 'damaged', message: `The ${encoding} data is damaged: ${why}.` }))
  decoder.on('data', (piece: Buffer) => {
    if (settled) return
    if (grow(piece.length)) pieces.push(piece)
    else settle(() => ({ kind: 'stopped', message: 'The decoded body is too large.' }))
  })
  decoder.on('end', () => settle(() => ({ kind: 'decoded', body: joined(pieces) })))
  decoder.on('error', (error) => damaged(error.message))
  if (encoding !== 'zstd') {
    decoder.end(body)
    return
  }
  feedFrames(decoder, body, framesMax, (stop) => {
    // Perhaps the first frame: then the caller has not returned yet.
    setImmediate(() => {
      if (stop === 'cut-short') damaged('it is cut short')
      else
        settle(() => ({ kind: 'too-many-frames', message: `The body is made of more than ${framesMax} zstd frames.` }))
    })
  })
}

/**
 * One frame a write: what Node's decoder is given at once it reads up to the end of the first frame only. One decoder for
 * all of them, since making one costs more than most frames.
 */
function feedFrames(
  decoder: Transform,
  body: Buffer,
  framesMax: number,
  stop: (why: 'cut-short' | 'too-many') => void,
): void {
  let at = 0
  let frames = 0
  let isAnyData = false
  const next = (error?: Error | null): void => {
    // Told by its event too.
    if ((error !== undefined && error !== null) || decoder.destroyed) return
    while (at < body.length) {
      const frame = zstdFrameAt(body, at)
      if (frame === undefined) {
        stop('cut-short')
        return
      }
      frames += 1
      if (frames > framesMax) {
        stop('too-many')
        return
      }
      const bytes = body.subarray(at, frame.end)
      at = frame.end
      if (frame.isData) {
        isAnyData = true
        decoder.write(bytes, next)
        return
      }
    }
    if (isAnyData) decoder.end()
    else stop('cut-short')
  }
  next()
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces
  return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces)
}

const decoders: Readonly<Record<Encoding, (body: Uint8Array) => Transform>> = {
  gzip: () => zlib.createGunzip({ chunkSize: chunkBytes }),
  deflate: (body) =>
    isZlibWrapped(body)
      ? zlib.createInflate({ chunkSize: chunkBytes })
      : zlib.createInflateRaw({ chunkSize: chunkBytes }),
  br: () => zlib.createBrotliDecompress({ chunkSize: chunkBytes }),
  zstd: () =>
    zlib.createZstdDecompress({
      chunkSize: chunkBytes,
      params: { [zlib.constants.ZSTD_d_windowLogMax]: zstdWindowLogMax },
    }),
}

/** `deflate` means zlib's wrapping by the standard, but half of the senders leave it off. */
function isZlibWrapped(body: Uint8Array): boolean {
  const [first = 0, second = 0] = body
  return (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0
}
