// Names that a grown source's public key has sent, but that don't count yet. Bounded: in a flood the names seen longest
// ago are forgotten, which only delays them. Lost at a restart, which also only delays.

import { hashText } from '../screen/hash.ts'

const namesMax = 10_000

interface PendingName {
  events: number
  /** Hashes: an id may be as long as its sender likes. */
  readonly anonymousIds: number[]
}

export interface PendingLimits {
  readonly newNameEventsMin: number
  readonly newNameAnonymousIdsMin: number
}

export class PendingNames {
  readonly #limits: PendingLimits
  /** In order of last use. */
  readonly #names = new Map<string, PendingName>()

  constructor(limits: PendingLimits) {
    this.#limits = limits
  }

  /** Counts one event; true once the name has come often enough from enough people. */
  count(name: string, anonymousId: string): boolean {
    const pending = this.#names.get(name) ?? { events: 0, anonymousIds: [] }
    this.#names.delete(name)
    pending.events += 1
    const { anonymousIds } = pending
    const hash = hashText(anonymousId)
    if (anonymousIds.length < this.#limits.newNameAnonymousIdsMin && !anonymousIds.includes(hash)) {
      anonymousIds.push(hash)
    }
    const counts =
      pending.events >= this.#limits.newNameEventsMin && anonymousIds.length >= this.#limits.newNameAnonymousIdsMin
    if (counts) return true
    this.#names.set(name, pending)
    if (this.#names.size > namesMax) this.#names.delete(this.#names.keys().next().value ?? '')
    return false
  }

  get size(): number {
    return this.#names.size
  }
}
