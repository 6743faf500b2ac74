// What the demo remembers of itself in its data folder: which company lives there since when, and whether its history is
// in. A fill that was interrupted is done again with the same ids: Millpond stores none of them twice.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { diskFiles, writeFileAtomic } from '../src/core/files.ts'
import { startBefore } from './company/span.ts'
import type { DemoOptions } from './options.ts'

export interface DemoState {
  readonly seed: string
  readonly days: number
  readonly households: number
  readonly startMs: number
  /** The key that a forgotten sender still uses. */
  readonly rotatedKey?: string
  readonly filledMs?: number
}

const fileName = 'demo.json'

/** Error: the folder holds another company. */
export async function readState(options: DemoOptions, nowMs: number): Promise<DemoState> {
  const { seed, days, households } = options
  const known = await readFile(join(options.data, fileName), 'utf8').catch(() => undefined)
  if (known === undefined) return { seed, days, households, startMs: startBefore(nowMs, days) }
  const state = JSON.parse(known) as DemoState
  if (state.seed !== seed || state.days !== days || state.households !== households) {
    const other = `--seed ${state.seed} --days ${state.days} --households ${state.households}`
    throw new Error(`${options.data} holds the demo with ${other}. Choose another folder with --data, or remove it.`)
  }
  return state
}

export async function writeState(data: string, state: DemoState): Promise<void> {
  await writeFileAtomic(diskFiles, join(data, fileName), `${JSON.stringify(state)}\n`)
}
