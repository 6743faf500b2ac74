// What is wrong with a person's SQL, and where: messages end ` at [line:column]` as BigQuery's do, because clients look for it.
import { MillpondError } from '../core/errors.ts'

/** An offset into the text, in UTF-16 units. */
export type Offset = number

/** Line and column from 1; a column is a UTF-16 unit, a tab goes to the next multiple of eight as in BigQuery. */
export function positionOf(text: string, offset: Offset): { readonly line: number; readonly column: number } {
  let line = 1
  let column = 1
  for (let index = 0; index < offset && index < text.length; index += 1) {
    const letter = text[index]
    if (letter === '\n') {
      line += 1
      column = 1
    } else if (letter === '\t') column = Math.floor((column - 1) / 8) * 8 + 9
    else column += 1
  }
  return { line, column }
}

/**
 * 'syntax': not readable. 'semantic': names or types are wrong, as BigQuery would say too. 'unsupported': BigQuery may know it,
 * Millpond's local engine doesn't: told by name, never answered differently. 'unwritable': a table that the caller may not change.
 */
export type SqlErrorKind = 'syntax' | 'semantic' | 'unsupported' | 'unwritable'

/** `offset` refers to the text that was compiled; `locate` adds the position once the text is at hand. */
export class SqlError extends Error {
  override name = 'SqlError'
  readonly kind: SqlErrorKind
  readonly offset: Offset

  constructor(kind: SqlErrorKind, message: string, offset: Offset) {
    super(message)
    this.kind = kind
    this.offset = offset
  }
}

const codes = {
  syntax: 'query-invalid',
  semantic: 'query-invalid',
  unsupported: 'query-unsupported',
  unwritable: 'made-unwritable',
} as const

/** The error that a caller sees. Code query-invalid, query-unsupported or made-unwritable. */
export function locate(error: SqlError, text: string): MillpondError {
  const { line, column } = positionOf(text, error.offset)
  const head = error.kind === 'syntax' ? 'Syntax error: ' : ''
  return new MillpondError(codes[error.kind], `${head}${error.message} at [${line}:${column}]`, { cause: error })
}
