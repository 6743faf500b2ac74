// COPY … TO STDOUT and COPY … FROM STDIN, in both ways of writing the options.
import type { StatementText } from '../rewrite/lexer.ts'
import { PgError, states } from '../sqlstate.ts'
import type { TokenReader } from './reader.ts'

export interface CopyOptions {
  readonly format: 'text' | 'csv'
  readonly delimiter: string
  readonly nullText: string
  /** from: the first line is skipped, or compared with the columns. */
  readonly header: 'no' | 'yes' | 'match'
  readonly quote: string
  readonly escape: string
  readonly forceQuote: '*' | readonly string[]
}

export interface CopyStatement {
  readonly direction: 'to' | 'from'
  /** COPY (…) TO. */
  readonly query: StatementText | undefined
  readonly table: readonly string[]
  readonly columns: readonly string[]
  readonly options: CopyOptions
}

/** The reader stands behind COPY. */
export function readCopy(reader: TokenReader): CopyStatement {
  const query = reader.peek()?.text === '(' ? readQuery(reader) : undefined
  const table = query === undefined ? readTable(reader) : []
  const columns = query === undefined && reader.take('(') ? readNames(reader) : []
  const direction = reader.takeAny('to', 'from')
  if (direction === undefined || (query !== undefined && direction === 'from')) throw reader.broken()
  if (reader.take('program') || !reader.take(direction === 'to' ? 'stdout' : 'stdin')) {
    throw new PgError(states.forbidden, 'COPY reads and writes no files here: use STDIN or STDOUT (psql: \\copy)', {
      offset: reader.restOffset(),
    })
  }
  return { direction: direction === 'to' ? 'to' : 'from', query, table, columns, options: readOptions(reader) }
}

function readQuery(reader: TokenReader): StatementText {
  const open = reader.next()
  const from = reader.index
  let depth = 1
  while (depth > 0) {
    const { text } = reader.next()
    if (text === '(') depth += 1
    if (text === ')') depth -= 1
  }
  const tokens = reader.statement.tokens.slice(from, reader.index - 1)
  const last = tokens.at(-1)
  const [first] = tokens
  if (first === undefined || last === undefined) throw reader.broken(open)
  const base = reader.statement.offset
  return {
    tokens,
    text: reader.statement.text.slice(first.offset - base, last.offset + last.text.length - base),
    offset: first.offset,
  }
}

function readTable(reader: TokenReader): string[] {
  const table = [reader.name()]
  while (reader.take('.')) table.push(reader.name())
  if (table.length > 3) throw reader.broken()
  return table
}

function readNames(reader: TokenReader): string[] {
  const names: string[] = []
  do names.push(reader.name())
  while (reader.take(','))
  reader.expect(')')
  return names
}

function readOptions(reader: TokenReader): CopyOptions {
  const found = new Map<string, string>()
  let forceQuote: CopyOptions['forceQuote'] = []
  reader.take('with')
  if (reader.take('(')) {
    do {
      const name = reader.name()
      if (name.startsWith('force_')) forceQuote = readForce(reader, name)
      else found.set(name, reader.peek()?.text === ',' || reader.peek()?.text === ')' ? 'true' : optionValue(reader))
    } while (reader.take(','))
    reader.expect(')')
  } else {
    forceQuote = readOldOptions(reader, found)
  }
  if (reader.take('where'))
    throw new PgError(states.unsupported, 'COPY … WHERE is not supported', { offset: reader.restOffset() })
  reader.end()
  return checkedOptions(found, forceQuote)
}

function optionValue(reader: TokenReader): string {
  const token = reader.next()
  if (token.kind === 'symbol') throw reader.broken(token)
  return token.kind === 'word' ? token.lower : token.value
}

function readForce(reader: TokenReader, name: string): CopyOptions['forceQuote'] {
  const isAll = reader.take('*')
  const columns = isAll ? [] : (reader.expect('('), readNames(reader))
  if (name === 'force_quote') return isAll ? '*' : columns
  throw new PgError(states.unsupported, `COPY option ${name} is not supported`)
}

/** COPY t TO STDOUT WITH CSV HEADER DELIMITER ',': as before Postgres 9. */
function readOldOptions(reader: TokenReader, found: Map<string, string>): CopyOptions['forceQuote'] {
  let forceQuote: CopyOptions['forceQuote'] = []
  while (!reader.isAtEnd && reader.peek()?.lower !== 'where') {
    const word = reader.name()
    if (word === 'csv' || word === 'binary') found.set('format', word)
    else if (word === 'header') found.set('header', 'true')
    else if (word === 'force' && reader.take('quote')) forceQuote = reader.take('*') ? '*' : readLooseNames(reader)
    else if (['delimiter', 'delimiters', 'null', 'quote', 'escape', 'encoding'].includes(word)) {
      reader.take('as')
      found.set(word === 'delimiters' ? 'delimiter' : word, optionValue(reader))
    } else throw reader.broken(reader.peek(-1))
  }
  return forceQuote
}

function readLooseNames(reader: TokenReader): string[] {
  const names: string[] = []
  do names.push(reader.name())
  while (reader.take(','))
  return names
}

const knownOptions = new Set(['format', 'delimiter', 'null', 'header', 'quote', 'escape', 'encoding', 'freeze'])

function checkedOptions(found: ReadonlyMap<string, string>, forceQuote: CopyOptions['forceQuote']): CopyOptions {
  for (const name of found.keys()) {
    if (!knownOptions.has(name)) throw new PgError(states.syntax, `option "${name}" not recognized`)
  }
  const format = found.get('format') ?? 'text'
  if (format !== 'text' && format !== 'csv') {
    throw new PgError(states.unsupported, `COPY in format ${format} is not supported: use text or csv`)
  }
  const encoding = found.get('encoding') ?? 'utf8'
  if (!/^utf-?8$/i.test(encoding))
    throw new PgError(states.unsupported, `COPY in encoding ${encoding} is not supported: use UTF8`)
  const isCsv = format === 'csv'
  const quote = oneLetter('quote', found.get('quote') ?? '"')
  const header = found.get('header') ?? 'false'
  return {
    format,
    delimiter: oneLetter('delimiter', found.get('delimiter') ?? (isCsv ? ',' : '\t')),
    nullText: found.get('null') ?? (isCsv ? '' : '\\N'),
    header: header === 'match' ? 'match' : /^(?:true|on|1)$/.test(header) ? 'yes' : 'no',
    quote,
    escape: oneLetter('escape', found.get('escape') ?? quote),
    forceQuote,
  }
}

function oneLetter(name: string, value: string): string {
  if (value.length === 1 && !/[\r\n\0]/.test(value) && value.charCodeAt(0) < 128) return value
  throw new PgError(states.unsupported, `COPY ${name} must be a single one-byte character`)
}
