// Saved JavaScript functions, as a session of the engine wants to know them before they are called.
import type { CatalogRoutine, SqlCatalog } from '../sql/catalog.ts'
import { parseStatement } from '../sql/syntax/parser.ts'
import type { ScriptFunction } from '../warehouse/session.ts'

/** Of the routines that a query calls. */
export function calledFunctions(
  routines: readonly { readonly dataset: string; readonly name: string }[],
  catalog: SqlCatalog,
): ScriptFunction[] {
  return routines.flatMap(({ dataset, name }) => {
    const routine = catalog.routine(dataset, name)
    const found = routine === undefined ? undefined : scriptFunction(routine)
    return found === undefined ? [] : [found]
  })
}

/** undefined: it is written in SQL. The id is the one that the compiler calls it by (sql/lower/user-functions.ts). */
export function scriptFunction({ dataset, name, definition }: CatalogRoutine): ScriptFunction | undefined {
  const statement = parseStatement(definition)
  if (statement.kind !== 'create-function' || statement.code === undefined) return undefined
  return {
    id: `routine:${dataset}.${name}`,
    parameterNames: statement.parameters.map((parameter) => parameter.name.name),
    body: statement.code.value,
  }
}
