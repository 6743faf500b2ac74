// Undoes Content-Encoding with a limit on what comes out: a few kilobytes of gzip can hold gigabytes. Inflating runs in
// Node's thread pool and stops as soon as the limit is passed; what came out so far is accounted while it grows.
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'

import { zstdFrames } from './zstd-frames.ts'

export type Encoding = 'gzip' | 'deflate' | 'br' | 'zstd'

export type DecodeOutcome =
  | { readonly kind: 'decoded'; readonly body: Buffer }
  | { readonly kind: 'damaged'; readonly message: string }
  /** `grow` said no. */
  | { readonly kind: 'stopped'; readonly message: string }

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

/** `grow` hears of each further piece of output and returns false to stop. `done` is called once, never at once. */
export function decode(
  body: Buffer,
  encoding: Encoding,
  grow: (bytes: number) => boolean,
  done: (outcome: DecodeOutcome) => void,
): void {
  // Node's own decoder would stop in silence behind the first frame.
  const frames = encoding === 'zstd' ? zstdFrames(body) : [body]
  const pieces: Buffer[] = []
  const damaged = (why: string): DecodeOutcome => ({
    kind: 'damaged',
    message: `The ${encoding} data is damaged: ${why}.`,
  })

  function decodeFrom(index: number): void {
    const frame = frames?.[index]
    if (frame === undefined) {
      done({
        kind: 'decoded',
        body: pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces),
      })
      return
    }
    let settled = false
    const decoder = decoders[encoding](frame)
    const settle = (next: () => void): void => {
      if (settled) return
      settled = true
      decoder.destroy()
      next()
    }
    decoder.on('data', (piece: Buffer) => {
      if (settled) return
      if (grow(piece.length)) pieces.push(piece)
      else settle(() => done({ kind: 'stopped', message: 'The decoded body is too large.' }))
    })
    decoder.on('end', () => settle(() => decodeFrom(index + 1)))
    decoder.on('error', (error) => settle(() => done(damaged(error.message))))
    decoder.end(frame)
  }

  if (frames === undefined || frames.length === 0) setImmediate(() => done(damaged('it is cut short')))
  else decodeFrom(0)
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
