// OPTIONS(…) as plain values: texts, numbers, booleans, lists of pairs. What isn't written out is asked of the engine, where a
// statement may say it: dbt lets its tables expire at TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 12 HOUR).
import type { ParameterValue } from '../lower/compile.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { SqlType } from '../types.ts'
import { evaluate } from './evaluate.ts'
import type { OptionValues } from './host.ts'
import type { RunningScript } from './script-run.ts'

/** Of columns. Error: SqlError, for what isn't written out. */
export function constantOptions(entries: readonly ast.OptionEntry[]): OptionValues {
  return Object.fromEntries(
    entries.map(({ name, value }) => {
      const constant = constantOf(value, () => false)
      if (constant === undefined)
        throw new SqlError('unsupported', 'Options of columns must be constants', value.offset)
      return [name.name.toLowerCase(), constant]
    }),
  )
}

export async function optionValues(run: RunningScript, entries: readonly ast.OptionEntry[]): Promise<OptionValues> {
  const options: Record<string, unknown> = {}
  for (const { name, value } of entries) {
    const isVariable = (word: string): boolean => run.scene.frame.find(word) !== undefined
    const constant = constantOf(value, isVariable)
    options[name.name.toLowerCase()] = constant === undefined ? await asked(run, value) : constant
  }
  return options
}

async function asked(run: RunningScript, expression: ast.Expression): Promise<unknown> {
  const { type, value } = await evaluate(run, expression, undefined)
  return plainValue(type, value)
}

const numbers = new Set<SqlType['kind']>(['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC'])

function plainValue(type: SqlType, value: ParameterValue): unknown {
  if (typeof value !== 'string') return value
  if (type.kind === 'BOOL') return value === 'true'
  return numbers.has(type.kind) ? Number(value) : value
}

/** undefined: it isn't one, or not all of it. */
function constantOf(value: ast.Expression, isVariable: (word: string) => boolean): unknown {
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
      return allOf(value.items, isVariable)
    case 'struct':
      return allOf(
        value.fields.map((field) => field.value),
        isVariable,
      )
    case 'unary': {
      const operand = constantOf(value.operand, isVariable)
      return value.operator === '-' && typeof operand === 'number' ? -operand : undefined
    }
    case 'name': {
      // Words like FALSE in old scripts, or enumerations.
      const [first, ...rest] = value.parts
      return first === undefined || rest.length > 0 || isVariable(first.name) ? undefined : first.name
    }
    default:
      return undefined
  }
}

function allOf(items: readonly ast.Expression[], isVariable: (word: string) => boolean): unknown {
  const values = items.map((item) => constantOf(item, isVariable))
  return values.includes(undefined) ? undefined : values
}
