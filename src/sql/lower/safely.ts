// SAFE. and its kin: errors become NULL. DuckDB's TRY refuses error() and other volatile calls, but not inside a lambda.
import { lambdaName } from './share.ts'

/** Errors of `body` give NULL, those of the parts don't: they are evaluated outside. Date parts (empty) and lambdas stay in place. */
export function safely(parts: readonly string[], body: (...names: string[]) => string): string {
  const plain = body(...parts)
  const isFixed = (part: string): boolean => part === '' || part.startsWith('lambda ')
  if (parts.every((part) => isFixed(part) || isHarmless(part))) {
    if (!mayRaise(plain)) return `TRY(${plain})`
    const unused = lambdaName('t', plain)
    return `TRY(list_transform([1], lambda ${unused}: ${plain})[1])`
  }
  const outer = lambdaName('t', plain)
  const inner = `${outer}i`
  const fields = parts.flatMap((part, index) => (isFixed(part) ? [] : [`'f${index}': ${part}`])).join(', ')
  const named = body(...parts.map((part, index) => (isFixed(part) ? part : `(${inner}).f${index}`)))
  return `list_transform([{${fields}}], lambda ${outer}: TRY(list_transform([${outer}], lambda ${inner}: ${named})[1]))[1]`
}

/** A list of the one value, or NULL if it fails. `overRows`: aggregates and their kin, which TRY refuses; evaluated outside. */
export function attempted(sql: string, overRows: Iterable<string>): string {
  // The longest first: one may be part of another's text.
  const held = [...overRows].filter((one) => sql.includes(one)).sort((a, b) => b.length - a.length)
  const outer = lambdaName('t', sql)
  if (held.length === 0) return `TRY(list_transform([1], lambda ${outer}: ${sql}))`
  const inner = `${outer}i`
  const named = held.reduce((text, one, index) => text.replaceAll(one, `(${inner}).f${index}`), sql)
  const fields = held.map((one, index) => `'f${index}': ${one}`).join(', ')
  return `list_transform([{${fields}}], lambda ${outer}: TRY(list_transform([${outer}], lambda ${inner}: ${named})))[1]`
}

function isHarmless(sql: string): boolean {
  return /^(?:[\w.$"':+-]|\s)*$/.test(sql) && !mayRaise(sql)
}

function mayRaise(sql: string): boolean {
  return sql.includes('error(') || sql.includes('memory.bq.')
}
