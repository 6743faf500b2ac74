// The conversation of one connection: its statements share one session of the engine, and thereby temp tables and transactions.
import { MillpondError } from '../core/errors.ts'
import type { Clock } from '../core/clock.ts'
import type { Principal } from '../control/principals.ts'
import type { StatementShape, WarehouseSession } from '../warehouse/session.ts'
import type { Port, QueryRequest, QuerySession } from './contract.ts'
import type { Prepared } from './prepare.ts'
import type { Road } from './query.ts'
import { tookTooLong } from './jobs/live-job.ts'
import { noteWrite } from './session-write.ts'

export async function openConversation(road: Road, principal: Principal, port: Port): Promise<QuerySession> {
  const { driver, preparer } = road.deps
  const session = await driver.openSession({ semantics: port === 'postgres' ? 'pg' : 'plain' })
  const catalog = new Set<string>()
  const temporaryTables = new Set<string>()
  let zone = 'UTC'
  /** The open transaction: with temporaryTables as they were when it began. */
  let open: { readonly mode: 'read-only' | 'read-write'; readonly before: readonly string[] } | undefined
  const named = (request: Omit<QueryRequest, 'principal' | 'port'>): QueryRequest => ({
    ...request,
    principal,
    port,
    usesCache: false,
    inlineTableNames: [...catalog, ...temporaryTables],
  })
  return {
    temporaryTables,
    async submit(request, signal) {
      // GoogleSQL knows no zone of a session: what it compiles to is meant for UTC.
      await session.setTimeZone(request.dialect === 'googlesql' ? 'UTC' : zone)
      const { write } = request
      if (write?.kind === 'create-temporary' && catalog.has(write.table.toLowerCase()))
        throw new MillpondError('table-exists', `The name ${write.table} is taken by the catalogue`)
      const place = { session, isInTransaction: open !== undefined, isWriting: open?.mode === 'read-write' }
      const job = await road.submitOn(place, named(request), signal)
      if (write === undefined) return job
      const info = await job.ended
      if (info.error === undefined) noteWrite(write, temporaryTables)
      return job
    },
    describe: async (sql, dialect) => describeOn(session, await preparer.prepare(named({ sql, dialect }))),
    async begin(mode, signal, timeoutMs = Infinity) {
      const limitMs = Math.min(timeoutMs, road.settings.queryTimeoutMs)
      await inTime(road.deps.clock, limitMs, signal, async (both) => session.begin(mode, both))
      open = { mode, before: [...temporaryTables] }
    },
    async commit() {
      const before = open?.before ?? []
      open = undefined
      try {
        await session.commit()
      } catch (error) {
        restore(temporaryTables, before)
        throw error
      }
    },
    async rollback() {
      if (open !== undefined) restore(temporaryTables, open.before)
      open = undefined
      await session.rollback()
    },
    async setTimeZone(next) {
      await session.setTimeZone(next)
      zone = next
    },
    async putInlineTable(table) {
      if (!/^[a-z_][a-z0-9_]*$/.test(table.name))
        throw new MillpondError('bug', `BUG: ${table.name} is no name for a table of ours`)
      catalog.add(table.name)
      temporaryTables.delete(table.name)
      await session.putInlineTable(table)
    },
    close: async () => session.close(),
  }
}

/** Outside of every job: nobody else looks at the time. Error too: query-limit. */
async function inTime(
  clock: Clock,
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const limit = new AbortController()
  const cancelLimit = clock.schedule(() => {
    limit.abort(tookTooLong(timeoutMs))
  }, timeoutMs)
  try {
    await work(AbortSignal.any([signal, limit.signal]))
  } catch (error) {
    throw limit.signal.aborted ? limit.signal.reason : error
  } finally {
    cancelLimit()
  }
}

function restore(tables: Set<string>, before: readonly string[]): void {
  tables.clear()
  for (const table of before) tables.add(table)
}

async function describeOn(session: WarehouseSession, prepared: Prepared): Promise<StatementShape> {
  if (prepared.kind !== 'rows') return { columns: [], parameters: [], statementType: prepared.statementType }
  const shape = await session.describe(prepared.statement, new AbortController().signal)
  const { columns } = prepared
  if (columns === undefined) return shape
  return {
    ...shape,
    columns: shape.columns.map((column, index) => ({ ...column, name: columns[index]?.name ?? column.name })),
  }
}
