// A person's SELECT in DuckDB's dialect, made into one that shows only what that person may see.
//
//   text ─▶ the engine's tree (json_serialize_sql) ─▶ walk ─▶ text with marks ─▶ read again: the same tree? ─▶ tables put in
//
// Reading it again is for the printer's sake: a statement that it can't write faithfully is refused, never run differently.
// A mark is a name that nobody can guess; the text of a table, or of a policy's sub-query, takes its place as it is.
import { randomBytes } from 'node:crypto'

import { assert, MillpondError } from '../../core/errors.ts'
import type { CatalogTable } from '../../sql/catalog.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import { fold, type VisibleNames } from './names.ts'
import {
  become,
  canonical,
  isNode,
  nodesOf,
  onlyStatement,
  parseTree,
  printTree,
  textOf,
  type TreeNode,
} from './tree.ts'
import { columnParts, type Placing, Walk, type WalkFindings } from './walk.ts'

export interface RewriteRequest {
  readonly sql: string
  /** What the caller may see, as it may be seen: `relation` of each table carries its policies. */
  readonly names: VisibleNames
  /** Datasets of names without one, in order. */
  readonly searchPath: readonly string[]
  /** SESSION_USER. */
  readonly handle: string
  /** Views that people made: their text compiled for the caller, in brackets. Errors pass on. */
  readonly viewRelation?: (view: CatalogTable) => string
  /** Names of the session's inline tables. */
  readonly inlineTables?: Iterable<string>
  /** SQL for a parameter (`1`, `name`); without it `$p1`, `$name`. */
  readonly parameterSql?: (identifier: string) => string | undefined
}

export interface Rewritten {
  readonly sql: string
  readonly kind: 'SELECT' | 'EXPLAIN'
  /** Each once. `columns` undefined: all count. */
  readonly tables: readonly {
    readonly dataset: string
    readonly table: string
    readonly columns: readonly string[] | undefined
    /** Its columns that the statement names. */
    readonly namedColumns: readonly string[]
  }[]
  readonly isVolatile: boolean
  /** Identifiers of parameters, as written, each once. */
  readonly parameters: readonly string[]
}

export interface DialectRewriter {
  /** Errors: query-invalid, query-refused, query-unsupported, table-unknown. */
  rewrite(request: RewriteRequest): Promise<Rewritten>
}

/** EXPLAIN isn't in the tree: its head is read here, its statement goes down the same road. */
const explainHead = /^\s*EXPLAIN\b(\s+ANALYZE\b)?(?:\s*\(\s*FORMAT\s+(TEXT|JSON)\s*\))?/i
/** Each is printed by itself. */
const unnamedMax = 200
const empty = /^(?:\s|;|--[^\n]*(?:\n|$))*$/

export function createDialectRewriter(driver: Pick<WarehouseDriver, 'parseSelect' | 'printSelect'>): DialectRewriter {
  return {
    async rewrite(request) {
      try {
        return await rewrite(driver, request)
      } catch (error) {
        if (!(error instanceof RangeError)) throw error
        throw new MillpondError('query-invalid', 'The query nests too deeply', { cause: error })
      }
    },
  }
}

async function rewrite(
  driver: Pick<WarehouseDriver, 'parseSelect' | 'printSelect'>,
  request: RewriteRequest,
): Promise<Rewritten> {
  if (empty.test(request.sql)) throw new MillpondError('query-invalid', 'The query is empty')
  const head = explainHead.exec(request.sql)
  const root = await parse(driver, head === null ? request.sql : request.sql.slice(head[0].length))
  const statement = onlyStatement(root)
  const walk = new Walk({
    names: request.names,
    searchPath: request.searchPath,
    inlineTables: new Map([...(request.inlineTables ?? [])].map((name) => [fold(name), name])),
    handle: request.handle,
  })
  walk.statement(statement)
  if (head !== null) refuseExplain(walk.placings)
  await nameColumns(driver, root, walk.unnamed)
  const marks = new Marks()
  for (const placing of walk.placings) putTable(placing, marks, request)
  for (const { node, identifier } of walk.parameters) putParameter(node, identifier, marks, request)
  for (const entry of nodesOf(statement['named_param_map'])) entry['key'] = nameOfParameter(textOf(entry, 'key'))
  const sql = marks.fill(await print(driver, root))
  return {
    sql: head === null ? sql : `EXPLAIN${head[1] === undefined ? '' : ' ANALYZE'}${formatText(head[2])}\n${sql}`,
    kind: head === null ? 'SELECT' : 'EXPLAIN',
    tables: tablesOf(walk),
    isVolatile: walk.isVolatile || head !== null,
    parameters: [...new Set(walk.parameters.map(({ identifier }) => identifier))],
  }
}

async function parse(driver: Pick<WarehouseDriver, 'parseSelect'>, sql: string): Promise<TreeNode> {
  try {
    return parseTree(await driver.parseSelect(sql))
  } catch (error) {
    // The engine writes infinite numbers as no JSON has them.
    if (!(error instanceof SyntaxError)) throw error
    throw new MillpondError('query-invalid', 'A number in the query is beyond what a DOUBLE holds', { cause: error })
  }
}

