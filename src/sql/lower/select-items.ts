// The SELECT list: stars written out, REPLACE and EXCEPT done.
import { SqlError } from '../sql-error.ts'
import { duckFields, identifier, typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { type Lowered, looseOf } from './lowered.ts'
import { impliedName } from './names.ts'
import type { Item } from './output.ts'
import { columnValue, findName, type Scope, type ScopeColumn } from './scope.ts'

export interface SelectEntry {
  readonly name: string | undefined
  /** Written as an alias, not implied. */
  readonly isAlias: boolean
  /** Of an expression; a star's columns have none. */
  readonly node: ast.Expression | undefined
  readonly lower: (scope: Scope) => Lowered
}

export function expandItems(items: readonly ast.SelectItem[], scope: Scope): SelectEntry[] {
  return items.flatMap((item) => (item.kind === 'select-star' ? expandStar(item, scope) : [entry(item)]))
}

function entry(item: ast.SelectExpression): SelectEntry {
  const { value } = item
  return {
    name: item.alias?.name ?? impliedName(value),
    isAlias: item.alias !== undefined,
    node: value,
    lower: (scope) => scope.state.tools.expression(value, scope),
  }
}

export function lowerItems(
  entries: readonly SelectEntry[],
  scope: Scope,
): (Item & { readonly hasAggregates: boolean })[] {
  const { select } = scope
  return entries.map((one) => {
    const before = select.hasAggregates
    select.hasAggregates = false
    const lowered = one.lower(scope)
    const hasAggregates = select.hasAggregates
    select.hasAggregates = before || hasAggregates
    return { name: one.name, lowered, hasAggregates }
  })
}

function expandStar(item: ast.SelectStar, scope: Scope): SelectEntry[] {
  const columns = item.of === undefined ? allColumns(item, scope) : columnsOf(item.of, item, scope)
  const except = new Set(item.except.map(({ name }) => name.toLowerCase()))
  for (const one of item.except) {
    if (columns.some(({ name }) => name?.toLowerCase() === one.name.toLowerCase())) continue
    throw new SqlError('semantic', `Column ${one.name} in SELECT * EXCEPT list does not exist`, one.offset)
  }
  const replaced = new Map(item.replace.map((one) => [one.name.name.toLowerCase(), one.value]))
  for (const { name } of item.replace) {
    if (columns.some((column) => column.name?.toLowerCase() === name.name.toLowerCase())) continue
    throw new SqlError('semantic', `Column ${name.name} in SELECT * REPLACE list does not exist`, name.offset)
  }
  const kept = columns.filter(({ name }) => name === undefined || !except.has(name.toLowerCase()))
  if (kept.length === 0)
    throw new SqlError('semantic', 'SELECT * expands to zero columns after applying EXCEPT', item.offset)
  return kept.map((column) => {
    const value = replaced.get(column.name?.toLowerCase() ?? '')
    if (value === undefined) return { name: column.name, isAlias: false, node: undefined, lower: column.lower }
    return { name: column.name, isAlias: true, node: value, lower: (at: Scope) => at.state.tools.expression(value, at) }
  })
}

interface StarColumn {
  readonly name: string | undefined
  readonly lower: (scope: Scope) => Lowered
}

function allColumns(item: ast.SelectStar, scope: Scope): StarColumn[] {
  if (scope.from.ranges.length === 0) throw new SqlError('semantic', 'SELECT * must have a FROM clause', item.offset)
  noteStar(item, scope.from.columns, scope)
  return scope.from.columns.map((column) => starColumn(column, scope, item))
}

function starColumn(column: ScopeColumn, at: Scope, item: ast.SelectStar): StarColumn {
  return { name: column.name, lower: (scope) => columnValue(column, column.name ?? '*', at, scope, item.offset) }
}

function noteStar(item: ast.SelectStar, columns: readonly ScopeColumn[], scope: Scope): void {
  const uses = new Set(columns.flatMap(({ source }) => (source === undefined ? [] : [source.use])))
  if (uses.size === 0) return
  const tables = [...uses].map(({ dataset, table }) => ({ dataset, table }))
  scope.state.facts.lint.push({ kind: 'select-star', offset: item.offset, tables })
}

/** `t.*` of a range variable, else the fields of a struct. */
function columnsOf(of: ast.Expression, item: ast.SelectStar, scope: Scope): StarColumn[] {
  if (of.kind === 'name' && of.parts.length === 1 && of.parts[0] !== undefined) {
    const found = findName(of.parts[0].name, scope, of.offset)
    if (found?.kind === 'range') {
      const { range } = found
      const isStruct = range.value === undefined || range.value.type.kind === 'STRUCT'
      if (isStruct) {
        const shown = range.columns.filter(({ isHidden }) => isHidden !== true)
        noteStar(item, shown, scope)
        return shown.map((column) => starColumn(column, found.scope, item))
      }
    }
  }
  const operand = scope.state.tools.expression(of, {
    ...scope,
    allowsAggregates: true,
    allowsWindows: true,
    clause: 'SELECT list',
  })
  const { type } = operand
  if (type.kind !== 'STRUCT')
    throw new SqlError('semantic', `Dot-star is not supported for type ${typeName(type)}`, item.offset)
  const names = duckFields(type)
  return type.fields.map((field, index) => ({
    name: field.name,
    lower: (at) => {
      const whole = at.state.tools.expression(of, at)
      const part = operand.origin === 'made' ? operand.parts?.[index]?.sql : undefined
      return {
        sql: part ?? `(${whole.sql}).${identifier(names[index] ?? '')}`,
        type: field.type,
        origin: 'value',
        loose: looseOf([whole]),
      }
    },
  }))
}
