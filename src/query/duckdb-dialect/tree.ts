// The engine's syntax tree as JSON, in and out without losing a digit: numbers that a double doesn't hold keep their text.
import { MillpondError } from '../../core/errors.ts'

export type TreeValue = null | boolean | number | string | RawNumber | TreeNode | TreeValue[]

export interface TreeNode {
  [key: string]: TreeValue | undefined
}

/** A number as it stands in the text (JSON.rawJSON). */
interface RawNumber {
  readonly rawJSON: string
}

interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}

const exact = JSON as unknown as ExactJson

/** Where a node stood in the text: means nothing once it stands elsewhere. */
const placeKey = 'query_location'

/** Error: query-invalid, for numbers that JSON has no text for (1e400). */
export function parseTree(text: string): TreeNode {
  try {
    return exact.parse(text, (_key, value, { source }) =>
      typeof value === 'number' && source !== undefined && String(value) !== source ? exact.rawJSON(source) : value,
    ) as TreeNode
  } catch (error) {
    if (error instanceof RangeError) throw error
    throw new MillpondError('query-invalid', 'A number in the query is beyond what a DOUBLE holds', { cause: error })
  }
}

export function printTree(tree: TreeNode): string {
  return JSON.stringify(tree)
}

export function isNode(value: TreeValue | undefined): value is TreeNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !exact.isRawJSON(value)
}

/** A text of the node, or ''. */
export function textOf(node: TreeNode, key: string): string {
  const value = node[key]
  return typeof value === 'string' ? value : ''
}

export function nodesOf(value: TreeValue | undefined): TreeNode[] {
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** The node becomes another one, where it stands. */
export function become(node: TreeNode, other: TreeNode): void {
  for (const key of Object.keys(node)) delete node[key]
  Object.assign(node, other)
}

export function copyOf(node: TreeNode): TreeNode {
  return parseTree(printTree(node))
}

/** The only statement of what parseSelect gave. Errors: query-invalid, query-refused. */
export function onlyStatement(tree: TreeNode): TreeNode {
  const statements = nodesOf(tree['statements'])
  const [statement] = statements
  if (statement === undefined) throw new MillpondError('query-invalid', 'The query is empty')
  if (statements.length > 1) throw new MillpondError('query-refused', 'One statement at a time, please')
  return statement
}

/** The same text for two trees that mean the same, whatever their places and the order of their keys. */
export function canonical(value: TreeValue | undefined): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isNode(value)) return JSON.stringify(value ?? null)
  const node = withoutWrapping(value)
  const parts = Object.keys(node)
    .filter((key) => key !== placeKey)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonical(node[key])}`)
  return `{${parts.join(',')}}`
}

/** The printer writes a list of values as a sub-query over it. */
function withoutWrapping(node: TreeNode): TreeNode {
  if (node['type'] !== 'SUBQUERY' || node['class'] !== undefined || textOf(node, 'alias') !== valuesAlias) return node
  const statement = node['subquery']
  const select = isNode(statement) ? statement['node'] : undefined
  const from = isNode(select) ? select['from_table'] : undefined
  const isValues = isNode(from) && from['type'] === 'EXPRESSION_LIST' && textOf(from, 'alias') === valuesAlias
  return isValues ? withoutWrapping(from) : node
}

const valuesAlias = 'valueslist'