async function print(driver: Pick<WarehouseDriver, 'parseSelect' | 'printSelect'>, root: TreeNode): Promise<string> {
  const sql = await driver.printSelect(printTree(root))
  const again = await parse(driver, sql)
  if (canonical(onlyStatement(again)['node']) === canonical(onlyStatement(root)['node'])) return sql
  throw new MillpondError(
    'query-unsupported',
    "The DuckDB dialect can't write this query again as it stands, which it must. Write it in another way, or in GoogleSQL",
  )
}

/** `SELECT 1`, with something else in the place of 1: its text behind the first word is that of the expression. */
async function nameColumns(
  driver: Pick<WarehouseDriver, 'parseSelect' | 'printSelect'>,
  root: TreeNode,
  unnamed: WalkFindings['unnamed'],
): Promise<void> {
  if (unnamed.length === 0) return
  if (unnamed.length > unnamedMax) {
    throw new MillpondError(
      'query-unsupported',
      `Give names (AS …) to columns that are sub-queries: ${unnamed.length} have none`,
    )
  }
  const select = onlyStatement(await parse(driver, 'SELECT 1'))['node']
  assert(isNode(select), 'a statement has a node')
  for (const { node, original } of unnamed) {
    select['select_list'] = [original]
    const text = await driver.printSelect(printTree({ ...root, statements: [{ node: select, named_param_map: [] }] }))
    node['alias'] = text.replace(/^SELECT /, '')
  }
}

/** Stand-ins for texts of ours while the engine prints the person's. */
class Marks {
  readonly #secret = `mp_${randomBytes(16).toString('hex')}_`
  readonly #texts: string[] = []

  add(text: string): string {
    this.#texts.push(text)
    return `${this.#secret}${this.#texts.length - 1}`
  }

  fill(sql: string): string {
    return sql.replaceAll(new RegExp(`"?${this.#secret}(\\d+)"?`, 'g'), (_mark, index: string) => {
      const text = this.#texts[Number(index)]
      assert(text !== undefined, 'every mark has its text')
      return text
    })
  }
}

function putTable({ node, table, relation, alias }: Placing, marks: Marks, request: RewriteRequest): void {
  const isView = table?.viewSql !== undefined
  const text = isView ? request.viewRelation?.(table) : relation
  assert(text !== undefined, 'views need their relation')
  become(node, {
    type: 'BASE_TABLE',
    alias,
    sample: node['sample'] ?? null,
    query_location: 0,
    schema_name: '',
    table_name: marks.add(text),
    column_name_alias: node['column_name_alias'] ?? [],
    catalog_name: '',
    at_clause: null,
  })
}

function putParameter(node: TreeNode, identifier: string, marks: Marks, { parameterSql }: RewriteRequest): void {
  const sql = parameterSql?.(identifier)
  if (sql === undefined) node['identifier'] = nameOfParameter(identifier)
  else {
    const alias = textOf(node, 'alias')
    become(node, {
      class: 'COLUMN_REF',
      type: 'COLUMN_REF',
      alias,
      query_location: 0,
      column_names: [marks.add(`(${sql})`)],
    })
  }
}

/** $1 is $p1 to a session. */
function nameOfParameter(identifier: string): string {
  return /^\d+$/.test(identifier) ? `p${identifier}` : identifier
}

function formatText(format: string | undefined): string {
  return format === undefined ? '' : ` (FORMAT ${format})`
}

/** A plan shows the conditions of row filters, with the caller's attributes, and what masks are made of. */
function refuseExplain(placings: readonly Placing[]): void {
  for (const { table, relation } of placings) {
    if (table === undefined || (table.viewSql === undefined && !relation.startsWith('('))) continue
    throw new MillpondError(
      'query-refused',
      `EXPLAIN can't be used here: ${table.dataset}.${table.table} is a view or has masks or row filters for you`,
    )
  }
}

function tablesOf({ placings, columnRefs, usedColumns, hasStar }: WalkFindings): Rewritten['tables'] {
  const tables = placings.flatMap(({ table }) => table ?? [])
  const rows = new Set(placings.map(({ alias, table }) => fold(alias === '' ? (table?.table ?? '') : alias)))
  const names = new Set(usedColumns.map(fold))
  let isWhole = hasStar
  for (const node of columnRefs) {
    const parts = columnParts(node).map(fold)
    // A row as a value.
    if (parts.length === 1 && rows.has(parts[0] ?? '')) isWhole = true
    for (const part of parts) names.add(part)
  }
  const found = new Map(tables.map((table) => [JSON.stringify([table.dataset, table.table]), table]))
  return [...found.values()].map(({ dataset, table, columns }) => {
    const namedColumns = columns.map(({ name }) => name).filter((name) => names.has(fold(name)))
    return { dataset, table, columns: isWhole ? undefined : namedColumns, namedColumns }
  })
}
