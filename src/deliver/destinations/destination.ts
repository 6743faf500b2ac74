// The contract of a destination: a service of somebody else that collected events are passed on to. A type of destination is one
// folder with one definition and one line in registry.ts; everything that all of them need (reading, verdicts, waiting, trying
// again) is the courier's. docs/guide/destinations.md says it for people.
import type { IncomingAnswer, OutgoingRequest } from '../../outgoing/http.ts'
import type { EventType } from '../../core/event.ts'
import type { ErasedNames } from '../../control/erasure-store.ts'
import type { RoutingRules } from './routing/rules.ts'

export type Json = Readonly<Record<string, unknown>>

/** One event as a destination gets it: what is in the tables, with the time that stands in its row. */
export interface OutgoingEvent {
  readonly source: string
  readonly type: EventType
  /** Track: the event's name; page, screen: its name, '' if none. */
  readonly name: string
  readonly messageId: string
  readonly userId: string
  readonly anonymousId: string
  /** The row's `timestamp`. Computed once, by intake: the same on every try. */
  readonly atMicros: number
  readonly receivedAtMicros: number
  /** As sent, with what its batch says for all events. */
  readonly event: Json
  /** Its numbers go beyond a double: write its JSON with `columnJson(…, true)`. */
  readonly isExact: boolean
}

/** Values of a destination's settings, all checked: see SettingSpec. */
export type DestinationSettings = Readonly<Record<string, string>>

export interface SettingSpec {
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
  /** Encrypted at rest, and shown to nobody again. */
  readonly isSecret: boolean
  /** The only values that it takes. */
  readonly choices?: readonly string[]
  readonly default?: string
  readonly example: string
}

/** What the service documents. Data, not code: looked up again when a vendor changes it. */
export interface DestinationLimits {
  readonly eventsPerRequestMax: number
  /** Where a lane takes fewer. */
  readonly perLane?: Readonly<Record<string, number>>
  readonly bytesPerRequestMax: number
  /** Requests under way at one time. */
  readonly requestsMax: number
  /** The service takes no older events; undefined: of any age. */
  readonly ageHoursMax?: number
  /** Day on which somebody last compared this with `documentation`. */
  readonly lastVerified: string
  readonly documentation: string
}

/** One thing to send. Items of one lane may share a request. */
export interface Item {
  readonly lane: string
  readonly text: string
}

/** `skipped`: the destination has no use for it. `refused`: it would not be taken, and why. */
export type Shaped = { readonly items: readonly Item[] } | { readonly skipped: string } | { readonly refused: string }

/** Text of one HTTP request; headers may hold what is secret, and are never written down. */
export type Outcome =
  /** Taken, except for these items. */
  | { readonly kind: 'taken'; readonly rejected: readonly { readonly index: number; readonly reason: string }[] }
  /** None of it was taken, because of something in it: it is sent again in halves. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Not now. */
  | { readonly kind: 'later'; readonly reason: string; readonly afterMs?: number }
  /** Nothing will be taken before somebody changes settings; nothing is lost meanwhile. */
  | { readonly kind: 'blocked'; readonly reason: string }

/** How much of the stream leaves together, at most; one record (a sender's request) may go beyond. */
export interface SliceLimits {
  readonly eventsMax: number
  /** As they were received. */
  readonly bytesMax: number
}

