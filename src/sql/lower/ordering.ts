// ORDER BY keys: NULLs come first ascending and last descending, NaN next to them; always written out.
import { SqlError } from '../sql-error.ts'
import { typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { isOrderable } from './comparisons.ts'
import type { Lowered } from './lowered.ts'
import type { Scope } from './scope.ts'

export interface OrderKey {
  readonly lowered: Lowered
  readonly direction: 'ASC' | 'DESC'
  readonly nulls: 'FIRST' | 'LAST'
}

export function orderKey(item: ast.OrderItem, lowered: Lowered): OrderKey {
  if (item.collate !== undefined)
    throw new SqlError('unsupported', 'COLLATE is not supported locally', item.collate.offset)
  if (!isOrderable(lowered.type) && lowered.origin !== 'null') {
    throw new SqlError(
      'semantic',
      `ORDER BY does not support expressions of type ${typeName(lowered.type)}`,
      item.offset,
    )
  }
  const direction = item.direction ?? 'ASC'
  return { lowered, direction, nulls: item.nulls ?? (direction === 'ASC' ? 'FIRST' : 'LAST') }
}

export function orderKeys(items: readonly ast.OrderItem[], scope: Scope): OrderKey[] {
  return items.map((item) => orderKey(item, scope.state.tools.expression(item.value, scope)))
}

/** DuckDB text of the list. `hasNan`: also of floats' NaN, which takes a key of its own. */
export function orderText(keys: readonly OrderKey[], hasNan = true): string {
  return keys.map((key) => keyText(key, hasNan)).join(', ')
}

/** DuckDB puts NaN above all numbers, BigQuery below them. */
function keyText({ lowered, direction, nulls }: OrderKey, hasNan: boolean): string {
  const { sql, type } = lowered
  const plain = `${sql} ${direction} NULLS ${nulls}`
  if (type.kind !== 'FLOAT64' || !hasNan || lowered.constant !== undefined) return plain
  return `isnan(${sql}) ${direction === 'ASC' ? 'DESC' : 'ASC'} NULLS ${nulls}, ${plain}`
}
