// DDL: names are placed, types and options read, queries compiled; the host makes it so. Temp tables live in the session alone.
import { compileQuery } from '../lower/compile.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import type {
  Alter,
  AlterAction,
  CreateHead,
  CreateTable,
  CreateTableFrom,
  CreateView,
  DdlStatement,
  Drop,
  Truncate,
} from '../syntax/ast-statement.ts'
import type { SqlCatalog } from '../catalog.ts'
import { identifier } from '../type-names.ts'
import { askedRows } from './asked-rows.ts'
import { columnDdl, columnShape, likeColumns, queriedColumns, refuseTwins, typeShape } from './columns.ts'
import type { AlterStep, ColumnShape, CompiledStatement, DdlChange, OptionValues, StatementPlace } from './host.ts'
import type { RunningScript } from './script-run.ts'
import { datasetName, placedName } from './names.ts'
import { constantOptions, optionValues } from './options.ts'
import { partitionShape } from './partition-by.ts'

/** TRUNCATE changes rows: it goes the way of DML. */
export type DdlInput = Exclude<DdlStatement, Truncate>

export async function lowerDdl(run: RunningScript, place: StatementPlace, statement: DdlInput): Promise<void> {
  const catalog = await run.host.catalog()
  const ddl = async (change: DdlChange): Promise<void> => run.host.ddl(place, change)
  switch (statement.kind) {
    case 'create-schema':
      return ddl({
        kind: 'create-schema',
        dataset: datasetName(statement.name, catalog),
        ifNotExists: statement.ifNotExists,
        options: await optionValues(run, statement.options),
      })
    case 'create-table':
      return createTable(run, place, statement)
    case 'create-table-from':
      return createTableFrom(run, place, statement)
    case 'create-view':
      return createView(run, place, statement)
    case 'create-function':
    case 'create-table-function':
    case 'create-procedure': {
      const { dataset, name } = placedName(statement.name, catalog)
      return ddl({ kind: 'create-routine', dataset, name, mode: modeOf(statement), definition: place.text })
    }
    case 'drop-function': {
      const { dataset, name } = placedName(statement.name, catalog)
      return ddl({ kind: 'drop-routine', dataset, name, ifExists: statement.ifExists })
    }
    case 'drop':
      return drop(run, place, statement)
    case 'alter':
      return alter(run, place, statement)
    case 'undrop-schema':
      throw new SqlError('unsupported', 'UNDROP SCHEMA is not supported locally', statement.offset)
  }
}

function modeOf({ isReplacing, ifNotExists }: CreateHead): 'new' | 'replace' | 'if-not-exists' {
  return isReplacing ? 'replace' : ifNotExists ? 'if-not-exists' : 'new'
}

async function createTable(run: RunningScript, place: StatementPlace, statement: CreateTable): Promise<void> {
  const { offset, query } = statement
  if (statement.isExternal || statement.connection !== undefined) {
    throw new SqlError('unsupported', 'External tables are not supported locally', offset)
  }
  const declared = statement.columns.map((column) => columnShape(column, (node) => run.textOf(node)))
  refuseTwins(
    declared.map(({ name }) => name),
    offset,
  )
  const { columns, rows } =
    query === undefined ? { columns: declared, rows: undefined } : await askedRows(run, query, declared)
  if (columns.length === 0) throw new SqlError('semantic', 'A table needs at least one column', offset)
  if (statement.isTemp || isSessionTable(statement, run)) return createTemp(run, place, statement, columns, rows)
  const { dataset, name } = placedName(statement.name, await run.host.catalog())
  await run.host.ddl(place, {
    kind: 'create-table',
    dataset,
    table: name,
    mode: modeOf(statement),
    columns,
    partitioning: statement.partitionBy === undefined ? undefined : partitionShape(statement.partitionBy, columns),
    clustering: statement.clusterBy.map(clusterName),
    options: await optionValues(run, statement.options),
    rows,
  })
}

/** CREATE OR REPLACE TABLE of a name that is a temp table already. */
function isSessionTable({ name }: CreateHead, run: RunningScript): boolean {
  const [first, second] = name.parts
  return second === undefined && first !== undefined && run.names.tempTables.has(first.name.toLowerCase())
}

async function createTemp(
  run: RunningScript,
  place: StatementPlace,
  statement: CreateHead & ast.Node,
  columns: readonly ColumnShape[],
  rows: CompiledStatement | undefined,
): Promise<void> {
  const name = statement.name.parts.at(-1)?.name ?? ''
  const key = name.toLowerCase()
  if (run.names.tempTables.has(key) && !statement.isReplacing) {
    if (statement.ifNotExists) return
    throw new SqlError('semantic', `Already Exists: Table ${name}`, statement.offset)
  }
  // The rows may come from the very table that is replaced: they are read into another one first.
  const making = identifier(rows === undefined ? name : `_millpond_making_${name}`)
  const types = columns.map(columnDdl).join(', ')
  const steps = [readingNothing(`CREATE OR REPLACE TEMP TABLE ${making} (${types})`)]
  if (rows !== undefined) {
    steps.push(
      { ...rows, sql: `INSERT INTO temp.main.${making} ${rows.sql}` },
      readingNothing(`DROP TABLE IF EXISTS temp.main.${identifier(name)}`),
      readingNothing(`ALTER TABLE temp.main.${making} RENAME TO ${identifier(name)}`),
    )
  }
  await run.host.execute(place, steps)
  run.names.tempTables.set(key, {
    columns: columns.map((column) => ({ name: column.name, type: column.type, defaultSql: column.defaultSql })),
    relation: `temp.main.${identifier(name)}`,
  })
}

