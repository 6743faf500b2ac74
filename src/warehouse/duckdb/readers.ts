// The connections of people's statements on one engine: who holds one, and how they are all given back before it closes.
import type duckdb from '@duckdb/node-bindings'

import { MillpondError } from '../../core/errors.ts'
import type { Link } from './link.ts'
import { openReader } from './open.ts'

export interface Holder {
  /** The engine is about to go: give the connection back as soon as nothing runs on it. */
  leave(): void
  /** Interrupts what runs and gives the connection back. Fine to call twice. */
  close(): Promise<void>
  /** Until what reads tables that people made ends; undefined: nothing does. */
  readonly madeUse: Promise<void> | undefined
  /** Ends what runs, telling why; resolves when the engine is idle. */
  interrupt(reason: MillpondError): Promise<void>
}

export interface Reader {
  readonly link: Link
  /** Closes the connection; nothing may be in flight on it. */
  release(): void
}

export interface Readers {
  /** Error: warehouse-unavailable, once it is stopped. */
  open(holder: Holder): Promise<Reader>
  /** Asks everybody to leave; resolves as soon as nothing that runs reads what people made. */
  leaveMade(graceOver: Promise<void>, reason: MillpondError): Promise<void>
  /** Asks everybody to leave; resolves as soon as nobody holds a connection. */
  idle(): Promise<void>
  /** Interrupts all and waits until each has let go of its connection. */
  stop(): Promise<void>
}

export function createReaders(database: duckdb.Database): Readers {
  const holders = new Set<Holder>()
  let connecting = 0
  let isLeaving = false
  let isStopped = false
  let waiting: (() => void)[] = []

  function tellIdle(): void {
    if (holders.size > 0 || connecting > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  async function idle(): Promise<void> {
    isLeaving = true
    for (const holder of holders) holder.leave()
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      tellIdle()
    })
  }

  return {
    async open(holder) {
      if (isStopped) throw new MillpondError('warehouse-unavailable', 'The warehouse is stopped')
      // The database must not be closed while a connection is being made.
      connecting += 1
      try {
        const link = await openReader(database)
        holders.add(holder)
        if (isLeaving)
          queueMicrotask(() => {
            holder.leave()
          })
        return {
          link,
          release() {
            if (!holders.delete(holder)) return
            link.api.disconnectSync()
            tellIdle()
          },
        }
      } finally {
        connecting -= 1
        tellIdle()
      }
    },
    async leaveMade(graceOver, reason) {
      isLeaving = true
      for (const holder of holders) holder.leave()
      const using = [...holders].filter((holder) => holder.madeUse !== undefined)
      await Promise.race([Promise.all(using.map(async (holder) => holder.madeUse)), graceOver])
      const late = [...holders].filter((holder) => holder.madeUse !== undefined)
      await Promise.all(late.map(async (holder) => holder.interrupt(reason)))
    },
    idle,
    async stop() {
      isStopped = true
      const held = idle()
      await Promise.all([...holders].map(async (holder) => holder.close()))
      await held
    },
  }
}
