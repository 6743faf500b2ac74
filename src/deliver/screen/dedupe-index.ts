// Which ids were stored lately. Generations of open-addressing tables, so that memory has a bound (`idsMax`, 16 bytes a
// slot) and the oldest ids leave together. What it answers depends only on the order of what was remembered; it is
// rebuilt from the verdict files at every start.
//
//   remember --> newest --(full, or a quarter of the window old)--> older --> older --> oldest --(out of window, or
//   more than idsMax could gather: the window shortens)--> forgotten

/** Small enough to keep the loss at the end of memory to a quarter, few enough that a miss costs four probes. */
const generationsMax = 4
const slotWords = 4
const slotsMin = 1024
const loadMax = 0.75

export type DedupeAnswer = 'new' | 'duplicate' | 'other-content'

class Generation {
  /** low, high, content, hour a slot; hour 0 = empty. One slot is one cache line's quarter. */
  slots = new Uint32Array(slotsMin * slotWords)
  count = 0
  firstHour: number
  lastHour: number

  constructor(hour: number) {
    this.firstHour = hour
    this.lastHour = hour
  }

  add(low: number, high: number, content: number, hour: number): void {
    if ((this.count + 1) * slotWords > this.slots.length * loadMax) this.#grow()
    this.#place(low, high, content, hour)
    this.count += 1
    if (hour > this.lastHour) this.lastHour = hour
    if (hour < this.firstHour) this.firstHour = hour
  }

  #place(low: number, high: number, content: number, hour: number): void {
    const { slots } = this
    const mask = slots.length / slotWords - 1
    let slot = low & mask
    while (slots[slot * slotWords + 3] !== 0) slot = (slot + 1) & mask
    const at = slot * slotWords
    slots[at] = low
    slots[at + 1] = high
    slots[at + 2] = content
    slots[at + 3] = hour
  }

  #grow(): void {
    const old = this.slots
    this.slots = new Uint32Array(old.length * 2)
    for (let at = 0; at < old.length; at += slotWords) {
      if (old[at + 3] !== 0) this.#place(old[at] ?? 0, old[at + 1] ?? 0, old[at + 2] ?? 0, old[at + 3] ?? 0)
    }
  }
}

export interface DedupeLimits {
  readonly dedupeWindowHours: number
  readonly dedupeIdsMax: number
}

export class DedupeIndex {
  readonly #windowHours: number
  readonly #generationIdsMax: number
  /** Newest last. */
  #generations: Generation[] = []
  #newestHour = 0
  #shortened = false

  constructor({ dedupeWindowHours, dedupeIdsMax }: DedupeLimits) {
    this.#windowHours = dedupeWindowHours
    this.#generationIdsMax = Math.max(1, Math.floor(dedupeIdsMax / generationsMax))
  }

  /** 32-bit words are unsigned; `hour` counts from the epoch. Ids remembered more than the window ago don't answer. */
  ask(low: number, high: number, content: number, hour: number): DedupeAnswer {
    let answer: DedupeAnswer = 'new'
    const earliest = hour - this.#windowHours
    for (let index = this.#generations.length - 1; index >= 0; index--) {
      const generation = this.#generations[index]
      if (generation === undefined || generation.lastHour < earliest) continue
      const { slots } = generation
      const mask = slots.length / slotWords - 1
      for (let slot = low & mask; ; slot = (slot + 1) & mask) {
        const at = slot * slotWords
        const found = slots[at + 3] ?? 0
        if (found === 0) break
        if (slots[at] !== low || slots[at + 1] !== high || found < earliest) continue
        if (slots[at + 2] === content) return 'duplicate'
        answer = 'other-content'
      }
    }
    return answer
  }

  /** Call only for what is stored. */
  remember(low: number, high: number, content: number, hour: number): void {
    const slotHour = Math.max(1, hour)
    let newest = this.#generations.at(-1)
    const generationHours = Math.max(1, Math.ceil(this.#windowHours / generationsMax))
    if (
      newest === undefined ||
      newest.count >= this.#generationIdsMax ||
      slotHour - newest.firstHour >= generationHours
    ) {
      newest = new Generation(slotHour)
      this.#generations.push(newest)
      this.#forget(slotHour)
    }
    newest.add(low, high, content, slotHour)
    if (slotHour > this.#newestHour) this.#newestHour = slotHour
  }

  #forget(hour: number): void {
    this.#generations = this.#generations.filter((one) => one.lastHour >= hour - this.#windowHours)
    // The newest may still fill up: the others together leave it room. Half-empty ones (ended by age) cost no id.
    while (this.#generations.length > 1 && this.#total() > (generationsMax - 1) * this.#generationIdsMax) {
      this.#generations.shift()
      this.#shortened = true
    }
  }

  #total(): number {
    return this.#generations.reduce((sum, one) => sum + one.count, 0)
  }

  get ids(): number {
    return this.#total()
  }

  get bytes(): number {
    return this.#generations.reduce((sum, one) => sum + one.slots.byteLength, 0)
  }

  /** Hours over which repetitions are recognised: the setting, or less once ids had to be forgotten early. */
  get windowHours(): number {
    const oldest = this.#generations[0]
    if (!this.#shortened || oldest === undefined) return this.#windowHours
    return Math.min(this.#windowHours, this.#newestHour - oldest.firstHour)
  }
}
