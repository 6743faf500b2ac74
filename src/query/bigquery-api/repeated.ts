// jobs.query with a `requestId` that came before: the client lost the answer and asks again. It gets the job of the first time.
import type { Clock } from '../../core/clock.ts'
import type { Principal } from '../../control/principals.ts'

const ageMicrosMax = 10 * 60 * 1_000_000
const requestsMax = 10_000

export class RepeatedRequests {
  readonly #clock: Clock
  /** Oldest first. */
  readonly #seen = new Map<string, { readonly atMicros: number; readonly answer: Promise<unknown> }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** What `work` gave the first time; a first time that failed doesn't count. `content`: another request under the same id is no repetition. */
  async once<Result>(
    { id }: Principal,
    requestId: string | undefined,
    content: string,
    work: () => Promise<Result>,
  ): Promise<Result> {
    if (requestId === undefined || requestId === '') return work()
    this.#forgetOld()
    const key = JSON.stringify([id, requestId, content])
    const seen = this.#seen.get(key)
    if (seen !== undefined) return seen.answer as Promise<Result>
    const answer = work()
    this.#seen.set(key, { atMicros: this.#clock.nowMicros(), answer })
    answer.catch(() => this.#seen.delete(key))
    return answer
  }

  #forgetOld(): void {
    const oldest = this.#clock.nowMicros() - ageMicrosMax
    for (const [key, { atMicros }] of this.#seen) {
      if (atMicros >= oldest && this.#seen.size < requestsMax) return
      this.#seen.delete(key)
    }
  }
}
