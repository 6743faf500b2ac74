// Statements that write: temporary tables, and rows of tables. What they are is read here, token by token; their rows come from a
// query that goes the way of all queries.
//
//   INSERT INTO t (a) SELECT … ─▶ insert into t (a), rows of SELECT …
//   SELECT a INTO TEMP t FROM … ─▶ create temporary t,  rows of SELECT a FROM …
//   DELETE FROM t WHERE …      ─▶ delete from t,       rows of SELECT rowid FROM t WHERE …
import { type StatementText, tokenize } from '../rewrite/lexer.ts'
import { PgError, states } from '../sqlstate.ts'
import { TokenReader } from './reader.ts'

/** A name as it was written: one part, or with its dataset before it. */
export type WrittenTable = readonly string[]

export type WriteStatement =
  | {
      readonly kind: 'create'
      readonly table: string
      readonly mode: 'new' | 'replace' | 'if-not-exists'
      readonly columns: readonly WrittenColumn[] | undefined
    }
  | { readonly kind: 'drop'; readonly tables: readonly WrittenTable[]; readonly ifExists: boolean }
  | { readonly kind: 'insert'; readonly table: WrittenTable; readonly columns: readonly string[] }
  | { readonly kind: 'delete'; readonly table: WrittenTable; readonly isTruncate: boolean }

export interface WrittenColumn {
  readonly name: string
  /** From the type's first word on. */
  readonly type: readonly string[]
  readonly isRequired: boolean
}

export interface Write {
  readonly write: WriteStatement
  /** Of its rows; undefined: there are none. */
  readonly source: StatementText | undefined
}

/** The readers stand behind the first word. undefined: the road's to refuse. */
export function readCreate(reader: TokenReader): Write | undefined {
  const isReplacing = reader.take('or', 'replace')
  const scope = reader.takeAny('local', 'global')
  const isTemporary = reader.takeAny('temp', 'temporary') !== undefined
  if (!isTemporary) {
    if (scope !== undefined) throw reader.broken()
    const what = reader.peek()?.lower.toUpperCase() ?? ''
    throw unwritten(`CREATE ${what}`, reader, 'CREATE TEMP TABLE makes one for this session')
  }
  if (!reader.take('table')) throw unwritten(`CREATE TEMP ${reader.peek()?.lower.toUpperCase() ?? ''}`, reader)
  const ifNotExists = reader.take('if', 'not', 'exists')
  const table = temporaryName(reader)
  const columns = reader.peek()?.text === '(' ? readColumns(reader) : undefined
  readOnCommit(reader)
  const mode = isReplacing ? 'replace' : ifNotExists ? 'if-not-exists' : 'new'
  const source = reader.take('as') ? rowsBehind(reader) : undefined
  if (source === undefined) reader.end()
  if ((columns === undefined) === (source === undefined)) throw reader.broken()
  return { write: { kind: 'create', table, mode, columns }, source }
}

/** CREATE TABLE AS may end with WITH NO DATA. */
function rowsBehind(reader: TokenReader): StatementText {
  const source = restOf(reader)
  const words = source.tokens.slice(-3).map(({ lower }) => lower)
  if (words.join(' ') === 'with no data') {
    const { tokens } = cut(source, source.tokens.length - 3)
    return within(tokens, source, 'SELECT * FROM (', ') AS without_data LIMIT 0')
  }
  return words.slice(1).join(' ') === 'with data' ? cut(source, source.tokens.length - 2) : source
}

export function readDrop(reader: TokenReader): Write {
  if (!reader.take('table')) throw unwritten(`DROP ${reader.peek()?.lower.toUpperCase() ?? ''}`, reader)
  const ifExists = reader.take('if', 'exists')
  const tables = [writtenTable(reader)]
  while (reader.take(',')) tables.push(writtenTable(reader))
  reader.takeAny('cascade', 'restrict')
  reader.end()
  return { write: { kind: 'drop', tables, ifExists }, source: undefined }
}

