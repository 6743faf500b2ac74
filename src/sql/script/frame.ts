// What the statements of a script see besides tables: variables of the blocks around them, temp tables and functions.
import type { CompileContext, DeclaredParameter, ParameterValue, TempTable, UserFunction } from '../lower/compile.ts'
import type { SqlCatalog } from '../catalog.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import type { SqlType } from '../types.ts'

export interface Variable {
  readonly name: string
  readonly type: SqlType
  value: ParameterValue
}

export interface HandledError {
  readonly message: string
  readonly statementText: string
  readonly stack: string
}

/** Variables of a block; those of the blocks around it are found through `outer`. */
export class Frame {
  readonly outer: Frame | undefined
  readonly #variables = new Map<string, Variable>()

  constructor(outer: Frame | undefined) {
    this.outer = outer
  }

  /** A block may not declare a name that an outer one has. */
  declare(name: string, type: SqlType, value: ParameterValue, offset: Offset): void {
    if (this.find(name) !== undefined) {
      throw new SqlError('semantic', `Variable '${name}' redeclaration`, offset)
    }
    this.#variables.set(name.toLowerCase(), { name, type, value })
  }

  find(name: string): Variable | undefined {
    return this.#variables.get(name.toLowerCase()) ?? this.outer?.find(name)
  }

  all(): Variable[] {
    return [...(this.outer?.all() ?? []), ...this.#variables.values()]
  }
}

/** A procedure has one of its own: it sees temp tables and functions, but none of its caller's variables. */
export interface Scene {
  readonly text: string
  readonly parameters: readonly GivenParameter[]
  frame: Frame
  handled: HandledError | undefined
  readonly isDryRun?: boolean | undefined
}

export interface GivenParameter extends DeclaredParameter {
  readonly value: ParameterValue
}

export interface SessionNames {
  readonly tempTables: Map<string, TempTable>
  readonly functions: Map<string, UserFunction>
}

export function contextOf(scene: Scene, names: SessionNames, catalog: SqlCatalog, sessionUser: string): CompileContext {
  return {
    catalog,
    parameters: scene.parameters,
    variables: new Map(scene.frame.all().map(({ name, type }) => [name.toLowerCase(), type])),
    tempTables: names.tempTables,
    functions: names.functions,
    sessionUser,
  }
}
