// A query whose rows go into a table (BigQuery's destinationTable): the same as CREATE TABLE … AS or INSERT INTO … of that query,
// and run as such.
import { MillpondError } from '../../core/errors.ts'
import { compileQuery } from '../../sql/lower/compile.ts'
import type { ScriptHost } from '../../sql/script/host.ts'
import type * as ast from '../../sql/syntax/ast.ts'
import type { ObjectName, Script, Statement } from '../../sql/syntax/ast-statement.ts'
import type { QueryRequest } from '../contract.ts'
import { contextOf } from '../prepare.ts'

/** The statements to run instead. Errors: table-unknown, table-exists, query-invalid. */
export async function withDestination(
  request: QueryRequest,
  { statements }: Script,
  host: ScriptHost,
): Promise<readonly Statement[]> {
  const { destination } = request
  const [first] = statements
  if (destination === undefined || first?.kind !== 'query-statement') return statements
  const catalog = await host.catalog()
  const { dataset, table, create, write } = destination
  const old = catalog.table(dataset, table)
  const name = objectName([dataset, table], first)
  if (old === undefined && create === 'never') {
    throw new MillpondError('table-unknown', `Not found: Table ${catalog.project}:${dataset}.${table}`)
  }
  if (old === undefined || write === 'truncate') return [createStatement(name, first.query, write === 'truncate')]
  const { offset, end } = first
  const ending: Statement[] = []
  if (write === 'if-empty') {
    // Nobody else fills it between the look and the rows.
    await host.transaction('begin')
    ending.push({ kind: 'commit-transaction', offset, end })
    // Whether a table has rows costs nothing to know. A view would be read.
    const counting = { sql: `SELECT count(*) FROM ${old.relation} AS t`, bindings: new Map(), reads: [] }
    const [[count] = []] = old.kind === 'view' ? [] : await host.rows(counting, [{ kind: 'INT64' }], 1)
    if (count !== '0')
      throw new MillpondError('table-exists', `Already Exists: Table ${catalog.project}:${dataset}.${table}`)
  }
  // Columns meet by name, as BigQuery appends them.
  const { columns } = compileQuery(first.query, { ...contextOf({ catalog } as never, request), catalog })
  const names = columns.map((column): ast.Identifier => ({
    kind: 'identifier',
    name: column.name,
    isQuoted: true,
    offset,
    end,
  }))
  return [{ kind: 'insert', table: name, columns: names, rows: undefined, query: first.query, offset, end }, ...ending]
}

function objectName(parts: readonly string[], { offset, end }: ast.Node): ObjectName {
  return {
    kind: 'object-name',
    parts: parts.map((name) => ({ kind: 'identifier', name, isQuoted: true, offset, end })),
    offset,
    end,
  }
}

function createStatement(name: ObjectName, query: ast.Query, isReplacing: boolean): Statement {
  const { offset, end } = query
  return {
    kind: 'create-table',
    isReplacing,
    ifNotExists: false,
    name,
    isTemp: false,
    isExternal: false,
    columns: [],
    constraints: [],
    defaultCollate: undefined,
    partitionBy: undefined,
    clusterBy: [],
    connection: undefined,
    options: [],
    query,
    offset,
    end,
  }
}
