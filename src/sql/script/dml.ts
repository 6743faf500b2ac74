// INSERT, UPDATE, DELETE and TRUNCATE as DuckDB statements. What is to change is found first, with the target's row ids, and then
// changed by row id. MERGE is in merge.ts.
import { type CompileContext, StatementCompiler } from '../lower/compile.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type { Delete, DmlStatement, Insert, Truncate, Update } from '../syntax/ast-statement.ts'
import { identifier } from '../type-names.ts'
import type { CatalogColumn } from '../catalog.ts'
import { assignedColumns, valueOrDefault } from './assignments.ts'
import { assignedQuerySql } from './assigned-query.ts'
import { assignedSql, changeOf, insertSql, onceEach, targetRow } from './dml-parts.ts'
import { type DmlTarget, dmlTarget, rowId, targetColumn } from './dml-target.ts'
import type { Scene } from './frame.ts'
import type { TableChange } from './host.ts'
import { lowerMerge } from './merge.ts'
import { storedSql } from './stored.ts'

export function lowerDml(statement: DmlStatement | Truncate, context: CompileContext, scene: Scene): TableChange {
  const target = dmlTarget(statement.table, context)
  switch (statement.kind) {
    case 'insert':
      return lowerInsert(statement, target, scene)
    case 'update':
      return lowerUpdate(statement, target, scene)
    case 'delete':
      return lowerDelete(statement, target, scene)
    case 'merge':
      return lowerMerge(statement, target, scene)
    case 'truncate':
      if (statement.where !== undefined)
        throw new SqlError('semantic', 'TRUNCATE TABLE takes no WHERE: use DELETE', statement.offset)
      return changeOf(target, 'truncate', [{ sql: `DELETE FROM ${target.sql}`, counts: true }], [], scene)
  }
}

function insertColumns(statement: Insert, target: DmlTarget): CatalogColumn[] {
  if (statement.columns.length === 0) return [...target.columns]
  const columns = statement.columns.map((name) => targetColumn(target, name.name, name.offset))
  for (const [index, column] of columns.entries()) {
    if (columns.indexOf(column) !== index)
      throw new SqlError(
        'semantic',
        `INSERT statement has the column ${column.name} twice`,
        statement.columns[index]?.offset ?? statement.offset,
      )
  }
  return columns
}

function lowerInsert(statement: Insert, target: DmlTarget, scene: Scene): TableChange {
  const columns = insertColumns(statement, target)
  const compiler = new StatementCompiler(target.context)
  const rows =
    statement.query === undefined
      ? rowsSql(compiler, statement, columns)
      : assignedQuerySql(compiler, statement.query, columns)
  const sql = insertSql(target, columns, rows)
  return changeOf(target, 'insert', [{ sql, counts: true }], [compiler.finish()], scene)
}

function rowsSql(compiler: StatementCompiler, statement: Insert, columns: readonly CatalogColumn[]): string {
  const rows = (statement.rows ?? []).map((row) => {
    if (row.length !== columns.length) {
      throw new SqlError(
        'semantic',
        `Inserted row has wrong column count; Has ${row.length}, expected ${columns.length}`,
        row[0]?.offset ?? statement.offset,
      )
    }
    const values = columns.map((column, index) => {
      const value = row[index]
      return value === undefined ? 'NULL' : assignedSql(compiler, valueOrDefault(value, column), column)
    })
    return `SELECT ${values.map((sql, index) => `${sql} AS "c${index + 1}"`).join(', ')}`
  })
  return rows.join(' UNION ALL ')
}

function aliasOf(statement: Update | Delete): string {
  return statement.alias?.name ?? statement.table.parts.at(-1)?.name ?? 't'
}

function demandWhere(where: ast.Expression | undefined, what: string, offset: number): ast.Expression {
  if (where !== undefined) return where
  throw new SqlError('semantic', `${what} must have a WHERE clause`, offset)
}

function lowerUpdate(statement: Update, target: DmlTarget, scene: Scene): TableChange {
  const where = demandWhere(statement.where, 'UPDATE', statement.offset)
  const compiler = new StatementCompiler(target.context)
  const alias = aliasOf(statement)
  const { name, relation } = targetRow(compiler, target, alias, { offset: statement.offset, conditions: [where] })
  const from = statement.from === undefined ? '' : `, ${compiler.addFrom(statement.from).sql}`
  const assigned = assignedColumns(statement.assignments, target, alias)
  const values = assigned.map(
    ({ column, value }, index) => `${assignedSql(compiler, value, column)} AS "_v${index + 1}"`,
  )
  const condition = compiler.condition(where, 'WHERE clause')
  const found = `SELECT ${name}."${rowId}" AS "${rowId}", ${values.join(', ')} FROM ${relation}${from} WHERE ${condition}`
  const rows = statement.from === undefined ? found : onceEach(found)
  const set = assigned
    .map(
      ({ column: { name: own, type } }, index) =>
        `${identifier(own)} = ${storedSql(`"_m"."_v${index + 1}"`, type, own)}`,
    )
    .join(', ')
  const sql = `UPDATE ${target.sql} AS "_t" SET ${set} FROM (${rows}) AS "_m" WHERE "_t".rowid = "_m"."${rowId}"`
  return changeOf(target, 'update', [{ sql, counts: true }], [compiler.finish()], scene)
}

function lowerDelete(statement: Delete, target: DmlTarget, scene: Scene): TableChange {
  const where = demandWhere(statement.where, 'DELETE', statement.offset)
  const compiler = new StatementCompiler(target.context)
  const { name, relation } = targetRow(compiler, target, aliasOf(statement), {
    offset: statement.offset,
    conditions: [where],
  })
  const condition = compiler.condition(where, 'WHERE clause')
  const found = `SELECT ${name}."${rowId}" FROM ${relation} WHERE ${condition}`
  const sql = `DELETE FROM ${target.sql} WHERE rowid IN (${found})`
  return changeOf(target, 'delete', [{ sql, counts: true }], [compiler.finish()], scene)
}
