// PARTITION BY of CREATE TABLE, in BigQuery's handful of forms.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { ColumnShape, PartitionShape } from './host.ts'

const granularities = new Set(['HOUR', 'DAY', 'MONTH', 'YEAR'])

export function partitionShape(expression: ast.Expression, columns: readonly ColumnShape[]): PartitionShape {
  const shape = shapeOf(expression)
  if (shape === undefined) {
    throw new SqlError(
      'semantic',
      'PARTITION BY expression must be DATE(<timestamp_column>), DATE(<datetime_column>), DATETIME_TRUNC(<datetime_column>, DAY/HOUR/MONTH/YEAR), a DATE column, TIMESTAMP_TRUNC(<timestamp_column>, DAY/HOUR/MONTH/YEAR), DATE_TRUNC(<date_column>, MONTH/YEAR), or RANGE_BUCKET(<int64_column>, GENERATE_ARRAY(<int64_value>, <int64_value>[, <int64_value>]))',
      expression.offset,
    )
  }
  if (shape.column === ingestionColumn) return shape
  const column = columns.find(({ name }) => name.toLowerCase() === shape.column.toLowerCase())
  if (column === undefined) throw new SqlError('semantic', `Unrecognized name: ${shape.column}`, expression.offset)
  return { ...shape, column: column.name }
}

export const ingestionColumn = '_PARTITIONTIME'

function shapeOf(expression: ast.Expression): PartitionShape | undefined {
  if (expression.kind === 'name') return nameShape(expression)
  if (expression.kind !== 'call') return undefined
  const name = expression.name.map((part) => part.name.toUpperCase()).join('.')
  const [first, second] = expression.args
  if (first?.kind !== 'name') return undefined
  if (name === 'DATE' && second === undefined) return nameShape(first)
  const inner = nameShape(first)
  if (inner === undefined) return undefined
  if (/^(?:TIMESTAMP|DATETIME|DATE)_TRUNC$/.test(name) && second?.kind === 'name') {
    const part = second.parts.map((one) => one.name.toUpperCase()).join('.')
    if (!granularities.has(part)) return undefined
    return { ...inner, granularity: part as PartitionShape['granularity'] }
  }
  if (name === 'RANGE_BUCKET' && second?.kind === 'call') return rangeShape(inner.column, second)
  return undefined
}

function nameShape({ parts }: ast.NameExpression): PartitionShape | undefined {
  const [first, second] = parts
  if (first === undefined || second !== undefined) return undefined
  const upper = first.name.toUpperCase()
  const isIngestion = upper === '_PARTITIONDATE' || upper === ingestionColumn
  return { column: isIngestion ? ingestionColumn : first.name, granularity: 'DAY' }
}

function rangeShape(column: string, call: ast.Call): PartitionShape | undefined {
  const numbers = call.args.map((argument) => {
    if (argument.kind === 'int') return Number(argument.text)
    const isNegative = argument.kind === 'unary' && argument.operator === '-' && argument.operand.kind === 'int'
    return isNegative ? -Number(argument.operand.text) : undefined
  })
  const [from, to, step = 1] = numbers
  if (from === undefined || to === undefined) return undefined
  return { column, granularity: 'RANGE', range: [from, to, step] }
}