export function readInsert(reader: TokenReader): Write {
  reader.expect('into')
  const table = writtenTable(reader)
  if (reader.take('as')) reader.name()
  const isList = reader.peek()?.text === '(' && !/^(?:select|with|values|table|\()$/.test(reader.peek(1)?.lower ?? '')
  const columns = isList ? readNames(reader) : []
  if (reader.take('overriding')) throw unwritten('INSERT … OVERRIDING', reader)
  if (reader.peek()?.lower === 'default') throw unwritten('INSERT … DEFAULT VALUES', reader)
  const source = restOf(reader)
  refuseBehind(source, reader)
  return { write: { kind: 'insert', table, columns }, source }
}

export function readDelete(reader: TokenReader): Write {
  reader.expect('from')
  reader.take('only')
  const from = reader.index
  const table = writtenTable(reader)
  if (reader.take('as')) reader.name()
  else if (reader.peek() !== undefined && !['where', 'using', 'returning'].includes(reader.peek()?.lower ?? ''))
    reader.name()
  if (!reader.isAtEnd && reader.peek()?.lower !== 'where')
    throw unwritten(`DELETE … ${reader.peek()?.text.toUpperCase()}`, reader)
  const { statement } = reader
  const rest = cut(statement, statement.tokens.length, from)
  refuseBehind(rest, reader)
  const source = within(rest.tokens, rest, 'SELECT rowid FROM ', '')
  return { write: { kind: 'delete', table, isTruncate: false }, source }
}

export function readTruncate(reader: TokenReader): Write {
  reader.take('table')
  reader.take('only')
  const from = reader.index
  const table = writtenTable(reader)
  const to = reader.index
  if (!reader.take('restart', 'identity')) reader.take('continue', 'identity')
  reader.takeAny('cascade', 'restrict')
  reader.end()
  const rest = cut(reader.statement, to, from)
  return {
    write: { kind: 'delete', table, isTruncate: true },
    source: within(rest.tokens, rest, 'SELECT rowid FROM ', ''),
  }
}

/** SELECT … INTO t FROM …; undefined: there is no INTO. */
export function readSelectInto({ statement }: TokenReader): Write | undefined {
  const { tokens, text, offset } = statement
  let depth = 0
  const at = tokens.findIndex(({ text: symbol, lower }) => {
    if (symbol === '(') depth += 1
    if (symbol === ')') depth -= 1
    return depth === 0 && lower === 'into'
  })
  const into = tokens[at]
  if (into === undefined) return undefined
  const reader = new TokenReader(statement, at + 1)
  reader.takeAny('local', 'global')
  if (reader.takeAny('temp', 'temporary') === undefined)
    throw unwritten('SELECT … INTO', reader, 'SELECT … INTO TEMP makes one for this session')
  reader.take('table')
  const table = temporaryName(reader)
  const from = into.offset - offset
  const to = (reader.peek()?.offset ?? offset + text.length) - offset
  const left = `${text.slice(0, from)}${' '.repeat(to - from)}${text.slice(to)}`
  const source = { tokens: shifted(tokenize(left), offset), text: left, offset }
  return { write: { kind: 'create', table, mode: 'new', columns: undefined }, source }
}

export function refuseWrite(what: string) {
  return (reader: TokenReader): never => {
    throw unwritten(what, reader)
  }
}

function unwritten(what: string, reader: TokenReader, more?: string): PgError {
  const hint = `${more === undefined ? '' : `${more}. `}Tables of datasets are made and changed in GoogleSQL: millpond query, the portal, or the BigQuery API.`
  return new PgError(states.unsupported, `${what} is not supported on this port`, {
    offset: reader.statement.offset,
    hint,
  })
}

/** What would change what is written, or give rows. */
function refuseBehind({ tokens }: StatementText, reader: TokenReader): void {
  let depth = 0
  for (const [index, token] of tokens.entries()) {
    if (token.text === '(') depth += 1
    if (token.text === ')') depth -= 1
    if (depth > 0) continue
    if (token.lower === 'returning') throw unwritten('RETURNING', reader)
    if (token.lower === 'on' && tokens[index + 1]?.lower === 'conflict') throw unwritten('ON CONFLICT', reader)
  }
}

function temporaryName(reader: TokenReader): string {
  const parts = writtenTable(reader)
  const [first = '', second] = parts
  if (second === undefined) return first
  if (first === 'pg_temp' && parts.length === 2) return second
  throw new PgError('42P16', 'cannot create temporary relation in non-temporary schema', {
    offset: reader.statement.offset,
  })
}

function writtenTable(reader: TokenReader): string[] {
  const parts = [reader.name()]
  while (reader.take('.')) parts.push(reader.name())
  if (parts.length > 3) throw reader.broken()
  return parts
}

function readNames(reader: TokenReader): string[] {
  reader.expect('(')
  const names: string[] = []
  do names.push(reader.name())
  while (reader.take(','))
  reader.expect(')')
  return names
}

const columnEnds = new Set([
  'not',
  'null',
  'default',
  'primary',
  'unique',
  'references',
  'check',
  'collate',
  'generated',
  'constraint',
])

function readColumns(reader: TokenReader): WrittenColumn[] {
  reader.expect('(')
  const columns: WrittenColumn[] = []
  do {
    const name = reader.name()
    const type: string[] = []
    let depth = 0
    for (let next = reader.peek(); next !== undefined; next = reader.peek()) {
      if (depth === 0 && (next.text === ',' || next.text === ')' || columnEnds.has(next.lower))) break
      if (next.text === '(') depth += 1
      if (next.text === ')') depth -= 1
      type.push(reader.next().text)
    }
    if (type.length === 0) throw reader.broken()
    const isRequired = reader.take('not', 'null')
    if (!isRequired) reader.take('null')
    if (columnEnds.has(reader.peek()?.lower ?? ''))
      throw unwritten(`${reader.peek()?.text.toUpperCase()} of a column`, reader)
    columns.push({ name, type, isRequired })
  } while (reader.take(','))
  reader.expect(')')
  return columns
}

function readOnCommit(reader: TokenReader): void {
  if (!reader.take('on', 'commit')) return
  if (!reader.take('preserve', 'rows'))
    throw unwritten(
      `ON COMMIT ${reader.peek()?.text.toUpperCase() ?? ''}`,
      reader,
      'Tables live until they are dropped, or the session ends',
    )
}

function restOf(reader: TokenReader): StatementText {
  const { statement, index } = reader
  if (reader.isAtEnd) throw reader.broken()
  return cut(statement, statement.tokens.length, index)
}

function cut({ tokens, text, offset }: StatementText, to: number, from = 0): StatementText {
  const own = tokens.slice(from, to)
  const [first] = own
  const last = own.at(-1)
  if (first === undefined || last === undefined) return { tokens: [], text: '', offset }
  return {
    tokens: own,
    text: text.slice(first.offset - offset, last.offset - offset + last.text.length),
    offset: first.offset,
  }
}

function within(
  tokens: StatementText['tokens'],
  { text, offset }: StatementText,
  head: string,
  tail: string,
): StatementText {
  const last = tokens.at(-1)
  const body = text.slice(0, last === undefined ? 0 : last.offset - offset + last.text.length)
  const whole = `${head}${body}${tail}`
  return { tokens: tokenize(whole), text: whole, offset: 0 }
}

function shifted(tokens: ReturnType<typeof tokenize>, by: number): ReturnType<typeof tokenize> {
  return by === 0 ? tokens : tokens.map((token) => ({ ...token, offset: token.offset + by }))
}
