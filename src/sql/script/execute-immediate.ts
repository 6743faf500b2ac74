// EXECUTE IMMEDIATE: a text that the script has put together, run as one statement.
import { MillpondError } from '../../core/errors.ts'
import { compileQuery, StatementCompiler } from '../lower/compile.ts'
import { locate, SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { ExecuteImmediate, Statement } from '../syntax/ast-statement.ts'
import { parseScript } from '../syntax/parser.ts'
import { evaluate, statementOf } from './evaluate.ts'
import { contextOf, type GivenParameter, type Scene, type Variable } from './frame.ts'
import type { RunningScript } from './script-run.ts'

/** BigQuery takes none of these from a text. */
const control: ReadonlySet<Statement['kind']> = new Set([
  'declare',
  'set',
  'if',
  'case-statement',
  'block',
  'loop',
  'while',
  'repeat',
  'for',
  'leave',
  'iterate',
  'return',
  'raise',
  'execute-immediate',
])

export async function executeImmediate(run: RunningScript, node: ExecuteImmediate): Promise<void> {
  const { value: text } = await evaluate(run, node.sql, { kind: 'STRING' })
  if (typeof text !== 'string') throw new SqlError('semantic', 'The SQL of EXECUTE IMMEDIATE is NULL', node.offset)
  const parameters: GivenParameter[] = []
  for (const { value, name } of node.using) {
    const { type, value: bound } = await evaluate(run, value, undefined)
    parameters.push({ name: name?.name, type, value: bound })
  }
  const statement = parsed(text)
  const { frame, handled } = run.scene
  const scene: Scene = { text, parameters, frame, handled }
  if (node.into.length === 0) return run.inScene(scene, [statement])
  if (statement.kind !== 'query-statement') throw new SqlError('semantic', 'INTO needs a query', node.offset)
  await selectInto(run, scene, statement.query, node.into)
}

function parsed(text: string): Statement {
  try {
    const [first, second] = parseScript(text).statements
    if (first === undefined || second !== undefined)
      throw new MillpondError('query-invalid', 'EXECUTE IMMEDIATE takes one statement')
    if (control.has(first.kind))
      throw new MillpondError('query-invalid', 'EXECUTE IMMEDIATE takes a query, DML or DDL: no statement of a script')
    return first
  } catch (error) {
    if (error instanceof SqlError) throw locate(error, text)
    throw error
  }
}

async function selectInto(
  run: RunningScript,
  scene: Scene,
  query: ast.Query,
  into: readonly ast.Identifier[],
): Promise<void> {
  const context = contextOf(scene, run.names, await run.host.catalog(), run.host.sessionUser)
  const count = compileQuery(query, context).columns.length
  if (count !== into.length) {
    throw new MillpondError(
      'query-invalid',
      `EXECUTE IMMEDIATE … INTO has ${into.length} variables for ${count} columns`,
    )
  }
  const variables = into.map((name) => variableOf(run, name))
  const compiler = new StatementCompiler(context)
  const { sql } = compiler.queryAs(query, variables)
  const types = variables.map(({ type }) => type)
  const rows = await run.host.rows(statementOf(sql, compiler.finish(), scene), types, 2)
  if (rows.length > 1)
    throw new MillpondError('query-invalid', 'EXECUTE IMMEDIATE … INTO: the query gives more than one row')
  for (const [index, variable] of variables.entries()) variable.value = rows[0]?.[index] ?? null
}

export function variableOf(run: RunningScript, name: ast.Identifier): Variable {
  const variable = run.scene.frame.find(name.name)
  if (variable === undefined) throw new SqlError('semantic', `Undeclared variable: ${name.name}`, name.offset)
  return variable
}
