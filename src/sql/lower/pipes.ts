// Pipe operators: each makes a relation of the one before it.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { condition, joined, lowerFrom, sampled } from './from.ts'
import { columnTable, type Relation, valueTable } from './from-shapes.ts'
import { orderKeys, orderText } from './ordering.ts'
import { relationColumns } from './output.ts'
import { identifier } from '../type-names.ts'
import { lowerPipeAggregate } from './pipe-aggregate.ts'
import { rewrapped, wholeOf, withColumns } from './pipe-relation.ts'
import { lowerPivot, lowerUnpivot } from './pivot.ts'
import { checkGrouped, newSelect, noNames, type Scope, type ScopeColumn } from './scope.ts'
import { conjuncts, type InnerResult, lowerSelectFrom } from './select.ts'
import { expandItems } from './select-items.ts'
import { combined } from './set-operation.ts'
import { limitText, noTail } from './tail.ts'
import type { QueryResult } from './tools.ts'

export interface PipeHelpers {
  query(node: ast.Query, scope: Scope): InnerResult
  with(node: ast.With, scope: Scope): { readonly text: string; readonly scope: Scope }
}

export function lowerPipes(
  start: Relation,
  pipes: readonly ast.PipeOperator[],
  scope: Scope,
  helpers: PipeHelpers,
): InnerResult {
  let relation = start
  let at = scope
  let prefix = ''
  for (const pipe of pipes) {
    if (pipe.kind === 'pipe-with') {
      const made = helpers.with(pipe.with, at)
      prefix += made.text
      at = made.scope
      if (prefix !== made.text)
        throw new SqlError('unsupported', 'More than one |> WITH is not supported locally', pipe.offset)
    } else relation = step(relation, pipe, at, helpers)
  }
  const whole = wholeOf(relation)
  return { ...whole, sql: `${prefix}${whole.sql}`, inner: scope }
}

export function relationOf(result: QueryResult, alias: string | undefined, scope: Scope): Relation {
  const relation = scope.state.relationName(alias ?? 'step')
  const columns = relationColumns(relation, result)
  const [only] = columns
  const names = result.isValueTable && only !== undefined ? valueTable(alias, only) : columnTable(alias, columns)
  return { sql: `(${result.sql}) AS ${identifier(relation)}`, names, isLateral: false }
}

function step(relation: Relation, pipe: ast.PipeOperator, scope: Scope, helpers: PipeHelpers): Relation {
  const base: Scope = {
    ...scope,
    from: relation.names,
    select: newSelect(scope.select.outer),
    allowsAggregates: false,
    allowsWindows: false,
  }
  switch (pipe.kind) {
    case 'pipe-select':
      return relationOf(lowerSelectFrom(pipe.select, relation, scope, noTail), undefined, scope)
    case 'pipe-extend':
      return extended(relation, pipe.items, withWindows(base, pipe.windows))
    case 'pipe-window':
      return extended(relation, pipe.items, base)
    case 'pipe-where': {
      noteConditions(relation, pipe.condition)
      return rewrapped(relation, ` WHERE ${condition(pipe.condition, base, 'WHERE clause')}`, scope)
    }
    case 'pipe-limit':
      return rewrapped(relation, limitText({ orderBy: [], limit: pipe.limit, skip: pipe.skip }, base), scope)
    case 'pipe-order-by': {
      const keys = orderKeys(pipe.orderBy, { ...base, clause: 'ORDER BY', allowsWindows: true })
      return rewrapped(relation, ` ORDER BY ${orderText(keys)}`, scope)
    }
    case 'pipe-distinct':
      return rewrapped(relation, '', scope, true)
    case 'pipe-aggregate':
      return relationOf(lowerPipeAggregate(pipe, relation, scope), undefined, scope)
    case 'pipe-join': {
      const right = lowerFrom(pipe.right, scope, { left: relation.names, conditions: [] })
      return joined(
        pipe,
        relation,
        pipe.right.kind === 'join' ? { ...right, sql: `(${right.sql})` } : right,
        scope,
        noNames,
      )
    }
    default:
      return reshaped(relation, pipe, scope, base, helpers)
  }
}

