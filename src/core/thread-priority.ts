// A thread of ours that computes for long steps back: whoever answers and loads goes first.
import { readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'

/** Nice value. */
const priority = 10

/** Called in the thread itself. Only on Linux has a thread a priority of its own; elsewhere nothing happens. */
export function stepBack(): void {
  if (process.platform !== 'linux') return
  setPriority(Number(readlinkSync('/proc/thread-self').split('/').at(-1)), priority)
}
