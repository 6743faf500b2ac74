// A clock that stands still until a test moves it.
import type { Clock } from '../../src/core/clock.ts'

export class SimulatedClock implements Clock {
  #micros: number
  #ms = 0
  #tasks: { atMs: number; task: () => void }[] = []

  constructor(startMicros = Date.UTC(2026, 0, 1) * 1000) {
    this.#micros = startMicros
  }

  get scheduled(): number {
    return this.#tasks.length
  }

  nowMicros(): number {
    return this.#micros
  }

  monotonicMs(): number {
    return this.#ms
  }

  schedule(task: () => void, delayMs: number): () => void {
    const entry = { atMs: this.#ms + delayMs, task }
    this.#tasks.push(entry)
    return () => {
      this.#tasks = this.#tasks.filter((one) => one !== entry)
    }
  }

  /** Moves time on and runs what falls due, in order. */
  advance(ms: number): void {
    const endMs = this.#ms + ms
    for (;;) {
      const next = this.#tasks.filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined) break
      this.#tasks = this.#tasks.filter((one) => one !== next)
      this.#moveTo(Math.max(this.#ms, next.atMs))
      next.task()
    }
    this.#moveTo(endMs)
  }

  #moveTo(ms: number): void {
    this.#micros += Math.round((ms - this.#ms) * 1000)
    this.#ms = ms
  }
}
