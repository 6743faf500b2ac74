// Where a session sits: a connection on the present engine, and what it needs of the warehouse around it.
import type { Clock } from '../../core/clock.ts'
import type { MillpondError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Link } from './link.ts'
import type { Holder } from './readers.ts'
import type { FunctionScope } from './user-functions.ts'

/** A connection on the present engine. */
export interface Seat {
  readonly link: Link
  /** This connection's JavaScript functions. */
  readonly functions: FunctionScope
  /** Nothing may be in flight. */
  release(): void
}

export interface SessionDeps {
  readonly folder: string
  readonly exchangeFolder: string
  readonly clock: Clock
  readonly log: Log
  readonly connect: (holder: Holder) => Promise<Seat>
  /** The turn of those who write to made: resolves with its end. */
  readonly takeTurn: (signal: AbortSignal) => Promise<() => void>
  /** The engine refuses everything from now on: only a new start helps. */
  readonly onFatal: (error: MillpondError) => void
}
