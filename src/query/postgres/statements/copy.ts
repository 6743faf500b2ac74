// COPY in both directions, between a session's engine and its wire.
import { PgError, states } from '../sqlstate.ts'
import { sayCopy } from '../wire/messages.ts'
import type { Frame } from '../wire/frames.ts'
import type { Output } from '../wire/output.ts'
import type { VisibleTable } from '../../contract.ts'
import type { StatementText } from '../rewrite/lexer.ts'
import { tokenize } from '../rewrite/lexer.ts'
import { CopyIn, type CopyTarget } from './copy-in.ts'
import { copyOut } from './copy-out.ts'
import type { CopyStatement } from './copy-statement.ts'
import type { Engine } from './engine.ts'
import type { Settings } from './settings.ts'
import type { Transaction } from './transaction.ts'

export interface CopyDeps {
  readonly out: Output
  readonly engine: Engine
  readonly settings: Settings
  readonly transaction: Transaction
  readonly tables: () => Promise<readonly VisibleTable[]>
  /** The next message of the client; undefined: it is gone. */
  readonly nextFrame: () => Promise<Frame | undefined>
}

/** Resolves with the command's tag. */
export async function runCopy(copy: CopyStatement, deps: CopyDeps): Promise<string> {
  return copy.direction === 'to' ? copyTo(copy, deps) : copyFrom(copy, deps)
}

async function copyTo(copy: CopyStatement, { engine, out, settings }: CopyDeps): Promise<string> {
  const execution = await engine.run(copy.query ?? wholeTable(copy), [])
  if (execution.kind !== 'rows') throw new PgError(states.unsupported, 'COPY needs a query that gives rows')
  try {
    const rows = await copyOut(out, execution.cursor, copy.options, settings.zone)
    return `COPY ${rows}`
  } catch (error) {
    await execution.cursor.close()
    throw engine.failureOf(error)
  }
}

function wholeTable({ table, columns }: CopyStatement): StatementText {
  const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`
  const list = columns.length === 0 ? '*' : columns.map(quote).join(', ')
  const text = `SELECT ${list} FROM ${table.map(quote).join('.')}`
  return { tokens: tokenize(text), text, offset: 0 }
}

async function copyFrom(copy: CopyStatement, deps: CopyDeps): Promise<string> {
  const clientSql = `COPY ${copy.table.join('.')} FROM STDIN`
  const { engine, out, settings, transaction } = deps
  const target = await targetOf(copy, deps)
  const isOwn = transaction.state === 'idle'
  if (isOwn) transaction.start('implicit', settings.isOn('default_transaction_read_only'))
  const { dataset, table } = target
  const columns = target.columns.map(({ name }) => name)
  const copyIn = new CopyIn(target, copy.options, settings.zone, async (rows) => {
    await engine.insert({ kind: 'insert-rows', target: { dataset, table }, columns, rows }, clientSql)
  })
  sayCopy(out, 'G', target.columns.length)
  out.flush()
  await receive(copyIn, deps)
  return `COPY ${copyIn.rows}`
}

/** Rows until the client's end. After an error of ours the rest is read and dropped, as the client doesn't know yet. */
async function receive(copyIn: CopyIn, { nextFrame }: CopyDeps): Promise<void> {
  for (;;) {
    const frame = await nextFrame()
    if (frame === undefined) throw new PgError(states.connectionException, 'The client is gone', { isFatal: true })
    if (frame.type === 'd') await copyIn.push(frame.body)
    else if (frame.type === 'c') return copyIn.end()
    else if (frame.type === 'f') {
      throw new PgError(
        states.cancelled,
        `COPY from stdin failed: ${frame.body.toString('utf8').replace(/\0.*$/s, '').slice(0, 200)}`,
      )
    } else if (frame.type !== 'H' && frame.type !== 'S') {
      throw new PgError(states.protocolViolation, `unexpected message type ${frame.type} during COPY from stdin`, {
        isFatal: true,
      })
    }
  }
}

async function targetOf({ table, columns }: CopyStatement, { engine, tables }: CopyDeps): Promise<CopyTarget> {
  const { names, path } = await engine.context()
  const name = table.at(-1) ?? ''
  const dataset = table.at(-2) ?? path.find((each) => names.hasTable(each, name)) ?? ''
  if (table.length === 1 && (await engine.context()).temporaryTables.has(name))
    throw new PgError(states.unsupported, 'COPY FROM STDIN into a temporary table is not supported: use INSERT')
  const found = (await tables()).find((each) => each.dataset === dataset && each.table === name)
  if (found === undefined) throw new PgError(states.unknownTable, `relation "${table.join('.')}" does not exist`)
  if (!found.isWritable)
    throw new PgError(states.forbidden, `permission denied for table ${name}: only datasets that people made take rows`)
  const wanted = columns.length === 0 ? found.columns.map((column) => column.name) : columns
  return {
    dataset,
    table: name,
    columns: wanted.map((wantedName) => {
      const column = found.columns.find((each) => each.name === wantedName)
      if (column === undefined)
        throw new PgError(states.unknownColumn, `column "${wantedName}" of relation "${name}" does not exist`)
      return { name: column.name, type: column.sqlType }
    }),
  }
}
