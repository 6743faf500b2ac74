// From a complete body to a record in the buffer: judge, find the key, spare what others need, correct the clock, append.
// Knows nothing of HTTP; what it hands back says what the sender must hear.
import type { Append, NewRecord } from '../../buffer/record.ts'
import type { KeyDirectory } from '../../control/sources-file.ts'
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { QuarantineReason, RequestMeta } from '../../core/event.ts'
import type { Log } from '../../core/log.ts'
import type { Refusal } from '../http/answer.ts'
import type { RateLimit, StrangerLimit } from '../http/rate-limit.ts'
import type { Counters } from '../stats.ts'
import type { DeviceClocks } from './clock-offset.ts'
import { type KeySearch, type KnownKey, keysOfBody, searchKey } from './key.ts'
import { alwaysImports, libraryOf, viaOf } from './library.ts'
import { judge, type Readable } from './parse.ts'
import type { CallRoute } from './routes.ts'
import type { Sender } from './sender.ts'

export interface AcceptDeps {
  readonly append: Append
  readonly keys: KeyDirectory
  readonly clock: Clock
  readonly log: Log
  readonly rateLimit: RateLimit
  readonly strangerLimit: StrangerLimit
  readonly deviceClocks: DeviceClocks
  readonly counters: Counters
  readonly retryAfterSeconds: () => number
}

/** What is known of a request before its body is there. */
export interface Admission {
  readonly route: CallRoute
  readonly address: string
  /** What of the address may be written down. */
  readonly keptAddress: string
  readonly search: KeySearch
}

const missing: Refusal = {
  code: 'write-key-missing',
  message: 'No write key: send it as "writeKey" in the body, as user of Basic authorization, or as ?writeKey=.',
}
const unknown: Refusal = { code: 'write-key-unknown', message: 'This write key was never issued here.' }

/** The rate of a key that stands outside the body is judged before the body is read; so is an address without one. */
export function admit(deps: AcceptDeps, route: CallRoute, sender: Sender): Admission | Refusal {
  const { address, keptAddress } = sender
  const search = searchKey(deps.keys, sender.keys)
  const refusal =
    search.kind === 'known' ? refuseRate(deps, search.key, address) : refuseStranger(deps, { search, address })
  if (refusal !== undefined && search.kind !== 'known') return { ...refusal, close: true }
  return refusal ?? { route, address, keptAddress, search }
}

/** Counts a request against its address that was read for nothing: no key of ours outside the body, and none inside. */
export function chargeStranger(
  deps: AcceptDeps,
  { search, address }: Pick<Admission, 'search' | 'address'>,
  bytes: number,
): void {
  if (search.kind !== 'known') deps.strangerLimit.charge(address, bytes)
}

function refuseStranger(
  deps: AcceptDeps,
  { search, address }: Pick<Admission, 'search' | 'address'>,
): Refusal | undefined {
  const seconds = search.kind === 'known' ? 0 : deps.strangerLimit.wait(address)
  if (seconds === 0) return undefined
  const message = 'Too many requests without a valid write key came from this address.'
  return { code: 'rate-limited', message, retryAfterSeconds: seconds }
}

/** Undefined: on disk, or nothing to keep. Never rejects. */
export async function accept(deps: AcceptDeps, admission: Admission, bytes: Uint8Array): Promise<Refusal | undefined> {
  try {
    // The parsed body is five times its bytes: it must be gone before the wait for the disk.
    const prepared = prepare(deps, admission, bytes)
    if (prepared === undefined || 'code' in prepared) return prepared
    await deps.append(prepared.record)
    deps.counters.countAppend(prepared.record.count, prepared.refused)
    if (prepared.repaired) deps.counters.bodiesRepaired++
    return undefined
  } catch (error) {
    return refusalOf(deps, error)
  }
}

interface Prepared {
  readonly record: NewRecord
  readonly refused: QuarantineReason | undefined
  readonly repaired: boolean
}

/** Undefined: a batch of nothing. */
function prepare(deps: AcceptDeps, admission: Admission, bytes: Uint8Array): Prepared | Refusal | undefined {
  // Again, because many may have been let in at once; parsing is what costs.
  const refusal = refuseStranger(deps, admission)
  if (refusal !== undefined) return refusal
  const judgement = judge(bytes, admission.route.call)
  if (judgement.kind === 'unreadable') {
    chargeStranger(deps, admission, bytes.length)
    return { code: 'body-unreadable', message: judgement.message }
  }
  const key = findKey(deps, admission, judgement)
  if ('code' in key) {
    if (key.code !== 'rate-limited') chargeStranger(deps, admission, bytes.length)
    return key
  }
  const { count, body, repaired } = judgement
  if (count === 0) return undefined
  const { source, refused } = key
  const receivedAtMicros = deps.clock.nowMicros()
  const meta = JSON.stringify(metaOf(deps, admission, key, judgement, receivedAtMicros))
  return { record: { kind: 'segment', source, receivedAtMicros, count, meta, body }, refused, repaired }
}

function findKey(deps: AcceptDeps, { search, address }: Admission, { root, first }: Readable): KnownKey | Refusal {
  if (search.kind === 'known') return search.key
  const inBody = searchKey(deps.keys, keysOfBody(root, first))
  if (inBody.kind === 'known') return refuseRate(deps, inBody.key, address) ?? inBody.key
  return search.kind === 'foreign' || inBody.kind === 'foreign' ? unknown : missing
}

function refuseRate(deps: AcceptDeps, key: KnownKey, address: string): Refusal | undefined {
  const seconds = deps.rateLimit.take(key.writeKey, address)
  if (seconds === 0) return undefined
  return { code: 'rate-limited', message: 'Too many requests with this write key.', retryAfterSeconds: seconds }
}

function metaOf(
  deps: AcceptDeps,
  { route, keptAddress }: Admission,
  { source, refused, plan }: KnownKey,
  { root, first }: Readable,
  receivedAtMicros: number,
): RequestMeta {
  const { call } = route
  const via = viaOf(route, first)
  const library = libraryOf(first) ?? libraryOf(root)
  const clock =
    refused === undefined
      ? deps.deviceClocks.correct({ source, via, library, root, first, receivedAtMicros })
      : undefined
  return {
    call,
    via,
    ...(keptAddress === '' ? undefined : { ip: keptAddress }),
    ...(clock === undefined ? undefined : { clock }),
    ...(refused === undefined ? undefined : { refused }),
    ...(plan === undefined || refused !== undefined ? undefined : { plan }),
    ...(route.import === true && !alwaysImports(library) ? { import: true } : undefined),
  }
}

/** Nothing was kept, so the sender must try again: 503, whatever the reason. */
function refusalOf(deps: AcceptDeps, error: unknown): Refusal {
  const known = error instanceof MillpondError ? error : undefined
  const retryAfterSeconds = known?.retryAfterSeconds ?? deps.retryAfterSeconds()
  if (known?.kind === 'retry') return { code: known.code, message: known.message, retryAfterSeconds }
  deps.log.error({ err: error }, 'A record could not be appended; the sender was told to try again.')
  return { code: 'buffer-write-failed', message: 'The events could not be kept. Try again.', retryAfterSeconds }
}
