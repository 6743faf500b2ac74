// Tables by name: CTEs, temp tables, catalog tables and views, wildcards, INFORMATION_SCHEMA, table functions.
import type { CatalogTable } from '../catalog.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import { parseStatement } from '../syntax/parser.ts'
import type * as ast from '../syntax/ast.ts'
import { duckType, identifier, sameType, scalar, text, typeName } from '../type-names.ts'
import { isExpression } from './call-arguments.ts'
import { castTo } from './cast-value.ts'
import { coerceOr } from './coerce.ts'
import type { TableUse } from './context.ts'
import { columnTable, type Relation, valueTable } from './from-shapes.ts'
import type { FromPlace } from './from.ts'
import { refusedTable } from './function-table.ts'
import { nearest } from './nearest.ts'
import { relationColumns } from './output.ts'
import { type CommonTable, type FromNames, noNames, queryScope, type Scope, type ScopeColumn } from './scope.ts'
import { suffixFilter } from './suffix.ts'
import { findTableFunction } from './user-functions.ts'

type ArrayPath = (item: ast.TableItem, scope: Scope, place: FromPlace) => Relation

export function lowerTable(item: ast.TableItem, scope: Scope, place: FromPlace, arrayPath: ArrayPath): Relation {
  if (item.systemTime !== undefined)
    throw new SqlError('unsupported', 'FOR SYSTEM_TIME AS OF is not supported locally', item.systemTime.offset)
  const [first] = item.parts
  if (first === undefined) throw new Error('BUG: a table without a name')
  if (item.parts.length > 1 && isKnown(first.name, scope, place.left)) return arrayPath(item, scope, place)
  const rest = pathBehindTable(item.parts, place.left, scope)
  if (rest !== undefined) return arrayPath({ ...item, parts: rest }, scope, place)
  if (item.withOffset !== undefined)
    throw new SqlError('semantic', 'WITH OFFSET needs an array', item.withOffset.offset)
  if (item.parts.length === 1) {
    const common = scope.commonTables.get(first.name.toLowerCase())
    if (common !== undefined) return commonTable(common, item.alias?.name ?? first.name, scope)
    const temp = scope.state.context.tempTables?.get(first.name.toLowerCase())
    if (temp !== undefined) return simpleTable(temp.relation, temp.columns, item.alias?.name ?? first.name, scope)
  }
  return catalogTable(item, scope, place)
}

/** Does a name stand for a row or a column here? Then a path from it is an array. */
function isKnown(name: string, scope: Scope, left: FromNames): boolean {
  const wanted = name.toLowerCase()
  const isIn = (names: FromNames): boolean =>
    names.ranges.some((range) => range.name?.toLowerCase() === wanted) ||
    names.columns.some((column) => column.name?.toLowerCase() === wanted)
  if (isIn(left)) return true
  for (let at = scope.parent; at !== undefined; at = at.parent) if (isIn(at.from)) return true
  return false
}

/** `ds.t.items` beside `ds.t`: the path from the row's name. */
function pathBehindTable(
  parts: readonly ast.Identifier[],
  left: FromNames,
  scope: Scope,
): readonly ast.Identifier[] | undefined {
  const names = parts.map(({ name }) => name.toLowerCase())
  const { project } = scope.state.context.catalog
  const from = names[0] === project.toLowerCase() ? 1 : 0
  if (parts.length < from + 3) return undefined
  const isHere = left.ranges.some(({ name, columns }) => {
    const use = columns[0]?.source?.use
    return (
      name?.toLowerCase() === names[from + 1] &&
      use?.dataset.toLowerCase() === names[from] &&
      use?.table.toLowerCase() === names[from + 1]
    )
  })
  return isHere ? parts.slice(from + 1) : undefined
}

function commonTable(common: CommonTable, alias: string, scope: Scope): Relation {
  const relation = scope.state.relationName(alias)
  const columns = relationColumns(relation, { sql: '', columns: common.columns, isValueTable: common.isValueTable })
  const [only] = columns
  const names = common.isValueTable && only !== undefined ? valueTable(alias, only) : columnTable(alias, columns)
  return { sql: `${identifier(common.sqlName)} AS ${identifier(relation)}`, names, isLateral: false }
}

