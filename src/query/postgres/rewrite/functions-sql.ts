// Functions of Postgres over data that the engine calls by another name, or writes in another way. What has no equal is refused.
import { PgError, states } from '../sqlstate.ts'
import { type CallInput, type CallRewriter, literalOf } from './functions-catalog.ts'
import { stringSql } from './type-cast.ts'

function renamed(name: string): CallRewriter {
  return ({ args }) => `${name}(${args.join(', ')})`
}

export const sqlFunctions: Readonly<Record<string, CallRewriter>> = {
  btrim: renamed('trim'),
  json_build_object: renamed('json_object'),
  jsonb_build_object: renamed('json_object'),
  json_build_array: renamed('json_array'),
  jsonb_build_array: renamed('json_array'),
  to_jsonb: renamed('to_json'),
  jsonb_array_length: renamed('json_array_length'),
  jsonb_typeof: jsonType,
  json_typeof: jsonType,
  jsonb_pretty: renamed('json_pretty'),
  cardinality: renamed('len'),
  array_remove: ({ args: [list = 'NULL', value = 'NULL'] }) =>
    `list_filter(${list}, lambda item: item IS DISTINCT FROM ${value})`,
  array_lower: ({ args: [list = 'NULL'] }) => `(CASE WHEN len(${list}) > 0 THEN 1 END)`,
  array_upper: ({ args: [list = 'NULL'] }) => `nullif(len(${list}), 0)`,
  array_ndims: ({ args: [list = 'NULL'] }) => `(CASE WHEN len(${list}) > 0 THEN 1 END)`,
  array_length: ({ args: [list = 'NULL', dimension] }) => (dimension === '1' ? `nullif(len(${list}), 0)` : undefined),
  quote_ident: ({ args: [text = 'NULL'] }) =>
    `(CASE WHEN regexp_full_match(${text}, '[a-z_][a-z0-9_$]*') THEN ${text} ELSE '"' || replace(${text}, '"', '""') || '"' END)`,
  quote_literal: ({ args: [text = 'NULL'] }) => quotedLiteral(text),
  quote_nullable: ({ args: [text = 'NULL'] }) => `coalesce(${quotedLiteral(text)}, 'NULL')`,
  to_char: toChar,
  to_date: ({ args: [text = 'NULL'], nodes, offset }) =>
    `CAST(strptime(${text}, ${parseFormat(nodes[1], 'to_date', offset)}) AS DATE)`,
  to_timestamp: ({ args: [text = 'NULL', format], nodes, offset }) =>
    format === undefined
      ? undefined
      : `CAST(strptime(${text}, ${parseFormat(nodes[1], 'to_timestamp', offset)}) AS TIMESTAMPTZ)`,
  clock_timestamp: () => 'get_current_timestamp()',
  statement_timestamp: () => 'now()',
  transaction_timestamp: () => 'now()',
  timeofday: refused('timeofday'),
  to_number: refused('to_number'),
  overlay: refused('overlay'),
  width_bucket: refused('width_bucket'),
  justify_days: refused('justify_days'),
  justify_hours: refused('justify_hours'),
  justify_interval: refused('justify_interval'),
  regexp_match: refused('regexp_match'),
  regexp_count: refused('regexp_count'),
  initcap: refused('initcap'),
}

function refused(name: string): CallRewriter {
  return ({ offset }) => {
    throw new PgError(states.unsupported, `${name} is not supported: queries here are in the DuckDB dialect`, {
      offset,
    })
  }
}

function jsonType({ args: [value = 'NULL'] }: CallInput): string {
  return `(CASE json_type(${value}) WHEN 'OBJECT' THEN 'object' WHEN 'ARRAY' THEN 'array' WHEN 'VARCHAR' THEN 'string' WHEN 'BOOLEAN' THEN 'boolean' WHEN 'NULL' THEN 'null' WHEN NULL THEN NULL ELSE CASE WHEN ${value} IS NULL THEN NULL ELSE 'number' END END)`
}

function quotedLiteral(text: string): string {
  return `('''' || replace(CAST(${text} AS VARCHAR), '''', '''''') || '''')`
}

type Piece = { readonly format: string } | { readonly sql: (value: string) => string }

function padded(name: string, width: number, change = ''): Piece {
  return {
    sql: (value) => `rpad(${change === '' ? `${name}(${value})` : `${change}(${name}(${value}))`}, ${width}, ' ')`,
  }
}

