// MERGE: three queries find the pairs, the source rows without a target and the target rows without a source, each with the number of
// the clause that takes it; then rows are deleted, updated and inserted. Found first and changed afterwards, so that no clause sees
// what another one did.
import { StatementCompiler } from '../lower/compile.ts'
import { coerce } from '../lower/coerce.ts'
import type { FromNames } from '../lower/scope.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { Merge, MergeClause } from '../syntax/ast-statement.ts'
import { identifier, typeName } from '../type-names.ts'
import type { CatalogColumn } from '../catalog.ts'
import { assignedColumns, valueOrDefault } from './assignments.ts'
import { assignedSql, changeOf, insertSql, onceEach, targetRow } from './dml-parts.ts'
import { type DmlTarget, rowId, targetColumn } from './dml-target.ts'
import type { Scene } from './frame.ts'
import type { TableChange } from './host.ts'
import { storedSql } from './stored.ts'

const clauseName = '_millpond_clause'

interface LoweredClause {
  readonly number: number
  readonly action: MergeClause['action']['kind']
  readonly condition: string
  readonly values: readonly { readonly column: CatalogColumn; readonly sql: string; readonly name: string }[]
}

interface Group {
  /** Temp table with what was found. */
  readonly found: string
  readonly clauses: readonly LoweredClause[]
  readonly sql: string
}

export function lowerMerge(statement: Merge, target: DmlTarget, scene: Scene): TableChange {
  const lowering = new MergeLowering(statement, target)
  const groups = (['matched', 'not-matched-by-target', 'not-matched-by-source'] as const).flatMap((when) => {
    const group = lowering.group(when)
    return group === undefined ? [] : [group]
  })
  if (groups.length > 1 && isRandom(statement.source)) {
    throw new SqlError(
      'unsupported',
      'MERGE from a source with RAND() or GENERATE_UUID() in it is not supported locally: keep its rows in a temp table first',
      statement.offset,
    )
  }
  const finding = groups.map(({ found, sql }) => `CREATE OR REPLACE TEMP TABLE ${found} AS ${sql}`)
  const dropping = groups.map(({ found }) => `DROP TABLE ${found}`)
  const steps = [
    ...finding.map((sql) => ({ sql, counts: false })),
    ...changes(groups, target).map((sql) => ({ sql, counts: true })),
    ...dropping.map((sql) => ({ sql, counts: false })),
  ]
  return changeOf(target, 'merge', steps, [lowering.compiler.finish()], scene)
}

/** A constant range may stand in ON or, as BigQuery's manual shows, in every clause: either keeps other partitions out. */
function filtersOf({ on, clauses }: Merge): readonly (ast.Expression | undefined)[] {
  return clauses.every(({ condition }) => condition !== undefined) ? [on, clauses[0]?.condition] : [on]
}

/** Read once a group: it must say the same each time. */
function isRandom(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false
  if (Array.isArray(node)) return node.some(isRandom)
  const { kind, name } = node as { readonly kind?: unknown; readonly name?: unknown }
  if (kind === 'call' && Array.isArray(name)) {
    const called = (name as readonly ast.Identifier[]).at(-1)?.name.toUpperCase()
    if (called === 'RAND' || called === 'GENERATE_UUID') return true
  }
  return Object.values(node).some(isRandom)
}

class MergeLowering {
  readonly compiler: StatementCompiler
  readonly #statement: Merge
  readonly #target: DmlTarget
  readonly #alias: string
  readonly #own: { readonly name: string; readonly relation: string }
  readonly #ownNames: FromNames
  readonly #both: FromNames
  readonly #source: { readonly sql: string; readonly names: FromNames }
  readonly #on: string

