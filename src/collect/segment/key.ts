// Finds the write key, wherever an SDK puts it. Several places may name one (analytics-node: header and body); a proxy may
// even add an Authorization of its own. So all places are asked in turn, and the first key that we ever issued counts.
import type { IncomingMessage } from 'node:http'

import type { KeyDirectory, KeyVerdict } from '../../control/sources-file.ts'
import type { QuarantineReason } from '../../core/event.ts'
import { queryOf } from './routes.ts'

/** A key of ours, and what follows from its state. */
export interface KnownKey {
  readonly writeKey: string
  readonly source: string
  /** Every event of the request is quarantined for this reason; the sender hears 200, since retrying would not help. */
  readonly refused: QuarantineReason | undefined
  /** Version of the source's tracking plan in force. */
  readonly plan?: number | undefined
}

export type KeySearch =
  | { readonly kind: 'known'; readonly key: KnownKey }
  /** Keys came, but none was ever issued here. */
  | { readonly kind: 'foreign' }
  | { readonly kind: 'none' }

/** Longer is no key of anybody; saves hashing megabytes. */
const keyCharsMax = 256
const none: KeySearch = { kind: 'none' }
const foreign: KeySearch = { kind: 'foreign' }

/** Keys named outside the body: Basic, X-Write-Key, ?writeKey=. A Bearer token (OAuth) is not a key; the body has it then. */
export function keysOutsideBody(request: IncomingMessage): readonly string[] {
  const keys: string[] = []
  const basic = keyOfBasic(request.headers.authorization)
  if (basic !== undefined) keys.push(basic)
  const header = request.headers['x-write-key']
  if (typeof header === 'string') keys.push(header)
  const url = request.url ?? ''
  if (url.includes('?')) {
    const query = new URLSearchParams(queryOf(url)).get('writeKey')
    if (query !== null) keys.push(query)
  }
  return keys
}

/** Basic base64("KEY:"), also without the colon or with something behind it. */
export function keyOfBasic(authorization: string | undefined): string | undefined {
  if (authorization === undefined || !/^basic /i.test(authorization)) return undefined
  const decoded = Buffer.from(authorization.slice(6).trim(), 'base64').toString('latin1')
  const colon = decoded.indexOf(':')
  return colon === -1 ? decoded : decoded.slice(0, colon)
}

/** `writeKey` of the body, or of its first event: browsers put it into each. */
export function keysOfBody(
  root: Readonly<Record<string, unknown>>,
  first: Readonly<Record<string, unknown>> | undefined,
): readonly string[] {
  return [root['writeKey'], first === root ? undefined : first?.['writeKey']].filter((key) => typeof key === 'string')
}

export function searchKey(directory: KeyDirectory, keys: readonly string[]): KeySearch {
  let result = none
  for (const named of keys) {
    const writeKey = keyOfNamed(named)
    if (writeKey === '') continue
    const verdict: KeyVerdict = writeKey.length > keyCharsMax ? { kind: 'foreign' } : directory.lookup(writeKey)
    if (verdict.kind === 'foreign') {
      result = foreign
      continue
    }
    return { kind: 'known', key: knownKey(writeKey, verdict) }
  }
  return result
}

/** Jitsu's keys are `id:secret`, and its SDK refuses others; ours is the id, whatever stands behind it. */
function keyOfNamed(named: string): string {
  const colon = named.indexOf(':')
  return (colon === -1 ? named : named.slice(0, colon)).trim()
}

function knownKey(writeKey: string, verdict: Exclude<KeyVerdict, { kind: 'foreign' }>): KnownKey {
  if (verdict.kind === 'unlisted') return { writeKey, source: 'unknown', refused: 'key_unlisted' }
  const { source, state, plan } = verdict
  return { writeKey, source, refused: refusedByState[state], plan }
}

const refusedByState = { active: undefined, disabled: 'key_disabled', rotated: 'key_rotated' } as const
