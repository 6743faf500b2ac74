// Walks over a statement's tree and leaves nothing in it that the caller may not say: tables become what the caller sees of
// them, functions are on the list, and nothing of an unknown kind passes.
//
//   query node ─▶ its CTEs, in order ─▶ their names are ours now ─▶ everything else, with those names in scope
//   table      ─▶ CTE in scope │ inline table │ view of the catalogue │ table of the caller │ refused
//
// A CTE gets a name that no table can have: were the engine to resolve it otherwise than we do, it would find nothing.
import { MillpondError } from '../../core/errors.ts'
import type { CatalogTable } from '../../sql/catalog.ts'
import { catalogRelation, showRelation } from './catalog-relations.ts'
import { callerFunctions, catalogFunctions, mayCall, mayReadFrom, volatileFunctions } from './functions.ts'
import { findTable, fold, isTableCatalog, noSuchTable, type VisibleNames, type WrittenName } from './names.ts'
import { become, copyOf, isNode, nodesOf, textOf, type TreeNode, type TreeValue } from './tree.ts'

export interface WalkContext {
  readonly names: VisibleNames
  /** Datasets of names without one. */
  readonly searchPath: readonly string[]
  /** Tables of the session (temp.main), by folded name. */
  readonly inlineTables: ReadonlyMap<string, string>
  readonly handle: string
}

/** Names in scope, folded -> the name that we gave. */
type Scope = ReadonlyMap<string, string>

/** A table reference whose place a relation will take. */
export interface Placing {
  readonly node: TreeNode
  /** Of the caller's; undefined: a view of the catalogue. */
  readonly table: CatalogTable | undefined
  /** A table's quoted name, or a sub-query in brackets. */
  readonly relation: string
  /** Under which the statement's columns name it. */
  readonly alias: string
}

/** A column without a name of its own is called by its text, in which tables stand: it gets the name that it would have had. */
export interface UnnamedColumn {
  readonly node: TreeNode
  /** As it was written. */
  readonly original: TreeNode
}

export interface ParameterPlace {
  readonly node: TreeNode
  /** `1`, `name`. */
  readonly identifier: string
}

export interface WalkFindings {
  readonly placings: readonly Placing[]
  readonly parameters: readonly ParameterPlace[]
  readonly unnamed: readonly UnnamedColumn[]
  readonly isVolatile: boolean
  readonly columnRefs: readonly TreeNode[]
  /** Columns of USING. */
  readonly usedColumns: readonly string[]
  /** Columns may be read that nobody names. */
  readonly hasStar: boolean
}

const queryNodes = new Set(['SELECT_NODE', 'SET_OPERATION_NODE', 'RECURSIVE_CTE_NODE'])

/** Kinds of what has no class: parts of queries, table references, types. */
const plainKinds = new Set([
  'JOIN',
  'EMPTY',
  'EXPRESSION_LIST',
  'SUBQUERY',
  'PIVOT',
  'ORDER_MODIFIER',
  'LIMIT_MODIFIER',
  'LIMIT_PERCENT_MODIFIER',
  'DISTINCT_MODIFIER',
  'ORDER_DEFAULT',
  'ASCENDING',
  'DESCENDING',
])

const expressionClasses = new Set([
  'BETWEEN',
  'CASE',
  'CAST',
  'COLLATE',
  'COMPARISON',
  'CONJUNCTION',
  'CONSTANT',
  'LAMBDA',
  'LAMBDA_REF',
  'OPERATOR',
  'SUBQUERY',
  'TYPE',
])

export class Walk implements WalkFindings {
  readonly placings: Placing[] = []
  readonly parameters: ParameterPlace[] = []
  readonly unnamed: UnnamedColumn[] = []
  readonly columnRefs: TreeNode[] = []
  readonly usedColumns: string[] = []
  /** `dataset.table` of tables without an alias, folded: columns may be written with both names. True: a sub-query by now. */
  readonly #unnamed = new Map<string, boolean>()
  /** Whatever the statement itself gives a name to, folded. */
  readonly #aliases = new Set<string>()
  /** Columns may come out of values: their names aren't known. */
  #unfolds = false
  isVolatile = false
  hasStar = false
  readonly #context: WalkContext
  #ctes = 0

  constructor(context: WalkContext) {
    this.#context = context
  }