function readingNothing(sql: string): CompiledStatement {
  return { sql, bindings: new Map(), reads: [] }
}

function clusterName(expression: ast.Expression): string {
  const [first, second] = expression.kind === 'name' ? expression.parts : []
  if (first !== undefined && second === undefined) return first.name
  throw new SqlError('semantic', 'CLUSTER BY takes names of columns', expression.offset)
}

async function createTableFrom(run: RunningScript, place: StatementPlace, statement: CreateTableFrom): Promise<void> {
  const { how, offset } = statement
  if (statement.isSnapshot)
    throw new SqlError(
      'unsupported',
      'Snapshots of tables are not supported locally: CREATE TABLE … COPY makes a copy',
      offset,
    )
  if (statement.systemTime !== undefined)
    throw new SqlError('unsupported', 'FOR SYSTEM_TIME AS OF is not supported locally', offset)
  const catalog = await run.host.catalog()
  const from = placedName(statement.source, catalog)
  const source = catalog.table(from.dataset, from.name)
  if (source === undefined) {
    throw new SqlError(
      'semantic',
      `Not found: Table ${catalog.project}:${from.dataset}.${from.name}`,
      statement.source.offset,
    )
  }
  // A copy of a table costs nothing, as in BigQuery. A view would be read.
  if (how !== 'LIKE' && source.kind === 'view' && source.target !== undefined)
    throw new SqlError('semantic', `Cannot ${how} a view: ${from.dataset}.${from.name}`, statement.source.offset)
  const shown = source.columns.filter(({ isHidden }) => isHidden !== true)
  const columns = likeColumns(shown)
  const list = shown.map(({ name }) => identifier(name)).join(', ')
  const copied = readingNothing(`SELECT ${list} FROM ${source.relation} AS t`)
  const queried = statement.query === undefined ? undefined : (await askedRows(run, statement.query, columns)).rows
  const rows = queried ?? (how === 'LIKE' ? undefined : copied)
  if (statement.isTemp) return createTemp(run, place, statement, columns, rows)
  const { dataset, name } = placedName(statement.name, catalog)
  const { partitioning } = source
  await run.host.ddl(place, {
    kind: 'create-table',
    dataset,
    table: name,
    mode: modeOf(statement),
    columns,
    partitioning,
    clustering: statement.clusterBy.map(clusterName),
    options: {
      require_partition_filter: partitioning?.isFilterRequired,
      ...(await optionValues(run, statement.options)),
    },
    rows,
  })
}

/** A view that reads itself, through others too, could never be asked again. */
function beingDefined(
  catalog: SqlCatalog,
  { dataset, name }: { readonly dataset: string; readonly name: string },
  offset: number,
): SqlCatalog {
  return {
    project: catalog.project,
    defaultDataset: catalog.defaultDataset,
    table(ofDataset, table) {
      const found = catalog.table(ofDataset, table)
      if (found !== undefined && ofDataset === dataset && table === name)
        throw new SqlError('semantic', `View ${dataset}.${name} cannot refer to itself`, offset)
      return found
    },
    tableNames: (ofDataset) => catalog.tableNames(ofDataset),
    datasetNames: () => catalog.datasetNames(),
    routine: (ofDataset, routine) => catalog.routine(ofDataset, routine),
    informationSchema: (view, ofDataset) => catalog.informationSchema(view, ofDataset),
  }
}

async function createView(run: RunningScript, place: StatementPlace, statement: CreateView): Promise<void> {
  const { query, offset } = statement
  if (query === undefined)
    throw new SqlError('unsupported', 'Replicas of materialized views are not supported locally', offset)
  if (statement.isTemp)
    throw new SqlError('unsupported', 'Temporary views are not supported locally: use a temp table', offset)
  const target = placedName(statement.name, await run.host.catalog())
  const context = await run.context()
  const compiled = compileQuery(query, { ...context, catalog: beingDefined(context.catalog, target, offset) })
  if (compiled.parameters.length > 0)
    throw new SqlError('semantic', 'Query parameters cannot be used in a view', offset)
  const named = statement.columns.map(({ name }) => name.name)
  if (named.length > 0)
    throw new SqlError(
      'unsupported',
      'Column lists of views are not supported locally: name the columns in the query',
      offset,
    )
  const { dataset, name } = target
  await run.host.ddl(place, {
    kind: 'create-view',
    dataset,
    table: name,
    mode: modeOf(statement),
    isMaterialized: statement.isMaterialized,
    columns: queriedColumns(compiled.columns, offset),
    options: await optionValues(run, statement.options),
    viewSql: run.textOf(query),
  })
}

