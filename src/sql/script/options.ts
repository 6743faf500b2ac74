// OPTIONS(…) as plain values: texts, numbers, booleans, lists of pairs. Only constants: BigQuery takes no more, mostly.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { OptionValues } from './host.ts'

export function optionValues(entries: readonly ast.OptionEntry[]): OptionValues {
  return Object.fromEntries(entries.map(({ name, value }) => [name.name.toLowerCase(), constantOf(value)]))
}

function constantOf(value: ast.Expression): unknown {
  switch (value.kind) {
    case 'string':
    case 'bool':
      return value.value
    case 'int':
    case 'float':
      return Number(value.text)
    case 'null':
      return null
    case 'typed-literal':
      return value.value.value
    case 'array':
      return value.items.map(constantOf)
    case 'struct':
      return value.fields.map((field) => constantOf(field.value))
    case 'unary': {
      const operand = constantOf(value.operand)
      if (value.operator === '-' && typeof operand === 'number') return -operand
      break
    }
    case 'name':
      // Words like FALSE in old scripts, or enumerations.
      if (value.parts.length === 1) return value.parts[0]?.name
      break
    default:
  }
  throw new SqlError('unsupported', 'Options must be constants', value.offset)
}
