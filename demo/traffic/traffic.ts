// All kinds of traffic. A kind is one file: it tells what a fact looks like to one sort of sender. Facts that it knows
// nothing of it passes over. To add one (tickets, device logs, media), write its file and name it in the list below;
// nobody else's messages change by it.
import type { Company, Fact } from '../company/company.ts'
import type { AppSource } from '../company/households.ts'
import { appTraffic } from './app.ts'
import { backendTraffic } from './backend.ts'
import { inferenceTraffic } from './inferences.ts'
import { oddTraffic } from './odd-senders.ts'
import { serviceLogTraffic } from './service-logs.ts'
import { websiteTraffic } from './website.ts'

export type SourceName = AppSource | 'cubby_web' | 'cubby_backend'

/** The sources of the demo and where their keys are. */
export const sources: Readonly<Record<SourceName, 'client' | 'server'>> = {
  cubby_ios: 'client',
  cubby_android: 'client',
  cubby_web: 'client',
  cubby_backend: 'server',
}

export interface Traffic {
  readonly name: string
  tell(fact: Fact, company: Company): Iterable<Message>
}

export type Message = SegmentMessage | FluentMessage | RawMessage

interface MessageBase {
  /** When it happened. */
  readonly atMs: number
}

/** Through a Segment SDK. */
export interface SegmentMessage extends MessageBase {
  readonly road: 'segment'
  readonly source: SourceName
  /** When the sender's request left it: days later, if the phone was offline. */
  readonly sentMs: number
  readonly event: SegmentEvent
}

/** Without its times: the road writes them. */
export interface SegmentEvent {
  readonly type: 'track' | 'identify' | 'page' | 'screen' | 'group' | 'alias'
  readonly messageId: string
  readonly userId?: string
  readonly anonymousId?: string
  readonly event?: string
  readonly name?: string
  readonly groupId?: string
  readonly previousId?: string
  readonly properties?: object
  readonly traits?: object
  readonly context?: object
}

/** Through a Fluent client. */
export interface FluentMessage extends MessageBase {
  readonly road: 'fluent'
  readonly tag: string
  readonly record: Readonly<Record<string, unknown>>
}

/** What no SDK would send: bytes as they are. */
export interface RawMessage extends MessageBase {
  readonly road: 'raw'
  readonly to: SourceName | 'forward'
  /** `rotated`: a sender that never heard of its new key. */
  readonly key: 'current' | 'rotated'
  readonly body: string | Uint8Array
  /** Events that the ledger will count for it: none for what is refused at the door. */
  readonly events: number
}

export const allTraffic: readonly Traffic[] = [
  appTraffic,
  backendTraffic,
  websiteTraffic,
  inferenceTraffic,
  serviceLogTraffic,
  oddTraffic,
]

export function* tellAll(facts: Iterable<Fact>, company: Company): Iterable<Message> {
  for (const fact of facts) {
    for (const traffic of allTraffic) yield* traffic.tell(fact, company)
  }
}

/** A message can't have been sent before it left: what still waits on a phone at `nowMs` isn't there yet. */
export function hasArrived(message: Message, nowMs: number): boolean {
  return (message.road === 'segment' ? message.sentMs : message.atMs) <= nowMs
}