export interface DestinationType {
  /** In commands and addresses. */
  readonly type: string
  readonly title: string
  readonly description: string
  /** Names by which an event's `integrations` call it. */
  readonly integrationNames: readonly string[]
  readonly settings: readonly SettingSpec[]
  readonly limits: DestinationLimits
  /**
   * `by-id`: the service itself knows a repetition, so that an event counts once. `at-least-once`: a crash or an answer that
   * got lost may make it count twice.
   */
  readonly repetition: 'by-id' | 'at-least-once'
  /** The risk of double counting, in one sentence. */
  readonly repetitionNote: string
  /** False: a request whose answer got lost isn't sent again; its events are `unconfirmed`. Absent: it is. */
  repeatsUnanswered?(settings: DestinationSettings): boolean
  /** What is wrong with these settings beyond their specs; undefined: nothing. */
  check?(settings: DestinationSettings): string | undefined
  /**
   * It keeps files: events wait until the hour in which they were received is over, or until there are so many, and leave together
   * as a slice (slices.ts). Items of a lane are then one request, which is tried until it is taken, and never in halves. Absent:
   * events leave as they come.
   */
  slices?(settings: DestinationSettings): SliceLimits
  /** Pure, so that a try later, a preview and a replay give the same bytes. */
  shape(event: OutgoingEvent, settings: DestinationSettings): Shaped
  /** `slice`: the same for the same part of the stream, and for no other; undefined where events don't leave in slices. */
  request(
    lane: string,
    items: readonly string[],
    settings: DestinationSettings,
    nowMicros: number,
    slice?: string,
  ): OutgoingRequest
  /**
   * The request by which the service is asked to forget a person, with its effect once a repetition of it arrives, too. `notAsked`:
   * these settings don't allow it. Absent: the service can't be asked.
   */
  forget?(
    names: ErasedNames,
    settings: DestinationSettings,
    nowMicros: number,
  ): OutgoingRequest | { readonly notAsked: true }
  /** Why it isn't asked to forget anybody, and what to do instead; in a receipt. */
  readonly forgetNote: string
  /** Of an answer that came. A connection that broke is `later`, whatever the type. */
  judge(answer: IncomingAnswer, items: number, lane: string): Outcome
}

export interface Destination {
  readonly id: string
  readonly name: string
  readonly type: string
  /** Empty: all of them. */
  readonly sources: readonly string[]
  readonly settings: DestinationSettings
  readonly rules: RoutingRules
  readonly state: 'active' | 'disabled'
  /** A change of anything is another version; an attempt says which one it was made with. */
  readonly version: number
}

/** Every type has them. */
export const commonSettings: readonly SettingSpec[] = [
  {
    name: 'consentCategories',
    description: 'categories of consent, with commas, all of which an event must have',
    isRequired: false,
    isSecret: false,
    example: 'advertising,analytics',
  },
  {
    name: 'consentDefault',
    description: 'what holds for an event that says nothing of a category',
    isRequired: false,
    isSecret: false,
    choices: ['allow', 'deny'],
    default: 'allow',
    example: 'deny',
  },
  {
    name: 'allowPrivateNetwork',
    description: 'permit an address of this machine or of a private network',
    isRequired: false,
    isSecret: false,
    choices: ['true', 'false'],
    default: 'false',
    example: 'true',
  },
]

/** For types whose address is known: another one instead, for a proxy or a test server. */
export const baseUrlSetting: SettingSpec = {
  name: 'baseUrl',
  description: "send there instead of to the vendor's address: a proxy, or a test server",
  isRequired: false,
  isSecret: false,
  example: 'https://proxy.example.com',
}

/** Where requests go, without a slash at its end. `address`: the vendor's. */
export function baseUrlOf({ baseUrl }: DestinationSettings, address = ''): string {
  return (baseUrl ?? address).replace(/\/$/, '')
}

/** What is wrong with an address; undefined: nothing. */
export function urlObjection(name: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  if (!URL.canParse(text)) return `\`${name}\` is no address`
  const { protocol, username, password } = new URL(text)
  if (protocol !== 'https:' && protocol !== 'http:') return `\`${name}\` begins with https:// or http://`
  if (username !== '' || password !== '') return `\`${name}\` holds a password; there is a setting for secrets`
  return undefined
}

/** 5xx, 429 and 408 pass; 401 and 403 need somebody; what else is refused is in the request. */
export function judgeStatus({ status, retryAfterMs, body }: IncomingAnswer): Outcome {
  if (status >= 200 && status < 300) return { kind: 'taken', rejected: [] }
  const reason = `HTTP ${status}${body === '' ? '' : `: ${body.slice(0, 300)}`}`
  if (status === 429 || status === 408 || status === 425 || status >= 500) {
    return { kind: 'later', reason, ...(retryAfterMs === undefined ? {} : { afterMs: retryAfterMs }) }
  }
  if (status === 400 || status === 413 || status === 422) return { kind: 'refused', reason }
  return { kind: 'blocked', reason }
}
