// What a record of rows says of itself: its meta, its lines, and what the ids of rows begin with that have none of their own.
import type { StoredRecord } from '../../buffer/record.ts'
import type { ForwardMeta, RowMeta } from '../../core/event.ts'
import { parseObject } from '../../core/json-object.ts'
import type { Origin } from '../screen/dead-letter.ts'

/** Meta of a record that replays a letter says where the letter's first entry stood. */
export type ReplayableForward = ForwardMeta & { readonly origin?: Origin }
export type ReplayableRow = RowMeta & { readonly origin?: Origin }

/** Undefined: no receiver of ours wrote it. */
export function forwardMetaOf(text: string): ReplayableForward | undefined {
  const meta = parseObject(text)
  const { tag, chunk = '' } = meta ?? {}
  return typeof tag === 'string' && typeof chunk === 'string' ? (meta as unknown as ReplayableForward) : undefined
}

/** By what a record as a whole is known when it comes again; undefined: by nothing. */
export function keyOf({ replayOf, chunk, part, tag }: ForwardMeta): string | undefined {
  if (replayOf !== undefined) return `replay:${replayOf}`
  return chunk === undefined ? undefined : `chunk:${chunk}/${part ?? 0}/${tag}`
}

/** A row that is alone may have any line breaks. Undefined: they aren't as many as was said. */
export function linesOf({ body, count }: StoredRecord): readonly Uint8Array[] | undefined {
  if (count === 1) return [body]
  const lines: Uint8Array[] = []
  for (let start = 0; start < body.length;) {
    const found = body.indexOf(0x0a, start)
    const end = found === -1 ? body.length : found
    lines.push(body.subarray(start, end))
    start = end + 1
  }
  return lines.length === count ? lines : undefined
}

/** What the ids of entries begin with that have none of their own: the same whenever the record is read or sent again. */
export function baseOf(stream: string, { sequence }: StoredRecord, meta: ForwardMeta | undefined): string {
  if (meta?.replayOf !== undefined) return `r-${meta.replayOf}`
  if (meta?.chunk === undefined) return `r-${stream}-${sequence}`
  const chunk = chunkText(meta.chunk)
  return meta.part === undefined ? chunk : `${chunk}-${meta.part}`
}

/** Ack tokens are mostly base64 text, of Ruby's with a line end behind it. */
export function chunkText(chunk: string): string {
  const text = Buffer.from(chunk, 'base64').toString().trim()
  return /^[\x21-\x7e]+$/.test(text) ? text : chunk
}
