// The state of an alert, of each of its groups. Pure: what was, and what an evaluation found, makes what is, and whom it is told.
//
//            does not hold
//      ┌──────────────────────────┐
//      ▼                          │
//     ok ──holds──▶ pending ──held forCount times──▶ firing ──does not hold──▶ ok: recovered is told
//      │               │                               │  └─ still holds after repeatMinutes: told again
//      └───────────────┴──could not be evaluated───────┴──▶ unknown: told once; the next evaluation decides anew
//
// From unknown an alert goes on where it was as far as that can be known: what fired before fires on without being told again.
import type { AlertDefinition, AlertMessage, GroupState, StateChange } from '../control/alerts.ts'

export type Found =
  | { readonly kind: 'found'; readonly holds: boolean; readonly value: number | null }
  | { readonly kind: 'failed'; readonly error: string }

export type Told = Exclude<AlertMessage['what'], 'test'>

export interface Step {
  readonly state: GroupState
  readonly change: StateChange | undefined
  readonly tells: Told | undefined
}

export function freshState(group: string, atMicros: number): GroupState {
  return { group, state: 'ok', sinceMicros: atMicros, heldCount: 0, value: null, error: '', toldAtMicros: 0 }
}

export function step(
  before: GroupState,
  found: Found,
  { forCount, repeatMinutes }: Pick<AlertDefinition, 'forCount' | 'repeatMinutes'>,
  atMicros: number,
): Step {
  if (found.kind === 'failed') {
    const isNew = before.state !== 'unknown'
    return moved(before, { ...before, state: 'unknown', error: found.error }, isNew ? 'unknown' : undefined, atMicros)
  }
  const { holds, value } = found
  const heldCount = holds ? before.heldCount + 1 : 0
  const base = { ...before, heldCount, value, error: '' }
  if (!holds) {
    // Whoever was told that it fires is told that it ended, whatever lay between.
    const wasTold = before.toldAtMicros > 0
    return moved(before, { ...base, state: 'ok', toldAtMicros: 0 }, wasTold ? 'recovered' : undefined, atMicros)
  }
  if (heldCount < forCount) return moved(before, { ...base, state: 'pending' }, undefined, atMicros)
  const sinceToldMicros = atMicros - before.toldAtMicros
  const isFirst = before.toldAtMicros === 0
  const isAgain = repeatMinutes !== undefined && sinceToldMicros >= repeatMinutes * 60_000_000
  const tells = isFirst ? 'firing' : isAgain ? 'still-firing' : undefined
  const toldAtMicros = tells === undefined ? before.toldAtMicros : atMicros
  return moved(before, { ...base, state: 'firing', toldAtMicros }, tells, atMicros)
}

function moved(before: GroupState, after: GroupState, tells: Told | undefined, atMicros: number): Step {
  if (before.state === after.state) return { state: after, change: undefined, tells }
  const { group, state: to, value, error } = after
  const change: StateChange = { atMicros, group, from: before.state, to, value, error }
  return { state: { ...after, sinceMicros: atMicros }, change, tells }
}
