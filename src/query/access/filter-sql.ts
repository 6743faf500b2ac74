// A row filter's GoogleSQL as DuckDB SQL: all columns of the table and one more, which says whether the caller may see the row.
// The caller's attributes stand in it as constants.
import type { Principal } from '../../control/principals.ts'
import { MillpondError } from '../../core/errors.ts'
import type { SqlCatalog } from '../../sql/catalog.ts'
import { compileQuery } from '../../sql/lower/compile.ts'
import { locate, SqlError } from '../../sql/sql-error.ts'
import type * as ast from '../../sql/syntax/ast.ts'
import { Cursor } from '../../sql/syntax/cursor.ts'
import { readExpression } from '../../sql/syntax/parse-expression.ts'
import { parseScript } from '../../sql/syntax/parser.ts'
import type { PolicyColumn } from './policy-table.ts'

export interface FilterInput {
  readonly predicate: string
  readonly dataset: string
  readonly table: string
  readonly columns: readonly PolicyColumn[]
  /** DuckDB relation with these columns. */
  readonly relation: string
  /** Name of the column that says so. */
  readonly verdict: string
}

export interface CompiledFilter {
  /** `SELECT` without brackets. */
  readonly sql: string
  /** The time or chance decides, too: what was seen once need not be seen again. */
  readonly isVolatile: boolean
}

/** Error: query-invalid, query-unsupported. */
export type FilterCompiler = (input: FilterInput, caller: Pick<Principal, 'handle' | 'attributes'>) => CompiledFilter

type Attribute = string | readonly string[] | undefined

/** With more of them, only the forms as they are given are tried. */
const variedMax = 4
const place = 'mp_predicate'

/** Errors of the predicate as it is run must not show a row that is hidden: they are FALSE, like NULL. */
const template = (verdict: string): string =>
  `SELECT *, IFERROR(COALESCE(${place}, FALSE), FALSE) AS ${verdict} FROM \`mp_filtered\`.\`mp_table\``

export const compileFilter: FilterCompiler = (input, caller) => {
  const predicate = parsePredicate(input.predicate)
  const names = [...parametersIn(predicate)]
  let failure: unknown
  for (const attributes of formsOf(names, caller.attributes)) {
    try {
      return compileWith(input, predicate, attributes, caller.handle)
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      failure ??= error
    }
  }
  throw located(failure, input.predicate)
}

/** For whoever makes the filter: it must fit its table with some attributes. Errors: query-invalid, query-unsupported. */
export function checkPredicate(input: FilterInput): void {
  const names = [...parametersIn(parsePredicate(input.predicate))]
  // What isn't known yet may be one value or several.
  compileFilter(input, { handle: 'somebody', attributes: Object.fromEntries(names.map((name) => [name, ''])) })
}

function parsePredicate(text: string): ast.Expression {
  try {
    const cursor = new Cursor(text)
    const expression = readExpression(cursor)
    const { kind, offset } = cursor.peek()
    if (kind !== 'end') throw new SqlError('syntax', 'Expected end of the condition', offset)
    const query = find(expression, (kindOf) => kindOf === 'query')
    if (query === undefined) return expression
    throw new SqlError(
      'semantic',
      "A row filter is a condition over the table's own columns, without sub-queries",
      query.offset,
    )
  } catch (error) {
    throw located(error, text)
  }
}

function compileWith(
  input: FilterInput,
  predicate: ast.Expression,
  attributes: ReadonlyMap<string, Attribute>,
  handle: string,
): CompiledFilter {
  const [statement] = parseScript(template(input.verdict)).statements
  if (statement?.kind !== 'query-statement') throw new MillpondError('bug', 'the template is a query')
  const condition = replaced(predicate, (node) =>
    node.kind === 'parameter' ? constantOf(node, attributes) : undefined,
  )
  const query = replaced(statement.query, (node) =>
    node.kind === 'name' && isPlace(node) ? (condition as AnyNode) : undefined,
  )
  const { sql, facts, parameters } = compileQuery(query as ast.Query, {
    catalog: catalogOf(input),
    sessionUser: handle,
  })
  if (parameters.length > 0 || facts.routines.length > 0 || facts.usesUserCode) {
    throw new SqlError('semantic', 'A row filter can use built-in functions and named attributes only', 0)
  }
  return { sql, isVolatile: facts.isVolatile }
}

