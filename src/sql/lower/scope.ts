// Which names an expression can see, and what each stands for. Scopes are values: a part of a query sees a changed copy.
import { type Offset, SqlError } from '../sql-error.ts'
import { identifier } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import type * as ast from '../syntax/ast.ts'
import type { CompileState, TableUse } from './context.ts'
import { structSql } from './coerce.ts'
import type { LooseColumn, Lowered } from './lowered.ts'
import { nearest } from './nearest.ts'

/** A column of something in FROM. */
export interface ScopeColumn {
  /** undefined: nobody can name it. */
  readonly name: string | undefined
  readonly type: SqlType
  readonly sql: string
  /** Found by name, absent from `*`. */
  readonly isHidden?: boolean
  /** The table that it is read from, and its name there. */
  readonly source?: { readonly use: TableUse; readonly column: string } | undefined
}

/** A name in FROM for a whole row. */
export interface RangeVariable {
  readonly name: string | undefined
  readonly columns: readonly ScopeColumn[]
  /** Of a value table: the row is this one value (an element of UNNEST); else a struct of the columns. */
  readonly value?: { readonly sql: string; readonly type: SqlType } | undefined
}

/** All that a FROM clause brings. */
export interface FromNames {
  readonly ranges: readonly RangeVariable[]
  /** In the order of `*`. */
  readonly columns: readonly ScopeColumn[]
  /** Hidden ones, found by name only. */
  readonly hidden: readonly ScopeColumn[]
}

export const noNames: FromNames = { ranges: [], columns: [], hidden: [] }

/** One SELECT, while it is being lowered. */
export interface SelectState {
  /** Text of the GROUP BY expressions: what equals one is grouped. */
  readonly keys: Set<string>
  /** Grouping expressions that stand in the SELECT list themselves. */
  readonly byNode: Map<object, Lowered>
  readonly windows: Map<string, ast.WindowSpec | ast.WindowReference>
  /** Columns of outer queries that are used in here: theirs must be grouped. */
  readonly outer: LooseColumn[]
  isGrouped: boolean
  /** Text of the aggregates and analytic functions so far: their errors are nobody's to catch. */
  readonly overRows: Set<string>
  hasAggregates: boolean
  hasWindows: boolean
}

export interface CommonTable {
  readonly sqlName: string
  readonly columns: readonly { readonly name: string | undefined; readonly type: SqlType; readonly sqlName: string }[]
  readonly isValueTable: boolean
}

export interface Scope {
  readonly state: CompileState
  /** The query around this one. */
  readonly parent: Scope | undefined
  readonly commonTables: ReadonlyMap<string, CommonTable>
  readonly from: FromNames
  readonly select: SelectState
  /** Lambda parameters, arguments of functions, aliases of SELECT where they count first; by name in lower case. */
  readonly locals: ReadonlyMap<string, Lowered>
  /** Aliases that count only if no column has the name. */
  readonly aliases: ReadonlyMap<string, Lowered>
  /** For messages: `WHERE clause`. */
  readonly clause: string
  readonly allowsAggregates: boolean
  readonly allowsWindows: boolean
  readonly isInAggregate: boolean
  readonly isInWindow: boolean
  /** ` FILTER (WHERE …)` of the aggregates of PIVOT. */
  readonly filter: string
}

/** `outer` is shared by all SELECTs of one query. */
export function newSelect(outer: LooseColumn[] = []): SelectState {
  return {
    keys: new Set(),
    byNode: new Map(),
    windows: new Map(),
    outer,
    isGrouped: false,
    overRows: new Set(),
    hasAggregates: false,
    hasWindows: false,
  }
}

/** Of a query within `parent`, or at the top. */
export function queryScope(state: CompileState, parent: Scope | undefined): Scope {
  return {
    state,
    parent,
    commonTables: parent?.commonTables ?? new Map<string, CommonTable>(),
    from: noNames,
    select: newSelect(),
    locals: new Map<string, Lowered>(),
    aliases: new Map<string, Lowered>(),
    clause: 'query',
    allowsAggregates: false,
    allowsWindows: false,
    isInAggregate: false,
    isInWindow: false,
    filter: '',
  }
}

export type Found =
  | { readonly kind: 'value'; readonly lowered: Lowered }
  | { readonly kind: 'range'; readonly range: RangeVariable; readonly scope: Scope }

/** What a name stands for; undefined: nothing. */
export function findName(name: string, scope: Scope, offset: Offset): Found | undefined {
  const wanted = name.toLowerCase()
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const local = at.locals.get(wanted)
    if (local !== undefined) return { kind: 'value', lowered: noteOuter(local, at, scope) }
    const range = findRange(wanted, at, offset)
    if (range !== undefined) return { kind: 'range', range, scope: at }
    const column = findColumn(wanted, name, at, offset)
    if (column !== undefined) return { kind: 'value', lowered: columnValue(column, name, at, scope, offset) }
    const alias = at.aliases.get(wanted)
    if (alias !== undefined) return { kind: 'value', lowered: noteOuter(alias, at, scope) }
  }
  return undefined
}

