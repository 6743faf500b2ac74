// The hunt for what the warehouse refuses. A plan that fails twice is halved until one record is left, then that
// record's events are loaded in pieces until the refused ones are known; they become dead letters, all others land.
//
//   calm --refused--> suspicious --refused--> halving --(one record, refused)--> pieces --(last piece loaded)--> calm
//                         \--loaded--> calm      \--loaded behind the suspect--> calm
//
// Pieces are committed without the record's position: until its last piece there must be no checkpoint, or a crash
// could load them again.
import type { StreamName } from '../../buffer/buffer.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { PieceOrder, PreparedPlan, Refusal } from './worker-messages.ts'

interface Splitting {
  readonly stream: StreamName
  readonly sequence: number
  readonly count: number
  from: number
  size: number
  readonly refused: number[]
}

export class PoisonHunt {
  /** Plans are not larger than this; undefined: as the settings say. */
  eventsMax: number | undefined
  #failures = 0
  #suspectUntil: readonly StreamPosition[] = []
  #splitting: Splitting | undefined
  /** Records that not even letters of single events could save. */
  #whole: Refusal[] = []

  /** What a new worker must leave out. */
  get refusals(): readonly Refusal[] {
    const splitting = this.#splitting
    if (splitting === undefined) return this.#whole
    return [...this.#whole, { stream: splitting.stream, sequence: splitting.sequence, events: splitting.refused }]
  }

  /** What a new worker must load of its first record. */
  get piece(): PieceOrder | undefined {
    const splitting = this.#splitting
    if (splitting === undefined) return undefined
    return { from: splitting.from, to: Math.min(splitting.count, splitting.from + splitting.size) }
  }

  /** False while pieces of a record are loaded but not its position. */
  get mayCheckpoint(): boolean {
    return this.#splitting === undefined
  }

  /** The warehouse refused this plan. True: something was learned; false: the plan is innocent, wait and begin again. */
  refused({ plan, events, records, only }: PreparedPlan): boolean {
    this.#failures += 1
    if (this.#splitting !== undefined) return this.#pieceRefused(this.#splitting)
    if (this.#failures === 1) {
      this.#suspectUntil = plan?.positions ?? []
      return true
    }
    if (only === undefined) {
      this.eventsMax = records <= 2 ? 1 : Math.max(1, Math.floor(events / 2))
      return true
    }
    const isWholeRefused = this.#whole.some((one) => one.stream === only.stream && one.sequence === only.sequence)
    if (isWholeRefused) {
      // Even its letter can't be written: not the record is ill.
      this.reset()
      return false
    }
    this.eventsMax = 1
    this.#splitting = { ...only, from: 0, size: Math.ceil(only.count / 2), refused: [] }
    return true
  }

  #pieceRefused(splitting: Splitting): boolean {
    if (splitting.size > 1) {
      splitting.size = Math.ceil(splitting.size / 2)
      return true
    }
    if (splitting.from >= splitting.count) {
      // Nothing but letters was left, and they were refused too.
      this.reset()
      return false
    }
    splitting.refused.push(splitting.from)
    splitting.from += 1
    return true
  }

  /** The worker itself failed over one record, again and again: the record is kept out as a whole. */
  giveUp({ stream, sequence }: { readonly stream: StreamName; readonly sequence: number }): void {
    this.#splitting = undefined
    this.#whole = [...this.#whole, { stream, sequence, events: 'all' }]
  }

  /**
   * A plan was loaded; `standing`: all positions of the warehouse now. True: a new worker is needed, because this one has
   * judged the record that goes on.
   */
  loaded(positions: readonly StreamPosition[], standing: readonly StreamPosition[]): boolean {
    const splitting = this.#splitting
    if (splitting !== undefined) {
      const to = Math.min(splitting.count, splitting.from + splitting.size)
      const isDone = positions.some((one) => one.stream === splitting.stream)
      splitting.from = to
      if (!isDone) return true
      this.#splitting = undefined
    }
    const isBehind = this.#suspectUntil.every((suspect) => isReached(suspect, standing))
    if (isBehind) this.reset()
    return false
  }

  reset(): void {
    this.eventsMax = undefined
    this.#failures = 0
    this.#suspectUntil = []
    this.#splitting = undefined
    this.#whole = []
  }
}

function isReached(suspect: StreamPosition, positions: readonly StreamPosition[]): boolean {
  return positions.some(({ stream, sequence }) => stream === suspect.stream && sequence >= suspect.sequence)
}
