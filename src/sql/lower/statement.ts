// One statement's compilation: queries and expressions that share parameters, names and facts. DML and scripts build on it.
import { type Offset, SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { identifier, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { castTo } from './cast-value.ts'
import { coerce } from './coerce.ts'
import { type CompileContext, type CompileFacts, CompileState, type NamedColumn, type TableUse } from './context.ts'
import { lowerExpression } from './expression.ts'
import { condition, lowerFrom } from './from.ts'
import { columnTable, joinNames, type Relation } from './from-shapes.ts'
import type { Lowered } from './lowered.ts'
import { shownNames } from './output.ts'
import { parameterName } from './parameters.ts'
import { lowerArrayQuery, lowerQuery } from './query.ts'
import { type FromNames, noNames, queryScope, type Scope } from './scope.ts'
import type { Tools } from './tools.ts'
import type { UsedParameter } from './compile.ts'

const tools: Tools = {
  expression: lowerExpression,
  query: (node, parent) => lowerQuery(node, parent, parent.state),
  arrayQuery: (node, parent) => lowerArrayQuery(node, parent, parent.state),
}

export interface StatementExpression {
  readonly sql: string
  readonly type: SqlType
  /** Of a literal: its value. */
  readonly constant: string | boolean | null | undefined
}

/** Rows that the expressions of a statement can see: the target of an UPDATE, the source of a MERGE. */
export interface StatementRow {
  /** Range variable; undefined: columns only. */
  readonly alias: string | undefined
  /** How the SQL calls the relation. */
  readonly relation: string
  readonly columns: readonly NamedColumn[]
  /** For facts. */
  readonly table?: { readonly dataset: string; readonly table: string; readonly offset: Offset } | undefined
  /** For facts, too: no other rows of the table are touched. */
  readonly conditions?: readonly ast.Expression[]
}

export class StatementCompiler {
  private readonly state: CompileState
  private scope: Scope

  constructor(context: CompileContext) {
    this.state = new CompileState(context, tools)
    this.scope = queryScope(this.state, undefined)
  }

  query(node: ast.Query): {
    readonly sql: string
    readonly columns: readonly NamedColumn[]
    readonly sqlNames: readonly string[]
  } {
    const parent = this.scope.from === noNames ? undefined : this.scope
    const { sql, columns } = lowerQuery(node, parent, this.state)
    const names = shownNames(columns)
    return {
      sql,
      columns: columns.map(({ type }, index) => ({ name: names[index] ?? '', type })),
      sqlNames: columns.map(({ sqlName }) => sqlName),
    }
  }

  /** Query whose columns are those of a table, by position: for INSERT. `fits`: names the table's column in the message. */
  queryAs(node: ast.Query, target: readonly NamedColumn[]): { readonly sql: string } {
    const { sql, columns, sqlNames } = this.query(node)
    if (columns.length !== target.length) {
      throw new SqlError(
        'semantic',
        `Inserted row has wrong column count; Has ${columns.length}, expected ${target.length}`,
        node.offset,
      )
    }
    const relation = this.state.relationName('source')
    const parts = columns.map(({ type }, index) => {
      const wanted = target[index] as NamedColumn
      const own: Lowered = {
        sql: `${identifier(relation)}.${identifier(sqlNames[index] ?? '')}`,
        type,
        origin: 'value',
      }
      const coerced = this.assign(own, wanted.type, node.offset)
      if (coerced === undefined) {
        throw new SqlError(
          'semantic',
          `Query column ${index + 1} has type ${typeName(type)} which cannot be inserted into column ${wanted.name}, which has type ${typeName(wanted.type)}`,
          node.offset,
        )
      }
      return `${coerced.sql} AS ${identifier(wanted.name)}`
    })
    return { sql: `SELECT ${parts.join(', ')} FROM (${sql}) AS ${identifier(relation)}` }
  }

  expression(node: ast.Expression, clause = 'expression'): StatementExpression {
    return this.plain(lowerExpression(node, { ...this.scope, clause }))
  }

  /** As an assignment coerces: literals, numbers to wider ones; else an error with both types. */
  assigned(node: ast.Expression, target: SqlType, what = 'Value'): StatementExpression {
    const lowered = lowerExpression(node, this.scope)
    const coerced = this.assign(lowered, target, node.offset)
    if (coerced !== undefined) return this.plain(coerced)
    throw new SqlError(
      'semantic',
      `${what} of type ${typeName(lowered.type)} cannot be assigned to type ${typeName(target)}`,
      node.offset,
    )
  }

  /** A condition: BOOL, or an error that names the clause. */
  condition(node: ast.Expression, clause: string): string {
    return condition(node, this.scope, clause)
  }

  /** From here on expressions see these rows, too. */
  addRow(row: StatementRow): void {
    const { table } = row
    const use: TableUse | undefined = table && {
      ...table,
      columns: new Set(),
      conditions: [...(row.conditions ?? [])],
      alias: (row.alias ?? '').toLowerCase(),
    }
    if (use !== undefined) this.state.facts.tables.push(use)
    const columns = row.columns.map(({ name, type }) => ({
      name,
      type,
      sql: `${row.relation}.${identifier(name)}`,
      source: use && { use, column: name },
    }))
    this.see(columnTable(row.alias, columns))
  }

  /** A FROM clause (of UPDATE, or the source of MERGE); its SQL may stand behind FROM or USING. */
  addFrom(item: ast.FromItem): { readonly sql: string; readonly names: FromNames } {
    const relation: Relation = lowerFrom(item, { ...this.scope, from: noNames }, { left: noNames, conditions: [] })
    this.see(relation.names)
    return { sql: relation.sql, names: relation.names }
  }

  /** Forgets the rows: MERGE … NOT MATCHED sees the source alone. */
  onlyRows(names: FromNames): void {
    this.scope = { ...this.scope, from: names }
  }

  rows(): FromNames {
    return this.scope.from
  }

  /** A name for a relation that nothing else in the statement has. */
  relationName(wish: string): string {
    return this.state.relationName(wish)
  }

  facts(): CompileFacts {
    return this.state.facts
  }

  finish(): { readonly parameters: readonly UsedParameter[]; readonly facts: CompileFacts } {
    const parameters = [...this.state.parameters.values()].map(({ key, source, name, type, isDeclared }) => ({
      sqlName: parameterName(key),
      source,
      name,
      position: typeof key === 'number' ? key : undefined,
      type,
      isDeclared,
    }))
    return { parameters, facts: this.state.facts }
  }

  private see(names: FromNames): void {
    this.scope = { ...this.scope, from: joinNames(this.scope.from, names) }
  }

  private assign(lowered: Lowered, target: SqlType, offset: Offset): Lowered | undefined {
    const coerced = coerce(lowered, target, offset)
    if (coerced !== undefined) return coerced
    const from = lowered.type.kind
    const isNarrowing =
      (from === 'FLOAT64' || from === 'BIGNUMERIC') && (target.kind === 'NUMERIC' || target.kind === 'BIGNUMERIC')
    return isNarrowing ? castTo({ ...lowered, origin: 'value' }, target, false, offset) : undefined
  }

  private plain(lowered: Lowered): StatementExpression {
    const typed = lowered.origin === 'null' ? (coerce(lowered, lowered.type, 0) ?? lowered) : lowered
    return { sql: typed.sql, type: typed.type, constant: typed.constant }
  }
}