function reshaped(
  relation: Relation,
  pipe: ast.PipeOperator,
  scope: Scope,
  base: Scope,
  helpers: PipeHelpers,
): Relation {
  const { columns } = relation.names
  switch (pipe.kind) {
    case 'pipe-set':
      return setColumns(relation, pipe.items, base)
    case 'pipe-drop': {
      const gone = pipe.columns.map((column) => named(column, columns, 'DROP'))
      return withColumns(
        relation,
        columns.filter((column) => !gone.includes(column)),
        '',
        scope,
      )
    }
    case 'pipe-rename': {
      const names = new Map(pipe.items.map(({ from, to }) => [named(from, columns, 'RENAME'), to.name]))
      return withColumns(
        relation,
        columns.map((column) => ({ ...column, name: names.get(column) ?? column.name })),
        '',
        scope,
      )
    }
    case 'pipe-as':
      return {
        ...relation,
        names: {
          ...relation.names,
          ranges: [{ name: pipe.alias.name, columns: [...columns, ...relation.names.hidden] }],
        },
      }
    case 'pipe-set-operation': {
      const inputs = [
        wholeOf(relation),
        ...pipe.inputs.map((input) =>
          helpers.query(input, { ...scope, from: noNames, select: newSelect(scope.select.outer) }),
        ),
      ]
      return relationOf(
        combined(pipe, inputs, [pipe.offset, ...pipe.inputs.map(({ offset }) => offset)], scope),
        undefined,
        scope,
      )
    }
    case 'pipe-sample':
      return sampled(rewrapped(relation, '', scope), pipe.clause, scope)
    case 'pipe-pivot':
      return lowerPivot(relation, pipe.clause, pipe.alias, scope)
    case 'pipe-unpivot':
      return lowerUnpivot(relation, pipe.clause, pipe.alias, scope)
    default: {
      const name = pipe.kind.slice('pipe-'.length).replaceAll('-', ' ').toUpperCase()
      throw new SqlError('unsupported', `The pipe operator ${name} is not supported locally`, pipe.offset)
    }
  }
}

function withWindows(scope: Scope, windows: readonly ast.NamedWindow[]): Scope {
  for (const { name, window } of windows) scope.select.windows.set(name.name.toLowerCase(), window)
  return scope
}

/** Conditions right behind FROM count for pruning. */
function noteConditions(relation: Relation, node: ast.Expression): void {
  const uses = new Set(relation.names.columns.flatMap(({ source }) => (source === undefined ? [] : [source.use])))
  for (const use of uses) use.conditions.push(...conjuncts(node))
}

function named(wanted: ast.Identifier, columns: readonly ScopeColumn[], what: string): ScopeColumn {
  const found = columns.filter(({ name }) => name?.toLowerCase() === wanted.name.toLowerCase())
  if (found.length > 1) throw new SqlError('semantic', `Column ${wanted.name} in ${what} is ambiguous`, wanted.offset)
  if (found[0] === undefined)
    throw new SqlError('semantic', `Column ${wanted.name} in ${what} not found`, wanted.offset)
  return found[0]
}

function extended(relation: Relation, items: readonly ast.SelectItem[], base: Scope): Relation {
  const scope: Scope = { ...base, clause: 'EXTEND', allowsWindows: true }
  const added = expandItems(items, scope).map(({ name, lower }): ScopeColumn => {
    const lowered = lower(scope)
    checkGrouped(scope.select.isGrouped ? lowered : { ...lowered, loose: undefined }, scope)
    return { name, type: lowered.type, sql: lowered.origin === 'null' ? `CAST(${lowered.sql} AS BIGINT)` : lowered.sql }
  })
  return withColumns(relation, [...relation.names.columns, ...added], '', base)
}

function setColumns(
  relation: Relation,
  items: readonly { readonly column: ast.Identifier; readonly value: ast.Expression }[],
  base: Scope,
): Relation {
  const { columns } = relation.names
  const changed = new Map<ScopeColumn, ScopeColumn>()
  for (const { column, value } of items) {
    const old = named(column, columns, 'SET')
    const lowered = base.state.tools.expression(value, { ...base, clause: 'SET', allowsWindows: true })
    changed.set(old, {
      name: old.name,
      type: lowered.type,
      sql: lowered.origin === 'null' ? `CAST(${lowered.sql} AS BIGINT)` : lowered.sql,
    })
  }
  return withColumns(
    relation,
    columns.map((column) => changed.get(column) ?? column),
    '',
    base,
  )
}
