// What kind of statement it is. Those of the session (BEGIN, SET, DECLARE, COPY, …) are ours; all others are the engine's.
import type { StatementText } from '../rewrite/lexer.ts'
import { PgError, states } from '../sqlstate.ts'
import { type CopyStatement, readCopy } from './copy-statement.ts'
import { TokenReader } from './reader.ts'
import { knownName } from './settings.ts'
import {
  readCreate,
  readDelete,
  readDrop,
  readInsert,
  readSelectInto,
  readTruncate,
  refuseWrite,
  type Write,
  type WriteStatement,
} from './write-statement.ts'

export type Statement =
  | { readonly kind: 'engine'; readonly source: StatementText }
  | {
      readonly kind: 'write'
      readonly write: WriteStatement
      readonly source: StatementText | undefined
      /** Its first word, and all of it as the client wrote it. */
      readonly command: string
      readonly text: string
    }
  | { readonly kind: 'explain'; readonly source: StatementText }
  | { readonly kind: 'begin'; readonly modes: TransactionModes; readonly tag: string }
  | { readonly kind: 'commit'; readonly isChained: boolean }
  | { readonly kind: 'rollback'; readonly isChained: boolean }
  | { readonly kind: 'savepoint' | 'release' | 'rollback-to'; readonly name: string }
  | { readonly kind: 'set-transaction'; readonly modes: TransactionModes; readonly isSession: boolean }
  | { readonly kind: 'set'; readonly name: string; readonly value: string | undefined; readonly isLocal: boolean }
  | { readonly kind: 'reset'; readonly name: string | undefined }
  | { readonly kind: 'show'; readonly name: string | undefined }
  | { readonly kind: 'discard'; readonly what: 'all' | 'plans' | 'sequences' | 'temp' }
  | { readonly kind: 'declare'; readonly name: string; readonly isHeld: boolean; readonly source: StatementText }
  | { readonly kind: 'fetch' | 'move'; readonly name: string; readonly count: number }
  | { readonly kind: 'close'; readonly name: string | undefined }
  | {
      readonly kind: 'prepare'
      readonly name: string
      readonly types: readonly string[]
      readonly source: StatementText
    }
  | { readonly kind: 'execute'; readonly name: string; readonly values: readonly StatementText[] }
  | { readonly kind: 'deallocate'; readonly name: string | undefined }
  | { readonly kind: 'copy'; readonly copy: CopyStatement }
  | { readonly kind: 'nothing'; readonly tag: string }

export interface TransactionModes {
  readonly isReadOnly: boolean | undefined
  readonly isolation: string | undefined
}

type Reader = (reader: TokenReader) => Statement | undefined

/** By the first word; undefined: the engine's after all. */
const readers: Record<string, Reader> = {
  begin: (reader) => {
    reader.takeAny('work', 'transaction')
    return { kind: 'begin', modes: readModes(reader), tag: 'BEGIN' }
  },
  start: (reader) => {
    reader.expect('transaction')
    return { kind: 'begin', modes: readModes(reader), tag: 'START TRANSACTION' }
  },
  commit: readCommit,
  end: readCommit,
  rollback: readRollback,
  abort: readRollback,
  savepoint: (reader) => ({ kind: 'savepoint', name: lastName(reader) }),
  release: (reader) => {
    reader.take('savepoint')
    return { kind: 'release', name: lastName(reader) }
  },
  set: readSet,
  reset: (reader) => ({ kind: 'reset', name: readResetName(reader) }),
  show: readShow,
  discard: readDiscard,
  declare: readDeclare,
  fetch: (reader) => readFetch(reader, 'fetch'),
  move: (reader) => readFetch(reader, 'move'),
  close: (reader) => ({ kind: 'close', name: reader.take('all') ? undefined : lastName(reader) }),
  prepare: readPrepare,
  execute: readExecute,
  deallocate: (reader) => {
    reader.take('prepare')
    return { kind: 'deallocate', name: reader.take('all') ? undefined : lastName(reader) }
  },
  copy: (reader) => ({ kind: 'copy', copy: readCopy(reader) }),
  listen: refuse('LISTEN: nothing is notified here; ask again instead'),
  notify: refuse('NOTIFY: nothing is notified here'),
  unlisten: () => ({ kind: 'nothing', tag: 'UNLISTEN' }),
  lock: refuse('LOCK: tables are never locked; a transaction reads one state of them'),
  explain: (reader) => ({ kind: 'explain', source: reader.statement }),
  create: writing(readCreate),
  drop: writing(readDrop),
  insert: writing(readInsert),
  delete: writing(readDelete),
  truncate: writing(readTruncate),
  select: writing(readSelectInto),
  with: writing(readSelectInto),
  update: refuseWrite('UPDATE'),
  merge: refuseWrite('MERGE'),
  alter: refuseWrite('ALTER'),
  grant: refuseWrite('GRANT'),
  revoke: refuseWrite('REVOKE'),
  comment: refuseWrite('COMMENT'),
  // Postgres' upkeep, which the warehouse does by itself.
  vacuum: () => ({ kind: 'nothing', tag: 'VACUUM' }),
  analyze: (reader) => (reader.isAtEnd ? { kind: 'nothing', tag: 'ANALYZE' } : undefined),
  checkpoint: () => ({ kind: 'nothing', tag: 'CHECKPOINT' }),
}

