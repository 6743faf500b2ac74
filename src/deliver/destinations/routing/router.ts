// Events, as the rules of a destination let them go: some stay, the others go as they are, changed, or as several.
import { createHash } from 'node:crypto'

import { type Clock, isoTime } from '../../../core/clock.ts'
import { type EventType, eventTypes } from '../../../core/event.ts'
import { nameOf } from '../../screen/event-facts.ts'
import { idText } from '../../screen/message-id.ts'
import { columnJson } from '../../screen/parse.ts'
import type { Destination, DestinationType, Json, OutgoingEvent } from '../destination.ts'
import { splitSecrets } from '../settings.ts'
import { fieldsBy } from './fields.ts'
import { hasScript, type RoutingRules } from './rules.ts'
import type { ScriptAnswer, ScriptInput } from './script.ts'
import { ScriptThread } from './script-thread.ts'

/** `events`: at least one. */
export type Routed =
  | { readonly events: readonly OutgoingEvent[] }
  | { readonly skipped: string }
  | { readonly rejected: string }

export interface RouterOptions {
  readonly destination: Pick<Destination, 'rules' | 'settings'>
  readonly type: Pick<DestinationType, 'settings'>
  readonly clock: Clock
}

/** One event may become so many. */
const eventsMax = 100
const named = new Set<EventType>(['track', 'page', 'screen'])

export class Router {
  readonly #rules: RoutingRules
  readonly #only: ReadonlySet<string> | undefined
  readonly #not: ReadonlySet<string>
  readonly #fields: (event: Json) => Json
  readonly #script: ScriptThread | undefined

  constructor({ destination: { rules, settings }, type, clock }: RouterOptions) {
    this.#rules = rules
    this.#only = rules.events?.only === undefined ? undefined : new Set(rules.events.only)
    this.#not = new Set(rules.events?.not)
    this.#fields = fieldsBy(rules.fields)
    const seen = splitSecrets(type, settings).settings
    this.#script = hasScript(rules) ? new ScriptThread({ rules, settings: seen }, clock) : undefined
  }

  /** What is wrong with the scripts of the rules; undefined: nothing. */
  async problem(): Promise<string | undefined> {
    return this.#script?.problem()
  }

  /** For each event what becomes of it. One call at a time. */
  async route(events: readonly OutgoingEvent[]): Promise<Routed[]> {
    const routed: (Routed | undefined)[] = events.map((event) => {
      const reason = this.#stays(event)
      return reason === undefined ? undefined : { skipped: reason }
    })
    const going = events.flatMap((event, index) => (routed[index] === undefined ? [{ event, index }] : []))
    const made = await this.#made(going.map(({ event }) => event))
    for (const [at, { index }] of going.entries()) routed[index] = made[at]
    return routed.map((one) => one ?? { rejected: 'The destination is stopping' })
  }

  async stop(): Promise<void> {
    await this.#script?.stop()
  }

  #stays({ type, name, userId, anonymousId, messageId }: OutgoingEvent): string | undefined {
    const { calls, sample } = this.#rules
    if (calls !== undefined && !calls.includes(type)) return `It takes no ${type} calls`
    if (named.has(type)) {
      if (this.#only?.has(name) === false) return 'The event is not among those that it takes'
      if (this.#not.has(name)) return 'The event is among those that it does not take'
    }
    if (sample === undefined) return undefined
    const whose = sample.by === 'event' ? messageId : userId !== '' ? userId : anonymousId
    return shareOf(whose === '' ? messageId : whose) < sample.percent / 100 ? undefined : 'It is not in the sample'
  }

  async #made(events: readonly OutgoingEvent[]): Promise<Routed[]> {
    const { filter, fields } = this.#rules
    const left = events.map((event) => (fields === undefined ? event : withContent(event, this.#fields(event.event))))
    if (this.#script === undefined) return left.map((event) => ({ events: [event] }))
    const isFilteredWhole = filter !== undefined && fields !== undefined
    const inputs = left.map((event, index) => inputOf(event, isFilteredWhole ? events[index] : undefined))
    const answers = await this.#script.answers(inputs)
    return answers.map((answer, index) => routedBy(answer, left[index] as OutgoingEvent))
  }
}

/** 0 … 1, the same for the same text everywhere. */
function shareOf(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32
}

/** `whole`: with the fields that don't leave; a filter may look at them. */
function inputOf(event: OutgoingEvent, whole: OutgoingEvent | undefined): ScriptInput {
  const { source, receivedAtMicros, messageId } = event
  const seed = createHash('sha256').update(messageId).digest().readInt32BE(0)
  const input = { event: shown(event), source, atMs: Math.floor(receivedAtMicros / 1000), seed }
  return whole === undefined ? input : { ...input, whole: shown(whole) }
}

/** As scripts see it: as it was sent, with what its row says. */
function shown({ event, isExact, type, messageId, atMicros, receivedAtMicros }: OutgoingEvent): Json {
  const content = isExact ? (JSON.parse(columnJson(event, true)) as Json) : event
  return { ...content, type, messageId, timestamp: isoTime(atMicros), receivedAt: isoTime(receivedAtMicros) }
}

function isEventType(type: unknown): type is EventType {
  return (eventTypes as readonly unknown[]).includes(type)
}

function routedBy(answer: ScriptAnswer, event: OutgoingEvent): Routed {
  if (!('events' in answer)) return answer
  const { events } = answer
  if (events.length > eventsMax) return { rejected: `It became more than ${eventsMax} events` }
  const made: OutgoingEvent[] = []
  for (const [index, content] of (events as Json[]).entries()) {
    const { type } = content
    if (!isEventType(type)) return { rejected: 'It became an event without a `type`' }
    // Services know repetitions by it, so several need several; the same ones on every try.
    const messageId = index === 0 ? event.messageId : `${event.messageId}-${index + 1}`
    made.push(withContent({ ...event, type, messageId, isExact: false }, content))
  }
  return { events: made }
}

/** The event with another content. Its time and place stay, whatever the content says. */
function withContent(event: OutgoingEvent, content: Json): OutgoingEvent {
  const userId = idText(content['userId'])
  const anonymousId = idText(content['anonymousId'])
  return { ...event, name: nameOf(content, event.type), userId, anonymousId, event: content }
}
