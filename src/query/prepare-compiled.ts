// What the compiler noted of a query, turned into what the guard, the editor and the cache ask.
import type { Partitioning, SqlCatalog } from '../sql/catalog.ts'
import { partitionFilter } from '../sql/analysis/partition-range.ts'
import type { CompiledQuery, TableUse as CompiledUse } from '../sql/lower/compile.ts'
import { SqlError, positionOf } from '../sql/sql-error.ts'
import type { EngineStatement } from '../warehouse/session.ts'
import type { LintFinding, QueryParameter } from './contract.ts'
import type { PreparedRows, TableUse } from './prepared.ts'

/** What says which partitions a condition leaves. */
export interface UseContext {
  readonly nowMicros: number
  readonly partitioning: (dataset: string, table: string) => Partitioning | undefined
  readonly parameters: readonly QueryParameter[]
}

export function useContextOf(
  catalog: Pick<SqlCatalog, 'table'>,
  nowMicros: number,
  parameters: readonly QueryParameter[] = [],
): UseContext {
  return { nowMicros, partitioning: (dataset, table) => catalog.table(dataset, table)?.partitioning, parameters }
}

export interface CompiledContext extends UseContext {
  readonly text: string
}

export interface Use extends TableUse {
  readonly offset: number
  readonly partitioning: Partitioning | undefined
}

/** SqlError, when a partition filter is required and missing. */
export function prepareCompiled(
  compiled: CompiledQuery,
  statement: EngineStatement,
  context: CompiledContext,
): PreparedRows {
  const { facts, columns, parameters } = compiled
  const uses = tableUses(facts.tables, context)
  return {
    kind: 'rows',
    statementType: 'SELECT',
    statement,
    columns: columns.map(({ name, type }) => ({ name, sqlType: type })),
    tables: uses,
    isVolatile: facts.isVolatile || facts.usesUserCode,
    functions: [],
    inlineTables: [],
    lint: lintOf(compiled, uses, context),
    portability: 'both',
    portabilityReasons: [],
    undeclaredParameters: parameters
      .filter(({ isDeclared, source }) => !isDeclared && source !== 'variable')
      .map(({ name, type }) => ({ name, sqlType: type })),
  }
}

/** SqlError, when a partition filter is required and missing. */
export function tableUses(tables: readonly CompiledUse[], context: UseContext): Use[] {
  const uses = tables.map((use) => useOf(use, context))
  for (const use of uses) {
    const missing = missingFilter(use, use.partitioning)
    if (missing !== undefined) throw new SqlError('semantic', missing, use.offset)
  }
  return uses
}

export function useOf(use: CompiledUse, context: UseContext): Use {
  const { dataset, table, alias, offset } = use
  const columns = [...use.columns]
  const partitioning = context.partitioning(dataset, table)
  const plain = { dataset, table, columns, offset, partitioning }
  if (partitioning === undefined) return { ...plain, range: undefined, hasPartitionFilter: false }
  const { hasFilter, range } = partitionFilter(
    use.conditions,
    { alias, partitioning },
    {
      nowMicros: context.nowMicros,
      parameter: (key) => parameterText(context.parameters, key),
    },
  )
  return { ...plain, range, hasPartitionFilter: hasFilter }
}

function parameterText(parameters: readonly QueryParameter[], key: string | number): string | undefined {
  const found =
    typeof key === 'string'
      ? parameters.find(({ name }) => name?.toLowerCase() === key)
      : parameters.filter(({ name }) => name === undefined)[key - 1]
  return typeof found?.value === 'string' ? found.value : undefined
}

/** In BigQuery's words; undefined: no filter is required, or there is one. */
export function missingFilter(
  { hasPartitionFilter, dataset, table }: TableUse,
  partitioning: Partitioning | undefined,
): string | undefined {
  if (partitioning?.isFilterRequired !== true || hasPartitionFilter) return undefined
  return `Cannot query over table '${dataset}.${table}' without a filter over column(s) '${partitioning.column}' that can be used for partition elimination`
}

function lintOf({ facts }: CompiledQuery, uses: readonly Use[], { text }: CompiledContext): LintFinding[] {
  const finding = (code: LintFinding['code'], message: string, offset: number): LintFinding => ({
    code,
    message,
    ...positionOf(text, offset),
  })
  const stars = facts.lint.flatMap((note) => {
    if (note.kind === 'select-star' && note.tables.length > 0) {
      const names = note.tables.map(({ dataset, table }) => `${dataset}.${table}`).join(', ')
      return [finding('select-star', `SELECT * reads every column of ${names}: name those that you need`, note.offset)]
    }
    if (note.kind === 'cross-join')
      return [finding('cross-join', 'A join without a condition makes every pair of rows', note.offset)]
    if (
      note.kind === 'limit' &&
      uses.some(({ partitioning, range }) => partitioning !== undefined && range === undefined)
    ) {
      return [finding('limit-saves-nothing', 'LIMIT does not make a query read less', note.offset)]
    }
    return []
  })
  const filters = uses.flatMap(({ partitioning, hasPartitionFilter, range, dataset, table, offset }) => {
    if (partitioning === undefined || range !== undefined) return []
    const name = `${dataset}.${table}`
    if (hasPartitionFilter) {
      return [
        finding(
          'filter-cannot-prune',
          `The filter over ${partitioning.column} is no constant range: all days of ${name} are read`,
          offset,
        ),
      ]
    }
    return [
      finding(
        'no-partition-filter',
        `Without a filter over ${partitioning.column} all days of ${name} are read`,
        offset,
      ),
    ]
  })
  return [...stars, ...filters]
}
