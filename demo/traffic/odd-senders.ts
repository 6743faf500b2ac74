// Senders that get it wrong, as they do in every company: an old build without event names, a script that writes broken
// JSON, a cron job with a key that was rotated long ago, a job that sends everything twice. So dead letters, duplicates
// and flagged events have something to show.
import { pack } from 'msgpackr'

import { chanceOf, type Company, type Fact } from '../company/company.ts'
import { hourMs, minuteMs } from '../company/span.ts'
import type { Random } from '../random.ts'
import type { RawMessage, SourceName, Traffic } from './traffic.ts'

/** More than `eventBytesMax` allows. */
const screenshotBytes = 600 * 1024

export const oddTraffic: Traffic = {
  name: 'odd-senders',
  *tell(fact, company) {
    if (fact.kind !== 'day') return
    const odd = new OddDay(fact, company)
    yield* odd.oldBuild()
    yield odd.brokenScript()
    yield odd.rotatedKey()
    yield* odd.twice()
    yield odd.sameIds()
    yield odd.plainText()
    if (fact.day % Math.max(1, Math.floor(company.span.days / 3)) === 0) yield odd.screenshot()
  },
}

class OddDay {
  readonly #fact: Fact
  readonly #random: Random

  constructor(fact: Fact, company: Company) {
    this.#fact = fact
    this.#random = chanceOf(company, fact, 'odd-senders')
  }

  /** Version 2.0.1 of the Android app forgets names and ids. */
  *oldBuild(): Iterable<RawMessage> {
    const context = { app: { version: '2.0.1' }, library: { name: 'analytics-kotlin', version: '1.10.0' } }
    const old = { anonymousId: `old-${this.#random.hex(6)}`, context }
    for (let count = 1 + this.#random.times(3); count > 0; count -= 1) {
      yield this.#send('cubby_android', [
        { type: 'track', properties: { screen: 'Live' }, ...this.#ids(`name-${count}`, count), ...old },
        { type: 'track', event: 'App Opened', ...this.#ids(`id-${count}`, count), context },
        { type: 'tracck', event: 'App Opened', ...this.#ids(`type-${count}`, count), ...old },
        'heartbeat',
      ])
    }
  }

  /** Refused with 400: nothing of it is kept, and the sender knows. */
  brokenScript(): RawMessage {
    const body = '{"batch":[{"type":"track","event":"Report","userId":"script"'
    return { road: 'raw', to: 'cubby_backend', key: 'current', atMs: this.#fact.atMs, body, events: 0 }
  }

  rotatedKey(): RawMessage {
    const report = (index: number) => ({
      type: 'track',
      event: 'Night Report Sent',
      userId: 'cron',
      ...this.#ids(`cron-${index}`, index),
      properties: { households: this.#random.whole(100, 200), ok: true },
    })
    return { ...this.#send('cubby_backend', [0, 1, 2, 3, 4, 5].map(report)), key: 'rotated' }
  }

  /** Every night the whole list, and then the whole list again. */
  *twice(): Iterable<RawMessage> {
    const invoices = Array.from({ length: 20 }, (_, index) => ({
      type: 'track',
      event: 'Invoice Synced',
      userId: 'billing',
      ...this.#ids(`invoice-${index}`, index),
      properties: { number: `R-${this.#fact.id}-${index}`, cents: this.#random.whole(699, 2999) },
    }))
    yield this.#send('cubby_backend', invoices)
    yield this.#send('cubby_backend', invoices)
  }

  /** Counts its messages from one after every start: kept, and flagged. */
  sameIds(): RawMessage {
    const beat = {
      type: 'track',
      event: 'Worker Started',
      userId: 'worker',
      properties: { pid: this.#random.whole(2, 32_000) },
    }
    return this.#send('cubby_backend', [{ ...beat, ...this.#ids('worker', 0), messageId: 'worker-message-1' }])
  }

  /** A Forward message whose record is no map. */
  plainText(): RawMessage {
    const seconds = Math.floor(this.#fact.atMs / 1000)
    const body = pack([
      'nursery.gateway',
      [[seconds, 'kernel: out of memory, bye']],
      { chunk: `gateway-${this.#fact.id}` },
    ])
    return { road: 'raw', to: 'forward', key: 'current', atMs: this.#fact.atMs, body, events: 1 }
  }

  screenshot(): RawMessage {
    const picture = `data:image/png;base64,${'A'.repeat(screenshotBytes)}`
    const event = {
      type: 'track',
      event: 'Bug Reported',
      userId: 'u-00001',
      properties: { text: '看不到画面 😢', picture },
    }
    return this.#send('cubby_ios', [{ ...event, ...this.#ids('screenshot', 7) }])
  }

  #ids(mark: string, minute: number): { messageId: string; timestamp: string } {
    const atMs = this.#fact.atMs - hourMs + minute * minuteMs
    return { messageId: `odd-${this.#fact.id}-${mark}`, timestamp: new Date(atMs).toISOString() }
  }

  #send(to: SourceName, batch: readonly unknown[]): RawMessage {
    const body = JSON.stringify({ batch, sentAt: new Date(this.#fact.atMs).toISOString() })
    return { road: 'raw', to, key: 'current', atMs: this.#fact.atMs, body, events: batch.length }
  }
}