function simpleTable(
  source: string,
  columns: readonly { readonly name: string; readonly type: ScopeColumn['type'] }[],
  alias: string,
  scope: Scope,
): Relation {
  const relation = scope.state.relationName(alias)
  const shown = columns.map(({ name, type }) => ({ name, type, sql: `${identifier(relation)}.${identifier(name)}` }))
  return { sql: `${source} AS ${identifier(relation)}`, names: columnTable(alias, shown), isLateral: false }
}

interface Path {
  readonly dataset: string
  readonly table: string
  readonly written: string
}

function catalogTable(item: ast.TableItem, scope: Scope, place: FromPlace): Relation {
  const names = item.parts.map(({ name }) => name)
  const schemaAt = names.findIndex((name) => name.toUpperCase() === 'INFORMATION_SCHEMA')
  const isMeta = names.length > 1 && names.at(-1)?.toUpperCase() === '__TABLES__'
  if (isMeta) return informationSchema(item, names.slice(-1), names.at(-2), scope)
  if (schemaAt >= 0 && schemaAt < names.length - 1)
    return informationSchema(item, names.slice(schemaAt + 1), names[schemaAt - 1], scope)
  const path = tablePath(item.parts, scope)
  if (path.table.endsWith('*')) return wildcard(item, path, scope, place)
  const table = scope.state.context.catalog.table(path.dataset, path.table)
  if (table === undefined) throw missing(path, scope, item.offset)
  return tableRelation(table, item.alias?.name ?? path.table, item.offset, scope)
}

/** `project.dataset.table`, `dataset.table`, or `table` of the default dataset. */
export function tablePath(parts: readonly ast.Identifier[], scope: Scope): Path {
  const { catalog } = scope.state.context
  const names = parts.map(({ name }) => name)
  const written = names.join('.')
  const offset = parts[0]?.offset ?? 0
  const [table = '', dataset, project, ...more] = names.toReversed()
  if (more.length > 0) throw new SqlError('semantic', `Table not found: ${written}`, offset)
  if (project !== undefined && project.toLowerCase() !== catalog.project.toLowerCase())
    throw new SqlError('semantic', `Table not found: ${written}`, offset)
  const home = dataset ?? catalog.defaultDataset
  if (home === undefined)
    throw new SqlError('semantic', `Table "${table}" must be qualified with a dataset (e.g. dataset.table)`, offset)
  return { dataset: home, table, written }
}

function missing(path: Path, scope: Scope, offset: Offset): SqlError {
  const { catalog } = scope.state.context
  const close = nearest(path.table, catalog.tableNames(path.dataset) ?? [])
  if (close !== undefined)
    return new SqlError('semantic', `Table not found: ${path.written}; did you mean ${path.dataset}.${close}?`, offset)
  const dataset =
    catalog.tableNames(path.dataset) === undefined ? nearest(path.dataset, catalog.datasetNames()) : undefined
  return new SqlError(
    'semantic',
    `Table not found: ${path.written}${dataset === undefined ? '' : `; did you mean ${dataset}.${path.table}?`}`,
    offset,
  )
}

function tableRelation(table: CatalogTable, alias: string, offset: Offset, scope: Scope): Relation {
  if (table.viewSql !== undefined) return viewRelation(table, table.viewSql, alias, offset, scope)
  if (table.facts !== undefined) {
    scope.state.noteFacts(table.facts, offset)
    return simpleTable(table.relation, table.columns, alias, scope)
  }
  const relation = scope.state.relationName(alias)
  const use: TableUse = {
    dataset: table.dataset,
    table: table.table,
    columns: new Set(),
    conditions: [],
    alias: alias.toLowerCase(),
    offset,
  }
  scope.state.facts.tables.push(use)
  const columns = table.columns.map(({ name, type, isHidden = false }) => ({
    name,
    type,
    sql: `${identifier(relation)}.${identifier(name)}`,
    isHidden,
    source: { use, column: name },
  }))
  return {
    sql: `${table.relation} AS ${identifier(relation)}`,
    names: columnTable(alias, [...columns, ...partitionDate(columns)]),
    isLateral: false,
  }
}