const droppable = { TABLE: 'table', VIEW: 'view', 'MATERIALIZED VIEW': 'materialized-view' } as const

async function drop(run: RunningScript, place: StatementPlace, statement: Drop): Promise<void> {
  const { what, ifExists, offset } = statement
  const catalog = await run.host.catalog()
  if (what === 'SCHEMA') {
    const dataset = datasetName(statement.name, catalog)
    return run.host.ddl(place, { kind: 'drop-schema', dataset, ifExists, isCascade: statement.behaviour === 'CASCADE' })
  }
  const [first, second] = statement.name.parts
  if (
    what === 'TABLE' &&
    first !== undefined &&
    second === undefined &&
    run.names.tempTables.has(first.name.toLowerCase())
  ) {
    await run.host.execute(place, [readingNothing(`DROP TABLE temp.main.${identifier(first.name)}`)])
    run.names.tempTables.delete(first.name.toLowerCase())
    return
  }
  const { dataset, name } = placedName(statement.name, catalog)
  if (what === 'PROCEDURE') return run.host.ddl(place, { kind: 'drop-routine', dataset, name, ifExists })
  if (!Object.hasOwn(droppable, what))
    throw new SqlError('unsupported', `DROP ${what} is not supported locally`, offset)
  await run.host.ddl(place, {
    kind: 'drop-table',
    dataset,
    table: name,
    what: droppable[what as keyof typeof droppable],
    ifExists,
  })
}

async function alter(run: RunningScript, place: StatementPlace, statement: Alter): Promise<void> {
  const { what, ifExists, actions, offset } = statement
  const catalog = await run.host.catalog()
  if (what === 'SCHEMA') {
    const options: OptionValues[] = []
    for (const action of actions) {
      if (action.kind !== 'set-options')
        throw new SqlError('unsupported', 'Of ALTER SCHEMA only SET OPTIONS is supported locally', action.offset)
      options.push(await optionValues(run, action.options))
    }
    return run.host.ddl(place, {
      kind: 'set-schema-options',
      dataset: datasetName(statement.name, catalog),
      options: Object.assign({}, ...options) as Record<string, unknown>,
    })
  }
  if (!Object.hasOwn(droppable, what))
    throw new SqlError('unsupported', `ALTER ${what} is not supported locally`, offset)
  const { dataset, name } = placedName(statement.name, catalog)
  const steps: AlterStep[] = []
  for (const action of actions) steps.push(...(await alterStep(run, action)))
  await run.host.ddl(place, { kind: 'alter-table', dataset, table: name, ifExists, actions: steps })
}

async function alterStep(run: RunningScript, action: AlterAction): Promise<AlterStep[]> {
  switch (action.kind) {
    case 'set-options':
      return [{ kind: 'set-options', options: await optionValues(run, action.options) }]
    case 'add-column':
      if (action.column.defaultValue !== undefined)
        throw new SqlError(
          'semantic',
          'A column is added without a default: ALTER COLUMN … SET DEFAULT comes after it',
          action.offset,
        )
      return [
        {
          kind: 'add-column',
          ifNotExists: action.ifNotExists,
          column: columnShape(action.column, (node) => run.textOf(node)),
        },
      ]
    case 'drop-column':
      return [{ kind: 'drop-column', name: action.name.name, ifExists: action.ifExists }]
    case 'rename-column':
      return [{ kind: 'rename-column', from: action.from.name, to: action.to.name, ifExists: action.ifExists }]
    case 'rename-to':
      return [{ kind: 'rename-to', table: action.name.parts.at(-1)?.name ?? '' }]
    case 'alter-column':
      return [alterColumn(run, action)]
    // Never enforced, here or there.
    case 'add-constraint':
    case 'drop-primary-key':
    case 'drop-constraint':
      return []
    case 'set-default-collate':
      throw new SqlError('unsupported', 'COLLATE is not supported locally', action.offset)
    case 'other-action':
      throw new SqlError('unsupported', `ALTER TABLE … ${action.what} is not supported locally`, action.offset)
  }
}

function alterColumn(
  run: RunningScript,
  { name, change }: Extract<AlterAction, { readonly kind: 'alter-column' }>,
): AlterStep {
  switch (change.kind) {
    case 'options':
      return { kind: 'set-column-options', name: name.name, options: constantOptions(change.options) }
    case 'type':
      return { kind: 'set-type', name: name.name, column: typeShape(change.type) }
    case 'drop-not-null':
      return { kind: 'drop-not-null', name: name.name }
    case 'drop-default':
      return { kind: 'set-default', name: name.name, defaultSql: undefined }
    case 'default':
      return { kind: 'set-default', name: name.name, defaultSql: run.textOf(change.value) }
  }
}