function findRange(wanted: string, scope: Scope, offset: Offset): RangeVariable | undefined {
  const found = scope.from.ranges.filter(({ name }) => name?.toLowerCase() === wanted)
  if (found.length > 1) throw new SqlError('semantic', `Name ${wanted} is ambiguous`, offset)
  return found[0]
}

function findColumn(wanted: string, name: string, scope: Scope, offset: Offset): ScopeColumn | undefined {
  const { columns, hidden } = scope.from
  const found = columns.filter((column) => column.name?.toLowerCase() === wanted)
  if (found.length > 1) throw new SqlError('semantic', `Column name ${name} is ambiguous`, offset)
  if (found[0] !== undefined) return found[0]
  const unseen = hidden.filter((column) => column.name?.toLowerCase() === wanted)
  if (unseen.length > 1) throw new SqlError('semantic', `Column name ${name} is ambiguous`, offset)
  return unseen[0]
}

/** A column as seen from `from`, a scope within the one that has it. */
export function columnValue(column: ScopeColumn, name: string, at: Scope, from: Scope, offset: Offset): Lowered {
  column.source?.use.columns.add(column.source.column)
  const loose: LooseColumn = { name, offset, select: at.select }
  return settle(noteOuter({ sql: column.sql, type: column.type, origin: 'value', loose: [loose] }, at, from), from)
}

function noteOuter(lowered: Lowered, at: Scope, from: Scope): Lowered {
  if (lowered.loose === undefined) return lowered
  for (let inner: Scope | undefined = from; inner !== undefined && inner.select !== at.select; inner = inner.parent) {
    inner.select.outer.push(...lowered.loose.filter(({ select }) => select !== inner?.select))
  }
  return lowered
}

/** A range variable by itself: its row as one value. */
export function rangeValue(range: RangeVariable, at: Scope, from: Scope, name: string, offset: Offset): Lowered {
  const loose: LooseColumn = { name, offset, select: at.select }
  for (const { source } of range.columns) source?.use.columns.add(source.column)
  if (range.value !== undefined) {
    return settle(noteOuter({ ...range.value, origin: 'value', loose: [loose] }, at, from), from)
  }
  const visible = range.columns.filter(({ isHidden }) => isHidden !== true)
  const type: SqlType = { kind: 'STRUCT', fields: visible.map((column) => ({ name: column.name, type: column.type })) }
  const sql = structSql(
    visible.map((column) => column.sql),
    type,
  )
  return settle(noteOuter({ sql, type, origin: 'value', loose: [loose] }, at, from), from)
}

/** What equals a grouping expression is settled for that SELECT. */
export function settle(lowered: Lowered, scope: Scope): Lowered {
  if (lowered.loose === undefined) return lowered
  let { loose } = lowered
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    const { select } = at
    if (select.keys.size === 0 || !select.keys.has(lowered.sql)) continue
    const kept = loose.filter((one) => one.select !== select)
    if (kept.length < loose.length) {
      loose = kept
      for (let inner: Scope | undefined = scope; inner !== undefined && inner.select !== select; inner = inner.parent) {
        const { outer } = inner.select
        const others = outer.filter((one) => one.select !== select)
        outer.length = 0
        outer.push(...others)
      }
    }
  }
  return loose === lowered.loose ? lowered : { ...lowered, loose: loose.length === 0 ? undefined : loose }
}

/** Refuses what isn't grouped in an aggregating SELECT. */
export function checkGrouped(lowered: Lowered, scope: Scope): void {
  const found = lowered.loose?.find(({ select }) => select === scope.select)
  if (found === undefined) return
  const what = scope.clause === 'SELECT list' ? 'SELECT list expression' : `${scope.clause} expression`
  throw new SqlError(
    'semantic',
    `${what} references column ${found.name} which is neither grouped nor aggregated`,
    found.offset,
  )
}

/** An error about a name nobody knows, with the nearest one that is known. */
export function unknownName(name: string, scope: Scope, offset: Offset): SqlError {
  const names: string[] = []
  for (let at: Scope | undefined = scope; at !== undefined; at = at.parent) {
    names.push(...at.locals.keys())
    for (const { name: range } of at.from.ranges) if (range !== undefined) names.push(range)
    for (const column of at.from.columns) if (column.name !== undefined) names.push(column.name)
    names.push(...at.aliases.keys())
  }
  const close = nearest(name, names)
  return new SqlError(
    'semantic',
    `Unrecognized name: ${name}${close === undefined ? '' : `; Did you mean ${close}?`}`,
    offset,
  )
}

export function columnsOf(
  relation: string,
  columns: readonly { readonly name: string | undefined; readonly type: SqlType; readonly sqlName: string }[],
): ScopeColumn[] {
  return columns.map(({ name, type, sqlName }) => ({
    name,
    type,
    sql: `${identifier(relation)}.${identifier(sqlName)}`,
  }))
}
