// REGEXP_* functions. Patterns are RE2's, which DuckDB speaks, too; constant ones are checked when the query is compiled, others by
// JavaScript beside the row.
import { text } from '../type-names.ts'
import type { FunctionRow, Lowering, LoweringCall } from './function-row.ts'
import { overBytes } from './latin.ts'
import {
  checkRewrite,
  nullableUnsupported,
  oneGroup,
  type PatternFacts,
  placePattern,
  readPattern,
} from './regexp-pattern.ts'

function argument(call: LoweringCall, index: number): string {
  return call.args[index]?.sql ?? 'NULL'
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function factsOf(call: LoweringCall, pattern: string): PatternFacts {
  try {
    return readPattern(pattern)
  } catch (error) {
    return call.invalid(messageOf(error))
  }
}

function constantPattern(call: LoweringCall): string | undefined {
  const constant = call.args[1]?.constant
  return typeof constant === 'string' ? constant : undefined
}

function contains(call: LoweringCall): string {
  const pattern = constantPattern(call)
  if (pattern === undefined) return `regexp_matches(${argument(call, 0)}, bq_js_regexp_checked(${argument(call, 1)}))`
  factsOf(call, pattern)
  return `regexp_matches(${argument(call, 0)}, ${argument(call, 1)})`
}

/** The text from a position on, or NULL behind its end; position and occurrence are checked. */
function fromPosition(call: LoweringCall): string {
  const [value, , position] = call.args
  if (position === undefined || position.constant === '1') return value?.sql ?? 'NULL'
  return `memory.bq.regexp_rest(${value?.sql}, ${position.sql})`
}

function isFirst(call: LoweringCall, index: number): boolean {
  const one = call.args[index]
  return one === undefined || one.constant === '1'
}

function extract(call: LoweringCall): string {
  const pattern = constantPattern(call)
  if (pattern === undefined) return extractAtRunTime(call)
  const facts = factsOf(call, pattern)
  if (facts.groups > 1) call.invalid(oneGroup)
  const rest = fromPosition(call)
  if (!isFirst(call, 3)) return `memory.bq.regexp_nth(${allRaw(call, rest, facts)}, ${argument(call, 3)})`
  if (facts.groups === 1 && facts.isGroupOptional) return `regexp_extract_all(${rest}, ${argument(call, 1)}, 1)[1]`
  const one = `regexp_extract(${rest}, ${argument(call, 1)}${facts.groups === 1 ? ', 1' : ''})`
  const isNullable = facts.groups === 1 ? facts.isGroupNullable : facts.isNullable
  return isNullable ? `CASE WHEN regexp_matches(${rest}, ${argument(call, 1)}) THEN ${one} END` : `nullif(${one}, '')`
}

/** All matches, or all of the group; NULL where the group stayed out. */
function allRaw(call: LoweringCall, value: string, facts: PatternFacts): string {
  const all = `regexp_extract_all(${value}, ${argument(call, 1)}${facts.groups === 1 ? ', 1' : ''})`
  if (!facts.isNullable) return all
  // DuckDB looks once more at the very end of the text.
  if (facts.hasAssertions) return call.unsupported(nullableUnsupported)
  return `memory.bq.without_last(${value}, ${all})`
}

/** The number of groups is known only row by row. */
function extractAtRunTime(call: LoweringCall): string {
  const pattern = argument(call, 1)
  const nth = isFirst(call, 3) ? '1::BIGINT' : argument(call, 3)
  return `memory.bq.regexp_extract_any(${fromPosition(call)}, ${pattern}, bq_js_regexp_groups(${pattern}), ${nth})`
}

function extractAll(call: LoweringCall): string {
  const pattern = constantPattern(call)
  if (pattern === undefined)
    return `memory.bq.regexp_all_any(${argument(call, 0)}, ${argument(call, 1)}, bq_js_regexp_groups(${argument(call, 1)}))`
  const facts = factsOf(call, pattern)
  if (facts.groups > 1) call.invalid(oneGroup)
  const all = allRaw(call, argument(call, 0), facts)
  return facts.isGroupOptional ? `list_transform(${all}, lambda bq_found: coalesce(bq_found, ''))` : all
}

function inText(call: LoweringCall): string {
  const [value, pattern, position, occurrence, after] = call.args
  const count = occurrence === undefined ? '1' : occurrence.constant
  const isEnd = after === undefined ? '0' : after.constant
  const rest = fromPosition(call)
  const start = position === undefined ? '1' : position.sql
  if (typeof pattern?.constant === 'string' && typeof count === 'string' && (isEnd === '0' || isEnd === '1')) {
    if (Number(count) < 1) call.invalid('Occurrence must be positive')
    const facts = factsOf(call, pattern.constant)
    if (facts.groups > 1) call.invalid(oneGroup)
    const before = text(placeOf(call, pattern.constant, Number(count) - 1, isEnd === '1'))
    return `memory.bq.regexp_place(${value?.sql}, ${rest}, ${pattern.sql}, ${count}::BIGINT, ${before}, ${start})`
  }
  if (typeof isEnd === 'string' && isEnd !== '0' && isEnd !== '1') call.invalid('Invalid return_position_after_match.')
  const nth = occurrence === undefined ? '1::BIGINT' : occurrence.sql
  const before = `bq_js_regexp_place(${pattern?.sql}, ${nth}, ${after === undefined ? '0::BIGINT' : after.sql})`
  return `memory.bq.regexp_place(${value?.sql}, ${rest}, ${pattern?.sql}, ${nth}, ${before}, ${start})`
}

function placeOf(call: LoweringCall, pattern: string, count: number, isEnd: boolean): string {
  try {
    return placePattern(pattern, count, isEnd)
  } catch (error) {
    return call.unsupported(messageOf(error))
  }
}

function replace(call: LoweringCall): string {
  const pattern = constantPattern(call)
  const rewrite = call.args[2]?.constant
  const [value, sql, to] = [argument(call, 0), argument(call, 1), argument(call, 2)]
  if (pattern === undefined || typeof rewrite !== 'string') {
    return `regexp_replace(${value}, ${sql}, bq_js_regexp_rewrite(${sql}, ${to}), 'g')`
  }
  const { groups } = factsOf(call, pattern)
  try {
    checkRewrite(rewrite, groups)
  } catch (error) {
    call.invalid(messageOf(error))
  }
  return `regexp_replace(${value}, ${sql}, ${to}, 'g')`
}

const shared: readonly (readonly [signature: string, lower: Lowering])[] = [
  ['REGEXP_CONTAINS(X, X) -> BOOL', contains],
  ['REGEXP_EXTRACT(X, X, [INT64], [INT64]) -> X', extract],
  ['REGEXP_SUBSTR(X, X, [INT64], [INT64]) -> X', extract],
  ['REGEXP_EXTRACT_ALL(X, X) -> ARRAY<X>', extractAll],
  ['REGEXP_INSTR(X, X, [INT64], [INT64], [INT64]) -> INT64', inText],
  ['REGEXP_REPLACE(X, X, X) -> X', replace],
]

export const regexpFunctions: readonly FunctionRow[] = [
  ...shared.map(([signature, lower]): FunctionRow => ({ signature: signature.replaceAll(/\bX\b/g, 'STRING'), lower })),
  ...shared.map(([signature, lower]) => overBytes(signature.replaceAll(/\bX\b/g, 'BYTES'), lower)),
]
