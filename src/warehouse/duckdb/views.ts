// Views show a retyped column with its new type. The engine keeps a view as text; its tables and columns are read from the
// syntax tree of that text, which is one of ours (unionSql in catalog.ts).
import { assert } from '../../core/errors.ts'
import type { ColumnSpec, ColumnType } from '../driver.ts'
import { changesSql } from './catalog.ts'
import { type Link, readRows } from './link.ts'
import { columnTypeOf, fedCatalog, quoteText } from './names.ts'

/** Inside the link's transaction, after the tables have changed. */
export async function redefineViews(
  link: Link,
  datasets: ReadonlySet<string>,
  column: string,
  type: ColumnType,
): Promise<void> {
  const names = [...datasets].map(quoteText).join(', ')
  const views = await readRows(
    link,
    `SELECT schema_name, view_name, sql FROM duckdb_views()
     WHERE database_name = '${fedCatalog}' AND NOT internal AND schema_name IN (${names})`,
  )
  for (const view of views) {
    const [dataset = '', table = '', sql = ''] = view.map(String)
    const columns = await columnsOfView(link, dataset, table)
    if (!columns.some(({ name }) => name === column)) continue
    const retyped = columns.map((one) => (one.name === column ? { ...one, type } : one))
    const members = await membersOf(link, sql)
    const change = { kind: 'define-union', table: { dataset, table }, columns: retyped, members } as const
    await link.api.run(changesSql(new Map([[dataset, new Map()]]), [change]))
  }
}

async function columnsOfView(link: Link, dataset: string, view: string): Promise<ColumnSpec[]> {
  const rows = await readRows(
    link,
    `SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = '${fedCatalog}'
     AND schema_name = ${quoteText(dataset)} AND table_name = ${quoteText(view)} ORDER BY column_index`,
  )
  return rows.map(([name, typeName]) => {
    const type = columnTypeOf(String(typeName))
    assert(type !== undefined, `${dataset}.${view}.${String(name)} has the unexpected type ${String(typeName)}`)
    return { name: String(name), type }
  })
}

/** `CREATE VIEW dataset.view AS `, with names that may hold anything in quotes. */
const viewHead = /^CREATE VIEW (?:(?:"(?:[^"]|"")*"|[^\s".]+)\.)*(?:"(?:[^"]|"")*"|[^\s".]+) AS /

interface SqlNode {
  readonly type?: string
  readonly left?: SqlNode
  readonly right?: SqlNode
  readonly select_list?: readonly { readonly type?: string; readonly column_names?: readonly string[] }[]
  readonly from_table?: { readonly type?: string; readonly table_name?: string }
}

interface Member {
  readonly table: string
  readonly columns: readonly string[]
}

async function membersOf(link: Link, sql: string): Promise<Member[]> {
  const head = viewHead.exec(sql)
  assert(head !== null, 'a view begins with CREATE VIEW')
  const body = sql.slice(head[0].length)
  const [row] = await readRows(
    link,
    'SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)::VARCHAR',
    [body],
  )
  const tree = JSON.parse(String(row?.[0])) as { readonly statements?: readonly { readonly node?: SqlNode }[] }
  const members: Member[] = []
  const waiting: (SqlNode | undefined)[] = [tree.statements?.[0]?.node]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (node?.type === 'SET_OPERATION_NODE') waiting.push(...childrenOf(node))
    const table = node?.from_table?.table_name
    if (table !== undefined) members.push({ table, columns: ownColumns(node) })
  }
  return members
}

/** The last first: the stack turns them round. */
function childrenOf(node: SqlNode): (SqlNode | undefined)[] {
  return [node.right, node.left]
}

/** The others are NULL, cast to the type of the view's column. */
function ownColumns(node: SqlNode | undefined): string[] {
  const selected = node?.select_list ?? []
  return selected.flatMap((item) => (item.type === 'COLUMN_REF' ? [item.column_names?.at(-1) ?? ''] : []))
}
