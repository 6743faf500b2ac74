// The text that a column of a fixed table would have, without writing the row.
import type { RowTableSpec } from '../../warehouse/row-tables.ts'
import { idText } from '../screen/message-id.ts'

type Json = Readonly<Record<string, unknown>>

/** '' = none. */
export function columnText({ columns }: RowTableSpec, name: string, row: Json): string {
  const fields = columns.find((column) => column.name === name)?.fields ?? []
  for (const { path } of fields) {
    const [first, second] = path
    const value = member(row, first)
    const text = idText(second === undefined ? value : member(value, second))
    if (text !== '') return text
  }
  return ''
}

/** What an object itself says: not what all objects inherit. */
function member(object: unknown, key: string): unknown {
  if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) return undefined
  return (object as Json)[key]
}
