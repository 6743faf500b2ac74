// The account of all Forward bytes in memory, `chunksBytesMax`. Beyond it nobody is read from: TCP makes the senders wait.
//
//   room ──held > max──▶ short: all pause ──held <= max──▶ room: all go on
//                          │ nothing is on its way to disk: only unfinished messages hold memory
//                          ▼
//                        the one that began first goes on alone; given up if it is not whole in time
//
// Without the last step unfinished messages could fill the account and wait for each other for ever.
import type { Clock } from '../../core/clock.ts'

/** What the account needs of a connection. */
export interface BudgetMember {
  /** Bytes of a message that isn't whole yet; 0 = it waits for none. */
  readonly unfinishedBytes: number
  /** Whether it may be read from changed. */
  readonly memoryChanged: () => void
  /** It had its time: close it without an ack. */
  readonly giveUp: () => void
}

/** Alone, with memory short for everybody, a message must be whole in this time. */
export const leaderTimeoutMs = 30_000

export class Budget {
  readonly #bytesMax: number
  readonly #clock: Clock
  readonly #members = new Set<BudgetMember>()
  /** Oldest first. */
  readonly #unfinished = new Set<BudgetMember>()
  #held = 0
  #unfinishedBytes = 0
  #wasShort = false
  #leader: BudgetMember | undefined
  #cancelLeader: (() => void) | undefined

  constructor(bytesMax: number, clock: Clock) {
    this.#bytesMax = bytesMax
    this.#clock = clock
  }

  get held(): number {
    return this.#held
  }

  join(member: BudgetMember): void {
    this.#members.add(member)
  }

  leave(member: BudgetMember): void {
    this.#members.delete(member)
    this.#unfinished.delete(member)
    if (member === this.#leader) this.#dismiss()
    this.#judge()
  }

  mayRead(member: BudgetMember): boolean {
    return this.#held <= this.#bytesMax || member === this.#leader
  }

  /** Bytes of whole messages, on their way to disk; negative when they are gone. */
  hold(bytes: number): void {
    this.#held += bytes
    this.#judge()
  }

  /** The member's `unfinishedBytes` changed by so much; `isNew`: another message begins with them. */
  holdUnfinished(member: BudgetMember, bytes: number, isNew: boolean): void {
    this.#held += bytes
    this.#unfinishedBytes += bytes
    if (isNew || member.unfinishedBytes === 0) {
      this.#unfinished.delete(member)
      if (member === this.#leader) this.#dismiss()
    }
    if (member.unfinishedBytes > 0) this.#unfinished.add(member)
    this.#judge()
  }

  #judge(): void {
    const isShort = this.#held > this.#bytesMax
    if (!isShort) this.#dismiss()
    else if (this.#leader === undefined && this.#held === this.#unfinishedBytes) this.#appoint()
    if (isShort === this.#wasShort) return
    this.#wasShort = isShort
    for (const member of this.#members) member.memoryChanged()
  }

  #appoint(): void {
    const [leader] = this.#unfinished
    if (leader === undefined) return
    this.#leader = leader
    this.#cancelLeader = this.#clock.schedule(() => {
      leader.giveUp()
    }, leaderTimeoutMs)
    leader.memoryChanged()
  }

  #dismiss(): void {
    const leader = this.#leader
    this.#leader = undefined
    this.#cancelLeader?.()
    leader?.memoryChanged()
  }
}
