// The conversation of one connection: its statements share one session of the engine, and thereby temp tables and transactions.
import { MillpondError } from '../core/errors.ts'
import type { Principal } from '../control/principals.ts'
import type { StatementShape } from '../warehouse/session.ts'
import type { Port, QuerySession } from './contract.ts'
import type { Road } from './query.ts'

export async function openConversation(road: Road, principal: Principal, port: Port): Promise<QuerySession> {
  const { driver, preparer } = road.deps
  const session = await driver.openSession({ semantics: port === 'postgres' ? 'pg' : 'plain' })
  const own = new Set<string>()
  return {
    async submit(request, signal) {
      const inlineTableNames = [...own]
      return road.submitOn(session, { ...request, principal, port, usesCache: false, inlineTableNames }, signal)
    },
    async describe(sql, dialect): Promise<StatementShape> {
      const prepared = await preparer.prepare({ sql, dialect, principal, port, inlineTableNames: [...own] })
      if (prepared.kind !== 'rows') return { columns: [], parameters: [], statementType: prepared.statementType }
      const shape = await session.describe(prepared.statement, new AbortController().signal)
      const { columns } = prepared
      if (columns === undefined) return shape
      return {
        ...shape,
        columns: shape.columns.map((column, index) => ({ ...column, name: columns[index]?.name ?? column.name })),
      }
    },
    begin: async (mode) => session.begin(mode),
    commit: async () => session.commit(),
    rollback: async () => session.rollback(),
    async putInlineTable(table) {
      if (!/^[a-z_][a-z0-9_]*$/.test(table.name))
        throw new MillpondError('bug', `BUG: ${table.name} is no name for a table of ours`)
      own.add(table.name)
      await session.putInlineTable(table)
    },
    close: async () => session.close(),
  }
}
