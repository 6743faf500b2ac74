// What all DML statements share: the change that the host makes, the target's place in the SQL, assigned values, defaults.
import { type CompiledQuery, StatementCompiler } from '../lower/compile.ts'
import type { CatalogColumn } from '../catalog.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { parseExpression } from '../syntax/parser.ts'
import { identifier, typeName } from '../type-names.ts'
import { type DmlTarget, rowId } from './dml-target.ts'
import { bindingsOf } from './evaluate.ts'
import type { Scene } from './frame.ts'
import type { TableChange } from './host.ts'
import { storedRows } from './stored.ts'

type Finished = Pick<CompiledQuery, 'parameters' | 'facts'>

export function changeOf(
  { dataset, table }: DmlTarget,
  kind: TableChange['kind'],
  steps: TableChange['steps'],
  compiled: readonly Finished[],
  scene: Scene,
): TableChange {
  return {
    dataset,
    table,
    kind,
    steps,
    reads: compiled.flatMap(({ facts }) => facts.tables),
    bindings: new Map(compiled.flatMap(({ parameters }) => [...bindingsOf(parameters, scene)])),
  }
}

/** SQL of a value as the column takes it; what doesn't become the column's type by itself is refused, as BigQuery does. */
export function assignedSql(compiler: StatementCompiler, value: ast.Expression, column: CatalogColumn): string {
  try {
    return compiler.assigned(value, column.type).sql
  } catch (error) {
    const found =
      error instanceof SqlError ? /^Value of type (.*) cannot be assigned to type /.exec(error.message) : null
    if (found === null) throw error
    throw new SqlError(
      'semantic',
      `Value of type ${found[1] ?? ''} cannot be assigned to ${column.name}, which has type ${typeName(column.type)}`,
      value.offset,
    )
  }
}

/** The target as the statement's expressions see it: `relation` belongs behind FROM. `conditions`: what rows it may touch at all. */
export function targetRow(
  compiler: StatementCompiler,
  target: DmlTarget,
  alias: string,
  { offset, conditions }: { readonly offset: number; readonly conditions: readonly (ast.Expression | undefined)[] },
): { readonly name: string; readonly relation: string } {
  const { dataset, table } = target
  // DuckDB takes `s` of `s.id` for a column of that name first: no other relation may be called like one.
  for (const column of [...target.columns, ...target.pseudo]) compiler.relationName(column.name)
  const name = identifier(compiler.relationName('_millpond_target'))
  compiler.addRow({
    alias,
    relation: name,
    columns: [...target.columns, ...target.pseudo],
    table: dataset === 'temp' ? undefined : { dataset, table, offset },
    conditions: conditions.filter((condition) => condition !== undefined),
  })
  return { name, relation: `${target.relation} AS ${name}` }
}

/** `rows`: a query whose columns are `columns`, in order. Columns that aren't named get their defaults. */
export function insertSql(target: DmlTarget, columns: readonly CatalogColumn[], rows: string): string {
  const missing = target.columns.filter(
    (column) => !columns.includes(column) && (column.defaultSql !== undefined || column.type.kind === 'ARRAY'),
  )
  const all = [...columns, ...missing]
  const head = `INSERT INTO ${target.sql} (${all.map(({ name }) => identifier(name)).join(', ')})`
  if (missing.length === 0) return `${head} ${storedRows(rows, columns)}`
  const defaults = missing.map((column) => defaultOf(target, column))
  return `${head} ${storedRows(`SELECT "_r".*, ${defaults.join(', ')} FROM (${rows}) AS "_r"`, all)}`
}

/** Computed anew for every row. A default sees no column, and no table: BigQuery takes no sub-queries there. */
function defaultOf(target: DmlTarget, column: CatalogColumn): string {
  const compiler = new StatementCompiler(target.context)
  const sql = assignedSql(compiler, parseExpression(column.defaultSql ?? 'NULL'), column)
  if (compiler.facts().tables.length === 0) return sql
  throw new SqlError('semantic', `The default of column ${column.name} reads a table, which a default can't`, 0)
}

/** Two source rows for one target row: which of them would win is nobody's guess. */
export function onceEach(sql: string): string {
  const message = 'UPDATE/MERGE must match at most one source row for each target row'
  const check = `CASE WHEN count(*) OVER (PARTITION BY "${rowId}") > 1 THEN error('${message}') END`
  return `SELECT * FROM (SELECT *, ${check} AS "_millpond_check" FROM (${sql}) AS "_f") AS "_o" WHERE "_millpond_check" IS NULL`
}
