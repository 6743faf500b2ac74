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

/** A list of the one value, or NULL if it fails. */
export function attempted(sql: string): string {
  return `TRY(list_transform([1], lambda ${lambdaName('t', sql)}: ${sql}))`
}

function isHarmless(sql: string): boolean {
  return /^(?:[\w.$"':+-]|\s)*$/.test(sql) && !mayRaise(sql)
}

function mayRaise(sql: string): boolean {
  return sql.includes('error(') || sql.includes('memory.bq.')
}