/** `_PARTITIONDATE` is the day of `_PARTITIONTIME`. */
function partitionDate(columns: readonly ScopeColumn[]): ScopeColumn[] {
  const named = (wanted: string): ScopeColumn | undefined => columns.find(({ name }) => name?.toUpperCase() === wanted)
  const time = named('_PARTITIONTIME')
  if (time === undefined || time.type.kind !== 'TIMESTAMP' || named('_PARTITIONDATE') !== undefined) return []
  return [
    {
      ...time,
      name: '_PARTITIONDATE',
      type: scalar.DATE,
      sql: `CAST(make_timestamp(epoch_us(${time.sql})) AS DATE)`,
      isHidden: true,
    },
  ]
}

/** A view's own text is compiled in its place; mistakes in it are told where the view is named. */
function viewRelation(table: CatalogTable, sql: string, alias: string, offset: Offset, scope: Scope): Relation {
  const name = `${table.dataset}.${table.table}`
  return scope.state.within(`View ${name}`, offset, () => {
    try {
      const result = scope.state.tools.query(viewQuery(sql), queryScope(scope.state, undefined))
      const relation = scope.state.relationName(alias)
      const columns = relationColumns(relation, result)
      return { sql: `(${result.sql}) AS ${identifier(relation)}`, names: columnTable(alias, columns), isLateral: false }
    } catch (error) {
      if (error instanceof SqlError) throw new SqlError(error.kind, `In view ${name}: ${error.message}`, offset)
      throw error
    }
  })
}

function viewQuery(sql: string): ast.Query {
  const statement = parseStatement(sql)
  if (statement.kind !== 'query-statement') throw new SqlError('semantic', 'it is not a query', 0)
  return statement.query
}

/** `before`: what stands before the word INFORMATION_SCHEMA, `names` what stands behind it. */
function informationSchema(
  item: ast.TableItem,
  names: readonly string[],
  before: string | undefined,
  scope: Scope,
): Relation {
  const { catalog } = scope.state.context
  const isRegion =
    before === undefined || /^region-/i.test(before) || before.toLowerCase() === catalog.project.toLowerCase()
  const view = names.join('.').toUpperCase()
  const table = catalog.informationSchema(view, isRegion ? undefined : before)
  if (table === undefined)
    throw new SqlError('unsupported', `INFORMATION_SCHEMA.${view} is not supported locally`, item.offset)
  return simpleTable(table.relation, table.columns, item.alias?.name ?? names.at(-1) ?? view, scope)
}

/** `ds.log_*`: the columns of the newest table, those of the others by name; `_TABLE_SUFFIX` says which. */
function wildcard(item: ast.TableItem, path: Path, scope: Scope, place: FromPlace): Relation {
  const { catalog } = scope.state.context
  const prefix = path.table.slice(0, -1)
  const all = (catalog.tableNames(path.dataset) ?? []).filter((name) => name.startsWith(prefix))
  const tables = all.flatMap((name) => catalog.table(path.dataset, name) ?? []).filter(({ kind }) => kind === 'table')
  const newest = tables.at(-1)
  if (newest === undefined) throw new SqlError('semantic', `${path.written} does not match any table.`, item.offset)
  const alias = item.alias?.name ?? path.table
  const relation = scope.state.relationName(item.alias?.name ?? (prefix === '' ? 'wildcard' : prefix))
  const isWanted = suffixFilter(place.conditions)
  const wanted = tables.filter(({ table }) => isWanted(table.slice(prefix.length)))
  const used = wanted.length === 0 ? [newest] : wanted
  const uses: TableUse[] = used.map(({ dataset, table }) => ({
    dataset,
    table,
    columns: new Set(),
    conditions: [],
    alias: alias.toLowerCase(),
    offset: item.offset,
  }))
  if (wanted.length > 0) scope.state.facts.tables.push(...uses)
  const columns = new Set<string>()
  const shared: TableUse = { ...(uses[0] as TableUse), columns: new NotedSet(uses, columns) }
  const shown = newest.columns.filter(({ isHidden }) => isHidden !== true)
  const parts = used.map((table) => {
    const texts = shown.map((column) => wildcardColumn(column, table, item.offset))
    return `SELECT ${[...texts, `${text(table.table.slice(prefix.length))} AS "_TABLE_SUFFIX"`].join(', ')} FROM ${table.relation}${wanted.length === 0 ? ' WHERE false' : ''}`
  })
  const own = (name: string): string => `${identifier(relation)}.${identifier(name)}`
  const names = columnTable(alias, [
    ...shown.map(({ name, type }) => ({ name, type, sql: own(name), source: { use: shared, column: name } })),
    { name: '_TABLE_SUFFIX', type: scalar.STRING, sql: own('_TABLE_SUFFIX'), isHidden: true },
  ])
  return { sql: `(${parts.join(' UNION ALL ')}) AS ${identifier(relation)}`, names, isLateral: false }
}