  constructor(statement: Merge, target: DmlTarget) {
    this.#statement = statement
    this.#target = target
    this.#alias = statement.alias?.name ?? statement.table.parts.at(-1)?.name ?? 't'
    this.compiler = new StatementCompiler(target.context)
    this.#own = targetRow(this.compiler, target, this.#alias, {
      offset: statement.offset,
      conditions: filtersOf(statement),
    })
    this.#ownNames = this.compiler.rows()
    const { sql, names } = this.compiler.addFrom(statement.source)
    this.#source = { sql, names }
    this.#both = this.compiler.rows()
    this.#on = this.compiler.condition(statement.on, 'ON clause')
  }

  group(when: MergeClause['when']): Group | undefined {
    const own = this.#statement.clauses.flatMap((clause, index) =>
      clause.when === when ? [{ clause, number: index + 1 }] : [],
    )
    if (own.length === 0) return undefined
    // A clause sees no more than there is.
    const seen = {
      matched: this.#both,
      'not-matched-by-target': this.#source.names,
      'not-matched-by-source': this.#ownNames,
    }
    this.compiler.onlyRows(seen[when])
    const clauses = own.map(({ clause, number }) => this.#clause(clause, number))
    const branches = clauses.map(({ condition, number }) => `WHEN ${condition} THEN ${number}`)
    const items = [`CASE ${branches.join(' ')} ELSE 0 END AS "${clauseName}"`, ...this.#values(clauses)]
    if (when !== 'not-matched-by-target') items.unshift(`${this.#own.name}."${rowId}" AS "${rowId}"`)
    const list = items.join(', ')
    const { relation } = this.#own
    const on = this.#on
    const source = this.#source.sql
    const all = {
      matched: `SELECT ${list} FROM ${relation}, ${source} WHERE ${on}`,
      'not-matched-by-target': `SELECT ${list} FROM ${source} WHERE NOT EXISTS (SELECT 1 FROM ${relation} WHERE ${on})`,
      'not-matched-by-source': `SELECT ${list} FROM ${relation} WHERE NOT EXISTS (SELECT 1 FROM ${source} WHERE ${on})`,
    }
    const taken = `SELECT * FROM (${all[when]}) AS "_g" WHERE "${clauseName}" > 0`
    const found = `"_millpond_merge_${when.replaceAll('-', '_')}"`
    return { found, clauses, sql: when === 'matched' ? onceEach(taken) : taken }
  }

  #clause({ condition, action, offset }: MergeClause, number: number): LoweredClause {
    const values = this.#assigned(action, offset).map(({ column, sql }, index) => ({
      column,
      sql,
      name: `_v${number}_${index + 1}`,
    }))
    const taken = condition === undefined ? 'TRUE' : this.compiler.condition(condition, 'WHEN clause')
    return { number, action: action.kind, condition: taken, values }
  }

  #assigned(action: MergeClause['action'], offset: number): { column: CatalogColumn; sql: string }[] {
    if (action.kind === 'delete') return []
    if (action.kind === 'update') {
      return assignedColumns(action.assignments, this.#target, this.#alias).map(({ column, value }) => ({
        column,
        sql: assignedSql(this.compiler, value, column),
      }))
    }
    const columns =
      action.columns.length === 0
        ? [...this.#target.columns]
        : action.columns.map((name) => targetColumn(this.#target, name.name, name.offset))
    const count = action.kind === 'insert' ? action.values.length : this.#source.names.columns.length
    if (count !== columns.length) {
      throw new SqlError(
        'semantic',
        `Inserted row has wrong column count; Has ${count}, expected ${columns.length}`,
        offset,
      )
    }
    if (action.kind === 'insert-row') return this.#wholeRow(columns, offset)
    return columns.map((column, index) => {
      const value = action.values[index]
      if (value === undefined) throw new SqlError('semantic', 'Inserted row has too few values', offset)
      return { column, sql: assignedSql(this.compiler, valueOrDefault(value, column), column) }
    })
  }

  /** INSERT ROW takes the source's columns by their place: they need no names. */
  #wholeRow(columns: readonly CatalogColumn[], offset: number): { column: CatalogColumn; sql: string }[] {
    return columns.map((column, index) => {
      const own = this.#source.names.columns[index]
      if (own === undefined) throw new SqlError('semantic', 'Inserted row has too few values', offset)
      const coerced = coerce({ sql: own.sql, type: own.type, origin: 'value' }, column.type, offset)
      if (coerced !== undefined) return { column, sql: coerced.sql }
      const types = `${typeName(own.type)} cannot be assigned to ${column.name}, which has type ${typeName(column.type)}`
      throw new SqlError('semantic', `Value of type ${types}`, offset)
    })
  }

  /** A value is only looked at for rows that its clause takes: for others it may be an error. */
  #values(clauses: readonly LoweredClause[]): string[] {
    return clauses.flatMap((clause, index) => {
      const before = clauses.slice(0, index).map(({ condition }) => `WHEN ${condition} THEN NULL`)
      const isOnly = before.length === 0 && clause.condition === 'TRUE'
      const head = `CASE ${before.join(' ')} WHEN ${clause.condition} THEN `
      return clause.values.map(({ sql, name }) => `${isOnly ? sql : `${head}${sql} END`} AS "${name}"`)
    })
  }
}

function changes(groups: readonly Group[], target: DmlTarget): string[] {
  const all = groups.flatMap((group) => group.clauses.map((clause) => ({ ...clause, found: group.found })))
  const of = (...kinds: readonly LoweredClause['action'][]): typeof all =>
    all.filter(({ action }) => kinds.includes(action))
  const deletes = of('delete').map(
    ({ found, number }) =>
      `DELETE FROM ${target.sql} WHERE rowid IN (SELECT "${rowId}" FROM ${found} WHERE "${clauseName}" = ${number})`,
  )
  const updates = of('update').map(({ found, number, values }) => {
    const set = values.map(
      ({ column, name }) => `${identifier(column.name)} = ${storedSql(`"_m"."${name}"`, column.type, column.name)}`,
    )
    return `UPDATE ${target.sql} AS "_t" SET ${set.join(', ')} FROM ${found} AS "_m" WHERE "_t".rowid = "_m"."${rowId}" AND "_m"."${clauseName}" = ${number}`
  })
  const inserts = of('insert', 'insert-row').map(({ found, number, values }) => {
    const columns = values.map(({ column }) => column)
    const list = values.map(({ name }) => `"${name}"`).join(', ')
    return insertSql(target, columns, `SELECT ${list} FROM ${found} WHERE "${clauseName}" = ${number}`)
  })
  return [...deletes, ...updates, ...inserts]
}