/** Longest first. A pattern that isn't here is refused: another text in its place would be a wrong answer. */
const patterns: readonly (readonly [string, Piece])[] = [
  ['FMMonth', { format: '%B' }],
  ['FMmonth', { sql: (value) => `lower(monthname(${value}))` }],
  ['FMMONTH', { sql: (value) => `upper(monthname(${value}))` }],
  ['FMDay', { format: '%A' }],
  ['FMDD', { format: '%-d' }],
  ['FMMM', { format: '%-m' }],
  ['FMHH24', { format: '%-H' }],
  ['FMHH12', { format: '%-I' }],
  ['FMMI', { format: '%-M' }],
  ['FMSS', { format: '%-S' }],
  ['FMYYYY', { format: '%Y' }],
  ['FMDDD', { format: '%-j' }],
  ['Month', padded('monthname', 9)],
  ['MONTH', padded('monthname', 9, 'upper')],
  ['month', padded('monthname', 9, 'lower')],
  ['HH24', { format: '%H' }],
  ['HH12', { format: '%I' }],
  ['YYYY', { format: '%Y' }],
  ['IYYY', { format: '%G' }],
  ['DDD', { format: '%j' }],
  ['Day', padded('dayname', 9)],
  ['DAY', padded('dayname', 9, 'upper')],
  ['day', padded('dayname', 9, 'lower')],
  ['Mon', { format: '%b' }],
  ['MON', { sql: (value) => `upper(strftime(${value}, '%b'))` }],
  ['mon', { sql: (value) => `lower(strftime(${value}, '%b'))` }],
  ['DD', { format: '%d' }],
  ['Dy', { format: '%a' }],
  ['DY', { sql: (value) => `upper(strftime(${value}, '%a'))` }],
  ['dy', { sql: (value) => `lower(strftime(${value}, '%a'))` }],
  ['ID', { format: '%u' }],
  ['IW', { format: '%V' }],
  ['HH', { format: '%I' }],
  ['MI', { format: '%M' }],
  ['MM', { format: '%m' }],
  ['MS', { format: '%g' }],
  ['SS', { format: '%S' }],
  ['US', { format: '%f' }],
  ['YY', { format: '%y' }],
  ['AM', { format: '%p' }],
  ['PM', { format: '%p' }],
  ['am', { sql: (value) => `lower(strftime(${value}, '%p'))` }],
  ['pm', { sql: (value) => `lower(strftime(${value}, '%p'))` }],
  ['Q', { sql: (value) => `CAST(quarter(${value}) AS VARCHAR)` }],
  ['D', { sql: (value) => `CAST(dayofweek(${value}) + 1 AS VARCHAR)` }],
]

function piecesOf(template: string, name: string, offset: number): Piece[] {
  const pieces: Piece[] = []
  let at = 0
  while (at < template.length) {
    const rest = template.slice(at)
    const quoted = /^"([^"]*)"/.exec(rest)
    const found = patterns.find(([pattern]) => rest.startsWith(pattern))
    if (quoted !== null) {
      pieces.push({ format: (quoted[1] ?? '').replaceAll('%', '%%') })
      at += quoted[0].length
    } else if (found !== undefined) {
      pieces.push(found[1])
      at += found[0].length
    } else if (/^[^A-Za-z0-9]/.test(rest) || rest.startsWith('T')) {
      pieces.push({ format: (rest[0] ?? '').replaceAll('%', '%%') })
      at += 1
    } else {
      const message = `${name} does not know the pattern "${rest.slice(0, 10)}" here: only those of dates and times`
      throw new PgError(states.unsupported, message, { offset })
    }
  }
  return pieces
}

function toChar({ args: [value = 'NULL'], nodes, offset }: CallInput): string {
  const template = literalOf(nodes[1])
  if (template === undefined) throw new PgError(states.unsupported, 'to_char needs its format written out', { offset })
  const texts: string[] = []
  let format = ''
  const close = (): void => {
    if (format !== '') texts.push(`strftime(${value}, ${stringSql(format)})`)
    format = ''
  }
  for (const piece of piecesOf(template, 'to_char', offset)) {
    if ('format' in piece) format += piece.format
    else {
      close()
      texts.push(piece.sql(value))
    }
  }
  close()
  return texts.length === 0 ? "''" : `(${texts.join(' || ')})`
}

function parseFormat(nodes: CallInput['nodes'][number] | undefined, name: string, offset: number): string {
  const template = literalOf(nodes)
  if (template === undefined) throw new PgError(states.unsupported, `${name} needs its format written out`, { offset })
  const format = piecesOf(template, name, offset)
    .map((piece) => {
      if ('format' in piece) return piece.format
      throw new PgError(states.unsupported, `${name} can't read the format "${template.slice(0, 40)}"`, { offset })
    })
    .join('')
  return stringSql(format)
}