function wildcardColumn(column: CatalogTable['columns'][number], table: CatalogTable, offset: Offset): string {
  const own = table.columns.find(({ name }) => name.toLowerCase() === column.name.toLowerCase())
  if (own === undefined) return `CAST(NULL AS ${duckType(column.type)}) AS ${identifier(column.name)}`
  if (!sameType(own.type, column.type)) {
    throw new SqlError(
      'semantic',
      `Cannot read field ${column.name} of ${table.dataset}.${table.table}: it has type ${typeName(own.type)}, but ${typeName(column.type)} in the newest table`,
      offset,
    )
  }
  return `${identifier(own.name)} AS ${identifier(column.name)}`
}

/** What is read of a wildcard is read of all its tables. */
class NotedSet extends Set<string> {
  private readonly uses: readonly TableUse[]
  constructor(uses: readonly TableUse[], first: Iterable<string>) {
    super(first)
    this.uses = uses
  }
  override add(name: string): this {
    for (const { columns } of this.uses ?? []) columns.add(name)
    return super.add(name)
  }
}

function unknownTableFunction(name: string, offset: Offset): SqlError {
  const upper = name.toUpperCase()
  const reason = refusedTable.get(upper) ?? refusedTable.get(`${upper.split('.')[0]}.*`)
  return reason === undefined
    ? new SqlError('semantic', `Table-valued function not found: ${name}`, offset)
    : new SqlError('unsupported', `${upper}: ${reason}`, offset)
}

export function lowerTableFunction(item: ast.TableFunctionItem, scope: Scope): Relation {
  const name = item.name.map((part) => part.name).join('.')
  const known = findTableFunction(item.name, scope)
  if (known === undefined) throw unknownTableFunction(name, item.offset)
  if (known.parameters.length !== item.args.length) {
    throw new SqlError(
      'semantic',
      `Table-valued function ${name} takes ${known.parameters.length} arguments`,
      item.offset,
    )
  }
  const inner = queryScope(scope.state, undefined)
  const locals = new Map(inner.locals)
  for (const [index, { name: parameter, type }] of known.parameters.entries()) {
    const argument = item.args[index]
    if (argument === undefined || !isExpression(argument)) {
      throw new SqlError('unsupported', `This kind of argument of ${name} is not supported locally`, item.offset)
    }
    const lowered = scope.state.tools.expression(argument, { ...scope, from: noNames })
    const wanted = type ?? lowered.type
    const coerced = coerceOr(
      lowered,
      wanted,
      argument.offset,
      () => `Argument ${index + 1} of ${name} must be ${typeName(wanted)}`,
    )
    locals.set(parameter.toLowerCase(), castTo({ ...coerced, origin: 'value' }, wanted, false, argument.offset))
  }
  return scope.state.within(`Table function ${name}`, item.offset, () => {
    const result = scope.state.tools.query(known.query, { ...inner, locals })
    const alias = item.alias?.name
    const relation = scope.state.relationName(alias ?? 'query')
    return {
      sql: `(${result.sql}) AS ${identifier(relation)}`,
      names: columnTable(alias, relationColumns(relation, result)),
      isLateral: false,
    }
  })
}