export function readStatement(source: StatementText): Statement {
  const first = source.tokens[0]
  const read = first === undefined ? undefined : Object.hasOwn(readers, first.lower) ? readers[first.lower] : undefined
  return read?.(new TokenReader(source, 1)) ?? { kind: 'engine', source }
}

function writing(read: (reader: TokenReader) => Write | undefined): Reader {
  return (reader) => {
    const found = read(reader)
    const command = reader.statement.tokens[0]?.lower.toUpperCase() ?? ''
    return found === undefined ? undefined : { kind: 'write', ...found, command, text: reader.statement.text }
  }
}

function refuse(message: string): Reader {
  return (reader) => {
    throw new PgError(states.unsupported, message, { offset: reader.statement.offset })
  }
}

function lastName(reader: TokenReader): string {
  const name = reader.name()
  reader.end()
  return name
}

function readCommit(reader: TokenReader): Statement {
  if (reader.take('prepared')) throw twoPhase(reader)
  reader.takeAny('work', 'transaction')
  return { kind: 'commit', isChained: readChain(reader) }
}

function readRollback(reader: TokenReader): Statement {
  if (reader.take('prepared')) throw twoPhase(reader)
  reader.takeAny('work', 'transaction')
  if (reader.take('to')) {
    reader.take('savepoint')
    return { kind: 'rollback-to', name: lastName(reader) }
  }
  return { kind: 'rollback', isChained: readChain(reader) }
}

function twoPhase(reader: TokenReader): PgError {
  return new PgError(states.unsupported, 'Transactions are not prepared for two phases here', {
    offset: reader.statement.offset,
  })
}

function readChain(reader: TokenReader): boolean {
  if (reader.take('and', 'no', 'chain')) return false
  const isChained = reader.take('and', 'chain')
  reader.end()
  return isChained
}

function readModes(reader: TokenReader): TransactionModes {
  let isReadOnly: boolean | undefined
  let isolation: string | undefined
  for (; !reader.isAtEnd; reader.take(',')) {
    if (reader.take('read', 'only')) isReadOnly = true
    else if (reader.take('read', 'write')) isReadOnly = false
    else if (reader.take('isolation', 'level')) isolation = readLevel(reader)
    else if (!reader.take('deferrable') && !reader.take('not', 'deferrable')) throw reader.broken()
  }
  return { isReadOnly, isolation }
}

function readLevel(reader: TokenReader): string {
  const first = reader.next().lower
  const level = first === 'serializable' ? first : `${first} ${reader.next().lower}`
  if (!['serializable', 'repeatable read', 'read committed', 'read uncommitted'].includes(level)) throw reader.broken()
  return level
}

function readSet(reader: TokenReader): Statement | undefined {
  if (reader.take('constraints')) return { kind: 'nothing', tag: 'SET CONSTRAINTS' }
  if (reader.take('session', 'characteristics', 'as', 'transaction')) {
    return { kind: 'set-transaction', modes: readModes(reader), isSession: true }
  }
  const isLocal = reader.take('local')
  if (!isLocal && reader.peek(1)?.text !== '=' && reader.peek(1)?.lower !== 'to') reader.take('session')
  if (reader.take('transaction')) return { kind: 'set-transaction', modes: readModes(reader), isSession: false }
  const name = readSettingName(reader)
  if (name === 'TimeZone' && reader.peek(-1)?.lower === 'zone') {
    return { kind: 'set', name, value: readZoneValue(reader), isLocal }
  }
  if (!reader.take('=') && !reader.take('to') && !['names', 'role', 'session_authorization'].includes(name))
    throw reader.broken()
  if (reader.take('default')) return { kind: 'set', name, value: undefined, isLocal }
  return {
    kind: 'set',
    name: name === 'names' ? 'client_encoding' : name,
    value: readSettingValue(reader, name),
    isLocal,
  }
}

function readSettingName(reader: TokenReader): string {
  if (reader.take('time', 'zone')) return 'TimeZone'
  if (reader.take('session', 'authorization')) return 'session_authorization'
  let name = reader.name()
  while (reader.take('.')) name += `.${reader.name()}`
  return name
}

function readZoneValue(reader: TokenReader): string | undefined {
  if (reader.takeAny('default', 'local') !== undefined) return undefined
  if (reader.take('interval')) {
    const value = reader.next().value
    while (!reader.isAtEnd) reader.next()
    return value
  }
  return readSettingValue(reader, 'TimeZone')
}

/** Words, numbers and strings with commas between; names of a search path keep what they were. */
function readSettingValue(reader: TokenReader, name: string): string {
  const values: string[] = []
  do {
    const sign = reader.takeAny('-', '+') ?? ''
    const token = reader.next()
    if (token.kind === 'symbol') throw reader.broken(token)
    const value = token.kind === 'word' ? token.lower : token.value
    values.push(sign === '-' ? `-${value}` : name === 'search_path' ? quotedIfNeeded(value) : value)
  } while (reader.take(','))
  reader.end()
  return values.join(', ')
}