  /** Error: query-refused, table-unknown, query-unsupported. */
  statement(statement: TreeNode): void {
    this.#value(statement['node'], new Map())
    for (const node of this.columnRefs) this.#shorten(node)
    this.#answerCaller()
  }

  #value(value: TreeValue | undefined, scope: Scope): void {
    if (Array.isArray(value)) for (const one of value) this.#value(one, scope)
    else if (isNode(value)) this.#node(value, scope)
  }

  #node(node: TreeNode, scope: Scope): void {
    for (const name of [node['alias'], node['column_name_alias'], node['aliases']].flat()) {
      if (typeof name === 'string') this.#aliases.add(fold(name))
    }
    if (typeof node['class'] === 'string') this.#expression(node, node['class'], scope)
    else if (typeof node['type'] === 'string') this.#plain(node, node['type'], scope)
    else this.#children(node, scope)
  }

  #children(node: TreeNode, scope: Scope, except: readonly string[] = []): void {
    for (const [key, value] of Object.entries(node)) if (!except.includes(key)) this.#value(value, scope)
  }

  #plain(node: TreeNode, kind: string, scope: Scope): void {
    if (node['sample'] !== undefined && node['sample'] !== null) this.isVolatile = true
    if (queryNodes.has(kind)) this.#query(node, kind, scope)
    else if (kind === 'BASE_TABLE') this.#table(node, scope)
    else if (kind === 'TABLE_FUNCTION') this.#tableFunction(node, scope)
    else if (kind === 'SHOW_REF') this.#show(node, scope)
    else if (plainKinds.has(kind) || kind.endsWith('_TYPE_INFO')) {
      // An enum would be the engine's to look up; values stand in the statement.
      if (kind === 'PIVOT' && nodesOf(node['pivots']).some((one) => textOf(one, 'pivot_enum') !== ''))
        refuse('PIVOT over an ENUM')
      // Its columns are called by the text of the aggregate, in which tables would stand.
      if (kind === 'PIVOT' && holdsQuery(node['aggregates'])) refuse('a sub-query in what PIVOT aggregates')
      if (kind === 'PIVOT' || textOf(node, 'ref_type') === 'NATURAL') this.hasStar = true
      this.usedColumns.push(...textsOf(node['using_columns']))
      this.#children(node, scope)
    } else unknownKind(kind)
  }

  #query(node: TreeNode, kind: string, outer: Scope): void {
    const map = node['cte_map']
    const scope = new Map(outer)
    for (const entry of isNode(map) ? nodesOf(map['map']) : []) this.#cte(entry, scope)
    for (const item of nodesOf(node['select_list'])) {
      if (textOf(item, 'alias') === '' && holdsQuery(item)) this.unnamed.push({ node: item, original: copyOf(item) })
    }
    // Its name is that of the entry it stands in.
    if (kind === 'RECURSIVE_CTE_NODE') {
      const given = outer.get(fold(textOf(node, 'cte_name')))
      if (given === undefined) unknownKind('RECURSIVE_CTE_NODE')
      node['cte_name'] = given
    }
    this.#children(node, scope, ['cte_map'])
  }

  #cte(entry: TreeNode, scope: Map<string, string>): void {
    const name = textOf(entry, 'key')
    this.#ctes += 1
    const given = `${name} #${this.#ctes}`
    const value = entry['value']
    const query = isNode(value) ? value['query'] : undefined
    const inner = isNode(query) ? query['node'] : undefined
    // Only a recursive one sees itself.
    const isRecursive = isNode(inner) && inner['type'] === 'RECURSIVE_CTE_NODE'
    this.#value(value, isRecursive ? new Map([...scope, [fold(name), given]]) : scope)
    entry['key'] = given
    scope.set(fold(name), given)
  }

  #table(node: TreeNode, scope: Scope): void {
    const name: WrittenName = {
      catalog: textOf(node, 'catalog_name'),
      schema: textOf(node, 'schema_name'),
      table: textOf(node, 'table_name'),
    }
    if (node['at_clause'] !== undefined && node['at_clause'] !== null) refuse('a table as it was (AT)')
    this.#children(node, scope, ['at_clause'])
    const cte =
      name.catalog === '' && ['', 'recurring'].includes(fold(name.schema)) ? scope.get(fold(name.table)) : undefined
    if (cte !== undefined) {
      if (textOf(node, 'alias') === '') node['alias'] = name.table
      node['table_name'] = cte
      return
    }
    const inline = this.#inline(name)
    if (inline !== undefined) {
      if (textOf(node, 'alias') === '') node['alias'] = name.table
      Object.assign(node, { catalog_name: 'temp', schema_name: 'main', table_name: inline })
      return
    }
    this.#place(node, name)
  }

  #inline({ catalog, schema, table }: WrittenName): string | undefined {
    const isTemp =
      (catalog === '' && ['', 'temp'].includes(fold(schema))) || (fold(catalog) === 'temp' && fold(schema) === 'main')
    return isTemp ? this.#context.inlineTables.get(fold(table)) : undefined
  }

  #place(node: TreeNode, name: WrittenName): void {
    const { names, searchPath } = this.#context
    const own = textOf(node, 'alias')
    const alias = own === '' ? name.table : own
    const system = this.#systemRelation(name)
    if (system !== undefined) {
      this.isVolatile = true
      this.placings.push({ node, table: undefined, relation: system, alias })
      return
    }
    const table = findTable(names, searchPath, name)
    if (table === undefined) throw noSuchTable(name)
    const relation = shownRelation(table)
    const isSubquery = relation.startsWith('(') || table.viewSql !== undefined
    this.placings.push({ node, table, relation, alias: isSubquery ? alias : own })
    if (own === '') this.#unnamed.set(JSON.stringify([fold(table.dataset), fold(table.table)]), isSubquery)
  }

  #systemRelation({ catalog, schema, table }: WrittenName): string | undefined {
    const { names } = this.#context
    const isOurs = catalog === '' || fold(catalog) === 'system' || isTableCatalog(names, catalog)
    if (!isOurs) return undefined
    if (fold(schema) === 'information_schema') return catalogRelation(schema, table, names)
    const isPlain = ['', 'main', 'pg_catalog'].includes(fold(schema)) && catalogFunctions.has(fold(table))
    return isPlain ? catalogRelation('', table, names) : undefined
  }

  #tableFunction(node: TreeNode, scope: Scope): void {
    const call = node['function']
    if (!isNode(call) || call['class'] !== 'FUNCTION') return unknownKind('TABLE_FUNCTION')
    const name = fold(textOf(call, 'function_name'))
    if (!isBuiltIn(call)) refuse(`the table function ${textOf(call, 'schema')}.${name}()`)
    if (catalogFunctions.has(name) && nodesOf(call['children']).length === 0) {
      this.isVolatile = true
      const relation = catalogRelation('', name, this.#context.names)
      const alias = textOf(node, 'alias') === '' ? name : textOf(node, 'alias')
      if (relation === undefined) refuse(`the table function ${name}()`)
      this.placings.push({ node, table: undefined, relation, alias })
      return
    }
    if (!mayReadFrom(name)) refuse(`the table function ${name}()`)
    Object.assign(call, { schema: '', catalog: '' })
    this.#children(call, scope)
    this.#children(node, scope, ['function'])
  }

  #show(node: TreeNode, scope: Scope): void {
    if (isNode(node['query'])) {
      this.hasStar = true
      return this.#value(node['query'], scope)
    }
    const what = textOf(node, 'table_name').replaceAll('"', '')
    const isFrom = textOf(node, 'show_type') === 'SHOW_FROM'
    const relation = showRelation(isFrom ? 'tables' : fold(what), textOf(node, 'schema_name'), this.#context.names)
    if (relation === undefined) refuse(`SHOW ${what}`)
    this.isVolatile = true
    const alias = textOf(node, 'alias') === '' ? 'shown' : textOf(node, 'alias')
    this.placings.push({ node, table: undefined, relation, alias })
  }

  #expression(node: TreeNode, kind: string, scope: Scope): void {
    switch (kind) {
      case 'FUNCTION':
      case 'WINDOW':
        return this.#call(node, scope)
      case 'COLUMN_REF':
        this.columnRefs.push(node)
        return
      case 'STAR':
        this.hasStar = true
        return this.#children(node, scope)
      case 'PARAMETER':
        this.parameters.push({ node, identifier: textOf(node, 'identifier') })
        return
      case 'POSITIONAL_REFERENCE':
        this.hasStar = true
        return
      default:
        // Constants are the person's own: what stands in them is no part of the tree.
        if (!expressionClasses.has(kind)) unknownKind(kind)
        this.#children(node, scope, kind === 'CONSTANT' ? ['value'] : [])
    }
  }

  #call(node: TreeNode, scope: Scope): void {
    const name = fold(textOf(node, 'function_name'))
    if (!isBuiltIn(node)) asMethod(node)
    if (!mayCall(name)) refuse(`the function ${name}()`)
    Object.assign(node, { catalog: '', schema: '' })
    if (name === 'unnest') this.#unfolds = true
    if (volatileFunctions.has(name)) this.isVolatile = true
    if (callerFunctions.has(name) && nodesOf(node['children']).length === 0) this.#caller(node, name)
    else this.#children(node, scope)
  }

  #caller(node: TreeNode, name: string): void {
    const alias = textOf(node, 'alias') === '' ? name : textOf(node, 'alias')
    const value = { type: { id: 'VARCHAR', type_info: null }, is_null: false, value: this.#context.handle }
    become(node, { class: 'CONSTANT', type: 'VALUE_CONSTANT', alias, query_location: 0, value })
  }

  /** `web.orders.total` where web.orders is a sub-query named orders by now; and never a catalogue in front. */
  #shorten(node: TreeNode): void {
    const parts = columnParts(node)
    const first = parts.length > 3 && isTableCatalog(this.#context.names, parts[0] ?? '') ? 1 : 0
    const isSubquery = this.#unnamed.get(JSON.stringify([fold(parts[first] ?? ''), fold(parts[first + 1] ?? '')]))
    if (isSubquery === undefined || parts.length <= first + 2) return
    node['column_names'] = parts.slice(isSubquery ? first + 1 : first)
  }

  /** `current_user` without brackets is a column's name to the parser; if nothing can have that name, it is the caller. */
  #answerCaller(): void {
    const columns = this.placings.flatMap(({ table }) => (table?.columns ?? []).map(({ name }) => fold(name)))
    const known = new Set([...columns, ...this.#aliases])
    for (const node of this.columnRefs) {
      const [name = '', ...more] = columnParts(node).map(fold)
      if (more.length > 0 || known.has(name)) continue
      if (volatileFunctions.has(name)) this.isVolatile = true
      if (callerFunctions.has(name) && !this.#unfolds) this.#caller(node, name)
    }
  }
}

export function columnParts(node: TreeNode): string[] {
  return textsOf(node['column_names'])
}

function textsOf(value: TreeValue | undefined): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

/** An expression with a query inside. */
function holdsQuery(value: TreeValue | undefined): boolean {
  if (Array.isArray(value)) return value.some(holdsQuery)
  if (!isNode(value)) return false
  return value['type'] === 'SELECT_NODE' || Object.values(value).some(holdsQuery)
}

/** Without pseudo columns, which `*` doesn't show, and without columns that are the engine's own. */
function shownRelation({ relation, columns, table }: CatalogTable): string {
  const isWhole = columns.every(({ isHidden }) => isHidden !== true) && fold(table) !== 'users'
  if (isWhole) return relation
  const shown = columns.filter(({ isHidden }) => isHidden !== true)
  const list = shown.map(({ name }) => `"${name.replaceAll('"', '""')}"`).join(', ')
  return `(SELECT ${list} FROM ${relation} AS shown)`
}

function isBuiltIn(call: TreeNode): boolean {
  const schema = fold(textOf(call, 'schema'))
  const catalog = fold(textOf(call, 'catalog'))
  return ['', 'main', 'pg_catalog'].includes(schema) && ['', 'system'].includes(catalog)
}

/** `city.upper()`: to the parser, a function in the schema `city`. */
function asMethod(node: TreeNode): void {
  const parts = [textOf(node, 'catalog'), textOf(node, 'schema')].filter((part) => part !== '')
  const column: TreeNode = {
    class: 'COLUMN_REF',
    type: 'COLUMN_REF',
    alias: '',
    query_location: 0,
    column_names: parts,
  }
  const children = node['children']
  node['children'] = [column, ...(Array.isArray(children) ? children : [])]
}

function refuse(what: string): never {
  throw new MillpondError('query-refused', `A query reads tables of the warehouse only: ${what} can't be used here`)
}

function unknownKind(kind: string): never {
  throw new MillpondError('query-unsupported', `The DuckDB dialect can't have ${kind} here`)
}
