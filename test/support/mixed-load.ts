// A sender that knows what must become of everything it sends: new events, events again, ids with other content, events
// that can't be rows, users whose traits arrive in any order. Each source has one sender, so its order is known.
import { expect } from 'vitest'

import type { LedgerLine, Status } from '../../src/portal/api/status.ts'
import type { Millpond } from './millpond.ts'
import { seededRandom } from './random.ts'
import { lineOf, sendTo } from './sender.ts'

const names = ['Camera Opened', 'Cry Detected', '睡眠開始', 'Völlig Müde']
const users = 12

interface Known {
  readonly messageId: string
  readonly event: string
}

interface User {
  readonly timestamp: string
  readonly messageId: string
  readonly n: number | null
}

export class MixedLoad {
  readonly source: string
  readonly key: string
  /** What was acknowledged, by what must have become of it. */
  readonly counts = { received: 0, stored: 0, flagged: 0, duplicates: 0, quarantined: 0 }
  readonly #random: () => number
  readonly #known: Known[] = []
  readonly #users = new Map<string, User>()
  #last = 0
  #identifies = 0

  constructor(source: string, key: string, seed: number) {
    this.source = source
    this.key = key
    this.#random = seededRandom(seed)
  }

  /** Sends one batch; throws if it is not acknowledged, after which nothing can be said any more. */
  async send(address: string, events: number): Promise<void> {
    const batch = Array.from({ length: events }, () => this.#next())
    expect(await sendTo(address, { batch }, { key: this.key })).toMatchObject({ status: 200 })
    this.counts.received += events
  }

  #next(): unknown {
    const dice = this.#random()
    if (dice < 0.12) return this.#quarantined()
    if (dice < 0.3) return this.#identify()
    const known = this.#known[Math.floor(this.#random() * this.#known.length)]
    if (known === undefined || dice < 0.7) return this.#track()
    if (dice < 0.88) {
      this.counts.duplicates += 1
      // What a retry changes is not content.
      return { ...trackOf(known), sentAt: new Date().toISOString() }
    }
    this.counts.flagged += 1
    return { ...trackOf(known), properties: { other: (this.#last += 1) } }
  }

  #track(): unknown {
    const n = (this.#last += 1)
    const known = { messageId: `${this.source}-${n}`, event: names[n % names.length] ?? 'Event' }
    this.#known.push(known)
    this.counts.stored += 1
    return trackOf(known)
  }

  #quarantined(): unknown {
    this.counts.quarantined += 1
    return this.#random() < 0.5 ? 7 : { type: 'track', userId: 'u' }
  }

  #identify(): unknown {
    const n = (this.#last += 1)
    this.counts.stored += 1
    this.#identifies += 1
    const userId = `u${Math.floor(this.#random() * users)}`
    const messageId = `${this.source}-${n}`
    // Few different times, so that the id has to decide now and then.
    const timestamp = new Date(Date.UTC(2026, 0, 1) + Math.floor(this.#random() * 50) * 60_000).toISOString()
    const value = this.#random() < 0.1 ? null : n
    const before = this.#users.get(userId)
    const isNewer =
      before === undefined ||
      timestamp > before.timestamp ||
      (timestamp === before.timestamp && messageId > before.messageId)
    if (isNewer) this.#users.set(userId, { timestamp, messageId, n: value })
    return { type: 'identify', userId, messageId, timestamp, traits: { n: value, always: 1 } }
  }

  /** Everything loaded: the ledger, the rows of the tables, the dead letters and the users are what was sent. */
  async check(millpond: Millpond, status: Status): Promise<void> {
    const { source, counts } = this
    const line: LedgerLine = { source, ...counts, waiting: 0 }
    expect(lineOf(status, source)).toEqual(line)
    const tracks = `SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER FROM ${source}.tracks`
    const stored = counts.stored - this.#identifies
    expect(await millpond.query(tracks)).toEqual([[stored + counts.flagged, stored]])
    const ids = (await millpond.query(`SELECT DISTINCT id FROM ${source}.tracks`)).flat()
    expect(new Set(ids)).toEqual(new Set(this.#known.map(({ messageId }) => messageId)))
    const identifies = `SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER FROM ${source}.identifies`
    expect(await millpond.query(identifies)).toEqual([[this.#identifies, this.#identifies]])
    const letters = `SELECT count(*)::INTEGER, count(DISTINCT id)::INTEGER, sum(events)::INTEGER FROM millpond.dead_letters WHERE source = '${source}'`
    expect(await millpond.query(letters)).toEqual([[counts.quarantined, counts.quarantined, counts.quarantined]])
    const found = await millpond.query(`SELECT id, n, always FROM ${source}.users`)
    expect(new Map(found.map(([id, n, always]) => [id, [n, always]]))).toEqual(
      new Map([...this.#users].map(([id, { n }]) => [id, [n, 1]])),
    )
    expect(found.length).toBe(this.#users.size)
  }
}

function trackOf({ messageId, event }: Known): object {
  return { type: 'track', event, messageId, anonymousId: 'a', properties: { text: `größe ${messageId}` } }
}
