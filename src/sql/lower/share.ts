// Expressions that SQL must name more than once: short ones are repeated, long ones bound by a lambda, so that text can't grow without end.

/** A variable's name that stands nowhere in these texts. Depends on them alone: the same expression is always the same text. */
export function lambdaName(prefix: string, ...texts: readonly string[]): string {
  let count = 1
  while (texts.some((text) => text.includes(`_${prefix}${count}`))) count += 1
  return `_${prefix}${count}`
}

/** Above this many letters an expression is evaluated once and bound. */
const repeatedMax = 120

export function isShort(sql: string): boolean {
  return sql.length <= repeatedMax && !sql.includes('SELECT ')
}

/** `body` of expressions that it may name many times. */
export function sharing(parts: readonly string[], body: (...names: string[]) => string): string {
  const long = parts.filter((part) => !isShort(part))
  if (long.length === 0) return body(...parts)
  const name = lambdaName('v', ...parts)
  if (long.length === 1) {
    const inner = body(...parts.map((part) => (part === long[0] ? name : part)))
    return `list_transform([${long[0]}], lambda ${name}: ${inner})[1]`
  }
  const fields = long.map((part, index) => `'f${index}': ${part}`).join(', ')
  const inner = body(...parts.map((part) => (isShort(part) ? part : `(${name}).f${long.indexOf(part)}`)))
  return `list_transform([{${fields}}], lambda ${name}: ${inner})[1]`
}
