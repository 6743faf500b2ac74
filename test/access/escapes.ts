// Attempts to get at what one may not see, as data: every port runs all of them. They stand in escapes.sql, one a line.
//
// A secret holds `secretWord` or one of `secretNumbers` of pond.ts; names of hidden tables are secrets, too, unless the attempt
// itself says them. Columns, rows, error messages and plans are searched.
import { readFileSync } from 'node:fs'

import type { principals } from './pond.ts'

export type EscapeRole = keyof typeof principals

export interface Escape {
  readonly group: string
  readonly sql: string
  readonly dialect: 'duckdb' | 'googlesql'
  readonly roles: readonly EscapeRole[]
  /**
   * refused: an error, whoever asks. unknown: the error of a table that isn't there (table-unknown, or the port's word for it).
   * harmless: an answer or an error, anything, but without a secret in it.
   */
  readonly expected: 'refused' | 'unknown' | 'harmless'
}

export const escapes: readonly Escape[] = readEscapes(readFileSync(new URL('escapes.sql', import.meta.url), 'utf8'))

/** The sums of hidden rows with visible ones. */
export const derivedSecrets: readonly string[] = ['1975308672', '1975308642']

/** A heading is `## group | dialect | roles | expected`. */
function readEscapes(text: string): Escape[] {
  const found: Escape[] = []
  let head: Omit<Escape, 'sql'> | undefined
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('-- ')) continue
    if (line.startsWith('## ')) {
      const [group = '', dialect, roles = '', expected] = line.slice(3).split(' | ')
      head = {
        group,
        dialect: dialect as Escape['dialect'],
        roles: roles.split(' ') as EscapeRole[],
        expected: expected as Escape['expected'],
      }
    } else if (head !== undefined) found.push({ ...head, sql: line })
  }
  return found
}
