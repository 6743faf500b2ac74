// What the parts of the interpreter need of the script that runs.
import type { CompileContext } from '../lower/compile.ts'
import type * as ast from '../syntax/ast.ts'
import type { Statement } from '../syntax/ast-statement.ts'
import type { Scene, SessionNames } from './frame.ts'
import type { ScriptHost } from './host.ts'

export interface RunningScript {
  readonly host: ScriptHost
  readonly names: SessionNames
  readonly scene: Scene
  /** Rows that the last DML changed. */
  readonly rowCount: number
  context(): Promise<CompileContext>
  /** A procedure's body, or the statement of EXECUTE IMMEDIATE. */
  inScene(scene: Scene, statements: readonly Statement[]): Promise<void>
  textOf(node: ast.Node): string
  /** Of the session's own functions: no two have the same id. */
  nextFunctionId(): string
}

/** LEAVE, ITERATE and RETURN on their way to the loop, or the call, that they end. */
export class Jump extends Error {
  override name = 'Jump'
  readonly kind: 'leave' | 'iterate' | 'return'
  readonly label: string | undefined

  constructor(kind: Jump['kind'], label: string | undefined) {
    super(kind)
    this.kind = kind
    this.label = label
  }
}
