// The rows of src/sql/functions by name, with their signatures read once.
import type { AggregateRow, FunctionRow, WindowRow } from '../functions/function-row.ts'
import { functionTable } from '../functions/table.ts'
import { parseSignature, type Signature } from './signature.ts'

export interface Overloads<Row> {
  readonly signatures: readonly Signature[]
  readonly rows: ReadonlyMap<Signature, Row>
}

function parsed<Row extends { readonly signature: string }>(
  table: ReadonlyMap<string, readonly Row[]>,
): ReadonlyMap<string, Overloads<Row>> {
  return new Map(
    [...table].map(([name, list]) => {
      const rows = new Map(list.map((row) => [parseSignature(row.signature), row]))
      return [name, { signatures: [...rows.keys()], rows }]
    }),
  )
}

export const scalarTable: ReadonlyMap<string, Overloads<FunctionRow>> = parsed(functionTable.scalars)
export const aggregateTable: ReadonlyMap<string, Overloads<AggregateRow>> = parsed(functionTable.aggregates)
export const windowTable: ReadonlyMap<string, Overloads<WindowRow>> = parsed(functionTable.windows)
export const refusedTable: ReadonlyMap<string, string> = functionTable.refused

export function functionNames(): string[] {
  return [...scalarTable.keys(), ...aggregateTable.keys(), ...windowTable.keys(), 'IF', 'COALESCE', 'IFNULL', 'NULLIF']
}
