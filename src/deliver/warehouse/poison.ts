// The hunt for what the warehouse refuses. A plan that fails twice is halved until one record is left, then that
// record's events are loaded in pieces until the refused ones are known; they become dead letters, all others land.
//
//   calm --refused--> suspicious --refused--> halving --(one record, refused)--> pieces --(last piece loaded)--> calm
//                         \--loaded--> calm      \--loaded behind the suspect--> calm
//
// Pieces are committed without the record's position: until its last piece there must be no checkpoint, or a crash
// could load them again. For the same reason a record of which pieces are in is never begun anew: if it can't be ended,
// only a start from the last checkpoint undoes them.
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { PieceOrder, PreparedPlan, RecordPlace, Refusal } from './worker-messages.ts'

interface Splitting extends RecordPlace {
  readonly count: number
  from: number
  size: number
  readonly refused: number[]
  /** A piece is in. */
  isCommitted: boolean
  /** What is tried now was refused, and nothing else can be tried. */
  isStuck: boolean
}

export class PoisonHunt {
  /** Plans are not larger than this; undefined: as the settings say. */
  eventsMax: number | undefined
  #failures = 0
  #suspectUntil: readonly StreamPosition[] = []
  #splitting: Splitting | undefined
  /** Records that not even letters of single events could save. */
  #whole: Refusal[] = []
  /** Where the worker failed last, and how often. */
  #failing: (RecordPlace & { readonly times: number }) | undefined

  /** What a new worker must leave out. */
  get refusals(): readonly Refusal[] {
    const splitting = this.#splitting
    if (splitting === undefined) return this.#whole
    return [...this.#whole, { stream: splitting.stream, sequence: splitting.sequence, events: splitting.refused }]
  }

  /** What alone a new worker must load. */
  get piece(): PieceOrder | undefined {
    const splitting = this.#splitting
    if (splitting === undefined) return undefined
    const { stream, sequence } = splitting
    return { stream, sequence, from: splitting.from, to: endOf(splitting) }
  }

  /** False while pieces of a record are loaded but not its position. */
  get mayCheckpoint(): boolean {
    return this.#splitting === undefined
  }

  /** Pieces are in that only a start from the last checkpoint undoes. */
  get isStuck(): boolean {
    return this.#splitting?.isStuck === true && this.#splitting.isCommitted
  }

  /** The warehouse refused this plan. True: something was learned; false: the plan is innocent, wait and begin again. */
  refused({ plan, events, records, only }: PreparedPlan): boolean {
    this.#failures += 1
    const splitting = this.#splitting
    if (splitting !== undefined) return isSame(splitting, only) && this.#pieceRefused(splitting)
    if (this.#failures === 1) {
      this.#suspectUntil = [...this.#suspectUntil, ...(plan?.positions ?? [])]
      return true
    }
    if (only === undefined) {
      this.eventsMax = records <= 2 ? 1 : Math.max(1, Math.floor(events / 2))
      return true
    }
    if (this.#isGivenUp(only)) {
      // Even its letter can't be written: not the record is ill.
      this.reset()
      return false
    }
    this.eventsMax = 1
    this.#splitting = {
      ...only,
      from: 0,
      size: Math.ceil(only.count / 2),
      refused: [],
      isCommitted: false,
      isStuck: false,
    }
    return true
  }

  #pieceRefused(splitting: Splitting): boolean {
    if (splitting.size > 1) {
      splitting.size = Math.ceil(splitting.size / 2)
      return true
    }
    if (splitting.from >= splitting.count) {
      // Nothing but letters and counts was left, and they were refused too.
      if (splitting.isCommitted) splitting.isStuck = true
      else this.reset()
      return false
    }
    splitting.refused.push(splitting.from)
    splitting.from += 1
    return true
  }

  /**
   * The worker itself failed over a record. The second time it is kept out as a whole; if the worker died, perhaps of all
   * that was in the plan, only after it failed alone. True: the next try will be another one; false: wait first.
   */
  workerFailed({ stream, sequence }: RecordPlace, isDeath: boolean): boolean {
    const place = { stream, sequence }
    const before = this.#failing
    const times = before !== undefined && isSame(before, place) ? before.times + 1 : 1
    this.#failing = { ...place, times }
    if (times < 2) return false
    if (isDeath && this.eventsMax !== 1) {
      this.eventsMax = 1
      this.#suspectUntil = [...this.#suspectUntil, place]
      return true
    }
    return this.#giveUp(place)
  }

  #giveUp(place: RecordPlace): boolean {
    if (this.#splitting?.isCommitted === true) {
      this.#splitting.isStuck = true
      return false
    }
    if (this.#isGivenUp(place)) return false
    this.#splitting = undefined
    this.#whole = [...this.#whole, { ...place, events: 'all' }]
    this.#suspectUntil = [...this.#suspectUntil, place]
    return true
  }

  #isGivenUp(place: RecordPlace): boolean {
    return this.#whole.some((one) => isSame(one, place))
  }

  /**
   * A plan was loaded; `standing`: all positions of the warehouse now. After a piece a new worker is needed, because this
   * one has judged the record that goes on.
   */
  loaded({ plan, only }: Pick<PreparedPlan, 'plan' | 'only'>, standing: readonly StreamPosition[]): void {
    const splitting = this.#splitting
    if (splitting !== undefined && !isReached(splitting, plan?.positions ?? [])) {
      if (!isSame(splitting, only)) return
      splitting.from = endOf(splitting)
      splitting.isCommitted = true
      splitting.isStuck = false
      return
    }
    this.#splitting = undefined
    const isBehind = this.#suspectUntil.every((suspect) => isReached(suspect, standing))
    if (isBehind) this.reset()
  }

  reset(): void {
    this.eventsMax = undefined
    this.#failures = 0
    this.#suspectUntil = []
    this.#splitting = undefined
    this.#whole = []
  }
}

function endOf({ count, from, size }: Splitting): number {
  return Math.min(count, from + size)
}

function isSame(one: RecordPlace, other: RecordPlace | undefined): boolean {
  return one.stream === other?.stream && one.sequence === other.sequence
}

export function isReached(suspect: StreamPosition, positions: readonly StreamPosition[]): boolean {
  return positions.some(({ stream, sequence }) => stream === suspect.stream && sequence >= suspect.sequence)
}
