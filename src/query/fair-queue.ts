// Who may run next: at most `runningMax` at a time, the rest wait in one line a person, and free places go round the
// persons in turn. So a dashboard with forty tiles waits for itself, not everybody else for it. Work that nobody waits for
// (schedules) comes when no line is left.
//
//   enter -> running -> (release)
//     \--> waiting -> running
//             \-> refused: aborted, pushed out by a newcomer without a place, or stopped
import { MillpondError } from '../core/errors.ts'

export interface FairQueueLimits {
  readonly runningMax: number
  /** Of all persons together. */
  readonly waitingMax: number
}

/** Gives the place back; calling it again does nothing. */
export type Release = () => void

interface Ticket {
  readonly grant: () => void
  readonly refuse: (error: MillpondError) => void
}

export class FairQueue {
  readonly #limits: FairQueueLimits
  /** In the order of their next turn; only persons who wait for something. */
  readonly #lines = new Map<string, Ticket[]>()
  /** Behind all lines, in order of coming; few by themselves, so not counted. */
  #behind: Ticket[] = []
  #running = 0
  #waiting = 0
  #stopped = false

  constructor(limits: FairQueueLimits) {
    this.#limits = limits
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting
  }

  /** Resolves when it is this one's turn. Errors: queries-waiting, query-cancelled. */
  async enter(person: string, signal: AbortSignal, isBehind = false): Promise<Release> {
    if (this.#stopped || signal.aborted) throw cancelled()
    if (this.#running < this.#limits.runningMax) {
      this.#running += 1
      return this.#createRelease()
    }
    if (!isBehind) this.#makeRoom(person)
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        if (isBehind) this.#behind = this.#behind.filter((other) => other !== ticket)
        else this.#leave(person, ticket)
        reject(cancelled())
      }
      const ticket: Ticket = {
        grant: () => {
          signal.removeEventListener('abort', giveUp)
          this.#running += 1
          resolve(this.#createRelease())
        },
        refuse: (error) => {
          signal.removeEventListener('abort', giveUp)
          reject(error)
        },
      }
      signal.addEventListener('abort', giveUp)
      if (isBehind) {
        this.#behind.push(ticket)
        return
      }
      this.#lines.set(person, [...(this.#lines.get(person) ?? []), ticket])
      this.#waiting += 1
    })
  }

  /** Refuses all who wait, and all who come. */
  stop(): void {
    this.#stopped = true
    const tickets = [...this.#lines.values(), this.#behind].flat()
    this.#lines.clear()
    this.#behind = []
    this.#waiting = 0
    for (const ticket of tickets) ticket.refuse(cancelled())
  }

  /** When all places to wait are taken: whoever holds most of them gives up the newest, unless that is the newcomer. */
  #makeRoom(person: string): void {
    if (this.#waiting < this.#limits.waitingMax) return
    const own = this.#lines.get(person)?.length ?? 0
    const [greediest, line = []] = [...this.#lines].reduce<[string, Ticket[]] | []>(
      (most, entry) => (entry[1].length > (most[1]?.length ?? 0) ? entry : most),
      [],
    )
    const pushedOut = line.at(-1)
    if (greediest === undefined || pushedOut === undefined || line.length <= own + 1) throw tooMany()
    this.#leave(greediest, pushedOut)
    pushedOut.refuse(tooMany())
  }

  #leave(person: string, ticket: Ticket): void {
    const line = this.#lines.get(person) ?? []
    const rest = line.filter((other) => other !== ticket)
    this.#waiting -= line.length - rest.length
    if (rest.length === 0) this.#lines.delete(person)
    else this.#lines.set(person, rest)
  }

  #createRelease(): Release {
    let released = false
    return () => {
      if (released) return
      released = true
      this.#running -= 1
      this.#grantNext()
    }
  }

  #grantNext(): void {
    const [next] = this.#lines
    if (next === undefined) {
      this.#behind.shift()?.grant()
      return
    }
    const [person, [ticket, ...rest]] = next
    if (ticket === undefined) return
    // Taken out and put in again at the end: a Map keeps the order in which its keys came.
    this.#lines.delete(person)
    if (rest.length > 0) this.#lines.set(person, rest)
    this.#waiting -= 1
    ticket.grant()
  }
}

function cancelled(): MillpondError {
  return new MillpondError('query-cancelled', 'The query was cancelled before it began')
}

function tooMany(): MillpondError {
  const message = 'Too many queries are waiting already: try again in a moment'
  return new MillpondError('queries-waiting', message, { retryAfterSeconds: 2 })
}
