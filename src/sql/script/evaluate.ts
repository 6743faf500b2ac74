// Expressions of a script, asked of the engine: one row, one value.
import { MillpondError } from '../../core/errors.ts'
import {
  bindParameter,
  type CompiledQuery,
  compileExpression,
  type ParameterValue,
  type UsedParameter,
} from '../lower/compile.ts'
import type * as ast from '../syntax/ast.ts'
import type { SqlType } from '../types.ts'
import type { Scene } from './frame.ts'
import type { Bindings, CompiledStatement } from './host.ts'
import type { RunningScript } from './script-run.ts'
import { withSystemVariables } from './system-variables.ts'

/** `target`: the value is coerced to it, as an assignment does. */
export async function evaluate(
  run: RunningScript,
  expression: ast.Expression,
  target: SqlType | undefined,
): Promise<{ readonly type: SqlType; readonly value: ParameterValue }> {
  const compiled = compileExpression(withSystemVariables(expression, run), await run.context(), target)
  const statement = statementOf(`SELECT ${compiled.sql}`, compiled, run.scene)
  const [row] = await run.host.rows(statement, [compiled.type], 1)
  return { type: compiled.type, value: row?.[0] ?? null }
}

export function statementOf(
  sql: string,
  { parameters, facts }: Pick<CompiledQuery, 'parameters' | 'facts'>,
  scene: Scene,
): CompiledStatement {
  return { sql, bindings: bindingsOf(parameters, scene), reads: facts.tables }
}

export function bindingsOf(used: readonly UsedParameter[], { frame, parameters, isDryRun = false }: Scene): Bindings {
  const positional = parameters.filter(({ name }) => name === undefined)
  const bindings = new Map<string, string | null>()
  for (const { sqlName, source, name = '', position = 1 } of used) {
    const found =
      source === 'variable'
        ? frame.find(name)
        : source === 'named'
          ? parameters.find((one) => one.name?.toLowerCase() === name.toLowerCase())
          : positional[position - 1]
    if (found === undefined) {
      if (isDryRun) continue
      const what = source === 'positional' ? `at position ${position}` : `'${name}'`
      throw new MillpondError('query-invalid', `Query parameter ${what} not found`)
    }
    bindings.set(sqlName, bindParameter(found.type, found.value))
  }
  return bindings
}