interface AnyNode {
  readonly kind: string
  readonly offset: number
  readonly end: number
}

function isPlace(node: AnyNode): boolean {
  const { parts } = node as unknown as ast.NameExpression
  return parts.length === 1 && parts[0]?.name === place
}

/** A copy, in which nodes may be others. */
function replaced(value: unknown, other: (node: AnyNode) => AnyNode | undefined): unknown {
  if (Array.isArray(value)) return value.map((one) => replaced(one, other))
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const given = 'kind' in value ? other(value as AnyNode) : undefined
  if (given !== undefined) return given
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, replaced(child, other)]))
}

function find(value: unknown, isWanted: (kind: string) => boolean): AnyNode | undefined {
  if (Array.isArray(value)) {
    for (const one of value) {
      const found = find(one, isWanted)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined
  if ('kind' in value && typeof value.kind === 'string' && isWanted(value.kind)) return value as AnyNode
  return find(Object.values(value), isWanted)
}

/** In lower case: GoogleSQL doesn't tell `@Region` from `@region`. */
function parametersIn(expression: ast.Expression): ReadonlySet<string> {
  const names = new Set<string>()
  replaced(expression, (node) => {
    if (node.kind === 'parameter') names.add((node as unknown as ast.NamedParameter).name.toLowerCase())
    return undefined
  })
  return names
}

/** As they are; then one value as a list of one, too: who has one region has a list of regions. */
function* formsOf(names: readonly string[], given: Principal['attributes']): Generator<ReadonlyMap<string, Attribute>> {
  const plain = new Map<string, Attribute>(
    names.map((name) => [name, Object.hasOwn(given, name) ? given[name] : undefined]),
  )
  yield plain
  if (names.length > variedMax) return
  for (let bits = 1; bits < 2 ** names.length; bits += 1) {
    const varied = new Map(plain)
    names.forEach((name, index) => {
      const value = plain.get(name)
      if ((bits & (2 ** index)) !== 0 && !Array.isArray(value))
        varied.set(name, value === undefined ? [] : [String(value)])
    })
    yield varied
  }
}

function constantOf(node: AnyNode, attributes: ReadonlyMap<string, Attribute>): AnyNode {
  const { offset, end } = node
  const value = attributes.get((node as unknown as ast.NamedParameter).name.toLowerCase())
  const string = (text: string): ast.StringLiteral => ({ kind: 'string', value: text, offset, end })
  const type: ast.SimpleType = { kind: 'simple-type', name: 'STRING', parameters: [], collate: undefined, offset, end }
  if (typeof value === 'string') return string(value)
  if (value !== undefined) {
    return {
      kind: 'array',
      type: { kind: 'array-type', element: type, offset, end },
      items: value.map(string),
      offset,
      end,
    } as AnyNode
  }
  const nothing = { kind: 'null', offset, end } as const
  const cast: ast.Cast = {
    kind: 'cast',
    isSafe: false,
    operand: nothing,
    type,
    format: undefined,
    timeZone: undefined,
    offset,
    end,
  }
  return cast
}

/** One table, and nothing else. */
function catalogOf({ columns, relation }: FilterInput): SqlCatalog {
  const table = {
    dataset: 'mp_filtered',
    table: 'mp_table',
    kind: 'table',
    columns: columns.map(({ name, sqlType }) => ({ name, type: sqlType })),
    relation,
    isWritable: false,
  } as const
  return {
    project: 'millpond',
    defaultDataset: undefined,
    table: (dataset, name) => (dataset === table.dataset && name === table.table ? table : undefined),
    tableNames: (dataset) => (dataset === table.dataset ? [table.table] : undefined),
    datasetNames: () => [table.dataset],
    routine: () => undefined,
    informationSchema: () => undefined,
  }
}

function located(error: unknown, text: string): unknown {
  return error instanceof SqlError ? locate(error, text) : error
}
