// What the parts of a FROM clause become, and how their names are joined.
import { duckFields, identifier } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { type FromNames, noNames, type RangeVariable, type ScopeColumn } from './scope.ts'

export interface Relation {
  /** May stand in FROM: `"fed"."web"."events" AS "e"`. */
  readonly sql: string
  readonly names: FromNames
  /** It names columns of what stands left of it. */
  readonly isLateral: boolean
  /** Positions in the arrays that it walks, if FromPlace asks for them. */
  readonly positions?: readonly string[] | undefined
}

/** Of a row that is one value: a struct's fields can be seen, too. */
export function valueTable(
  name: string | undefined,
  value: { readonly sql: string; readonly type: SqlType },
  more: readonly ScopeColumn[] = [],
): FromNames {
  const { sql, type } = value
  const fields: ScopeColumn[] =
    type.kind === 'STRUCT'
      ? duckFields(type).map((field, index) => ({
          name: type.fields[index]?.name,
          type: type.fields[index]?.type ?? type,
          sql: `(${sql}).${identifier(field)}`,
        }))
      : []
  const range: RangeVariable = { name, columns: fields, value }
  const shown = type.kind === 'STRUCT' ? fields : [{ name, type, sql }]
  return { ranges: [range], columns: [...shown, ...more], hidden: [] }
}

/** Of a table whose rows are columns. */
export function columnTable(name: string | undefined, columns: readonly ScopeColumn[]): FromNames {
  const shown = columns.filter(({ isHidden }) => isHidden !== true)
  const hidden = columns.filter(({ isHidden }) => isHidden === true)
  return { ranges: [{ name, columns }], columns: shown, hidden }
}

export function joinNames(left: FromNames, right: FromNames): FromNames {
  if (left === noNames) return right
  return {
    ranges: [...left.ranges, ...right.ranges],
    columns: [...left.columns, ...right.columns],
    hidden: [...left.hidden, ...right.hidden],
  }
}
