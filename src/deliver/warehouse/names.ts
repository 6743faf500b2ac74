// Event and property names become table and column names: Segment's rule (go-snakecase) for ASCII, so that existing SQL
// runs; letters and digits of every other script are kept where Segment strips them.
import { createHash } from 'node:crypto'

import { fixedTables, nameLengthMax } from '../../warehouse/schema.ts'

const letter = /[\p{L}\p{N}\p{M}]/u
const upper = /[\p{Lu}\p{Lt}]/u
const digit = /\p{N}/u

/**
 * Words are runs of capitals and digits followed by runs of other letters and digits; they are lowered and joined by `_`.
 * Empty when the text has neither letters nor digits. Examples: names.test.ts.
 */
export function snakeName(text: string): string {
  const units = Array.from(text.normalize('NFC'))
  let name = ''
  let at = 0
  const isWord = (unit: string | undefined) => unit !== undefined && letter.test(unit)
  const isHead = (unit: string | undefined) => unit !== undefined && (upper.test(unit) || digit.test(unit))
  while (at < units.length) {
    while (at < units.length && !isWord(units[at])) at += 1
    if (at < units.length && name !== '') name += '_'
    while (isHead(units[at])) name += (units[at++] ?? '').toLowerCase()
    while (isWord(units[at]) && (digit.test(units[at] ?? '') || !upper.test(units[at] ?? ''))) name += units[at++] ?? ''
  }
  return name
}

/** Eight hexadecimal digits that stand for a text. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 8)
}

/** Names that are too long are cut and end in a hash of the whole, so that they stay apart. */
function cutName(name: string, original: string): string {
  if (name.length <= nameLengthMax) return name
  let cut = name.slice(0, nameLengthMax - 9)
  if (!cut.isWellFormed()) cut = cut.slice(0, -1)
  return `${cut}_${shortHash(original)}`
}

/** Table of a track event. */
export function tableNameOf(eventName: string): string {
  const name = cutName(snakeName(eventName), eventName)
  if (name === '') return `evt_${shortHash(eventName)}`
  return fixedTables.has(name) ? `event_${name}` : name
}

/** Column of a path such as ['context', 'app', 'version']. */
export function columnNameOf(path: readonly string[]): string {
  const parts = path.map((key) => {
    const name = snakeName(key)
    return name === '' ? `key_${shortHash(key)}` : name
  })
  return cutName(parts.join('_'), JSON.stringify(path))
}