function quotedIfNeeded(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

function readResetName(reader: TokenReader): string | undefined {
  if (reader.take('all')) return undefined
  const name = readSettingName(reader)
  reader.end()
  return name
}

/** SHOW TABLES and the like are the engine's. */
function readShow(reader: TokenReader): Statement | undefined {
  if (reader.take('all') && reader.isAtEnd) return { kind: 'show', name: undefined }
  if (reader.take('transaction', 'isolation', 'level')) return { kind: 'show', name: 'transaction_isolation' }
  if (reader.isAtEnd || reader.peek(-1)?.lower === 'all') return undefined
  const name = readSettingName(reader)
  if (!reader.isAtEnd) return undefined
  if (knownName(name) === undefined && /^(?:tables|databases|schemas|views|columns|functions)$/.test(name))
    return undefined
  return { kind: 'show', name }
}

function readDiscard(reader: TokenReader): Statement {
  const what = reader.takeAny('all', 'plans', 'sequences', 'temp', 'temporary')
  if (what === undefined) throw reader.broken()
  reader.end()
  return { kind: 'discard', what: what === 'temporary' ? 'temp' : (what as 'all' | 'plans' | 'sequences' | 'temp') }
}

function readDeclare(reader: TokenReader): Statement {
  const name = reader.name()
  let isHeld = false
  while (!reader.take('cursor')) {
    if (reader.take('scroll')) throw forwardOnly(reader)
    if (
      !reader.take('binary') &&
      !reader.take('insensitive') &&
      !reader.take('asensitive') &&
      !reader.take('no', 'scroll')
    ) {
      throw reader.broken()
    }
  }
  if (reader.take('with', 'hold')) isHeld = true
  else reader.take('without', 'hold')
  reader.expect('for')
  return { kind: 'declare', name, isHeld, source: restOf(reader) }
}

function forwardOnly(reader: TokenReader): PgError {
  return new PgError('55000', 'Cursors go forward only', { offset: reader.restOffset() })
}

export function restOf(reader: TokenReader): StatementText {
  const tokens = reader.statement.tokens.slice(reader.index)
  return { tokens, text: reader.restText(), offset: reader.restOffset() }
}

/** FETCH [NEXT | n | ALL | FORWARD [n | ALL]] [FROM | IN] name. Infinity: all. */
function readFetch(reader: TokenReader, kind: 'fetch' | 'move'): Statement {
  if (reader.takeAny('prior', 'first', 'last', 'absolute', 'relative', 'backward') !== undefined)
    throw forwardOnly(reader)
  const isForward = reader.take('forward')
  let count = 1
  const number = reader.peek()
  if (reader.peek()?.text === '-') throw forwardOnly(reader)
  if (reader.take('all')) count = Number.POSITIVE_INFINITY
  else if (number?.kind === 'number') count = Number(reader.next().value)
  else if (!isForward) reader.take('next')
  if (!Number.isInteger(count) && count !== Number.POSITIVE_INFINITY) throw reader.broken(number)
  reader.takeAny('from', 'in')
  return { kind, name: lastName(reader), count }
}

function readPrepare(reader: TokenReader): Statement {
  if (reader.take('transaction')) throw twoPhase(reader)
  const name = reader.name()
  const types: string[] = []
  if (reader.take('(')) {
    do types.push(readTypeWords(reader))
    while (reader.take(','))
    reader.expect(')')
  }
  reader.expect('as')
  return { kind: 'prepare', name, types, source: restOf(reader) }
}

function readTypeWords(reader: TokenReader): string {
  const words: string[] = []
  while (!reader.isAtEnd && reader.peek()?.text !== ',' && reader.peek()?.text !== ')') {
    const token = reader.next()
    words.push(token.lower === '' ? token.value : token.lower)
    if (token.text === '(') while (reader.next().text !== ')') words.length -= words.at(-1) === '(' ? 1 : 0
  }
  return words.join(' ').replace(/ ?\[ ?\]/g, '[]')
}

function readExecute(reader: TokenReader): Statement {
  const name = reader.name()
  const values: StatementText[] = []
  if (reader.take('(')) {
    let start = reader.index
    let depth = 1
    while (depth > 0) {
      const token = reader.next()
      if (token.text === '(' || token.text === '[') depth += 1
      if (token.text === ')' || token.text === ']') depth -= 1
      if (depth === 0 || (depth === 1 && token.text === ',')) {
        values.push(sliceOf(reader.statement, start, reader.index - 1))
        start = reader.index
      }
    }
  }
  reader.end()
  return { kind: 'execute', name, values }
}

export function sliceOf(statement: StatementText, from: number, to: number): StatementText {
  const tokens = statement.tokens.slice(from, to)
  const [first] = tokens
  const last = tokens.at(-1)
  if (first === undefined || last === undefined) return { tokens: [], text: '', offset: statement.offset }
  const text = statement.text.slice(first.offset - statement.offset, last.offset + last.text.length - statement.offset)
  return { tokens, text, offset: first.offset }
}
