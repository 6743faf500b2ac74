// Reads a person's SQL before the engine does: only one statement, only reading, only functions that look at nothing
// but tables. DuckDB itself parses it (json_serialize_sql gives the syntax tree); nothing is bound or run before the
// tree has been walked, because some functions act while they are bound.
// The engine is locked as well (open.ts) and the transaction is read-only; still needed here: table functions that
// switch logging or profiling on, or read our own files and those of the exchange folder, which the lock leaves open.
import { MillpondError } from '../../core/errors.ts'
import { type Link, readRows } from './link.ts'

/** Table functions that only count, unfold or describe tables. A list of what is allowed: new versions bring new ones. */
const allowedTableFunctions = new Set([
  'duckdb_columns',
  'duckdb_constraints',
  'duckdb_functions',
  'duckdb_indexes',
  'duckdb_keywords',
  'duckdb_schemas',
  'duckdb_tables',
  'duckdb_types',
  'duckdb_views',
  'generate_series',
  'histogram',
  'histogram_values',
  'icu_calendar_names',
  'json_each',
  'json_tree',
  'pg_timezone_names',
  'pragma_collations',
  'pragma_show',
  'pragma_table_info',
  'pragma_version',
  'range',
  'repeat',
  'repeat_row',
  'summary',
  'unnest',
])

/** Scalar functions that show settings, run text as SQL, hold a thread, or write. */
const refusedFunctions = new Set([
  'currval',
  'current_setting',
  'getenv',
  'json_deserialize_sql',
  'json_execute_serialized_sql',
  'json_serialize_plan',
  'nextval',
  'parse_duckdb_log_message',
  'sleep_ms',
  'write_log',
])

/** Views of the engine about itself that tell paths or settings. */
const refusedViews = new Set([
  'duckdb_databases',
  'duckdb_external_file_cache',
  'duckdb_extensions',
  'duckdb_log_contexts',
  'duckdb_logs',
  'duckdb_logs_parsed',
  'duckdb_memory',
  'duckdb_prepared_statements',
  'duckdb_secrets',
  'duckdb_settings',
  'duckdb_temporary_files',
  'duckdb_variables',
  'pg_prepared_statements',
  'pg_settings',
  'pragma_database_list',
])

/** EXPLAIN isn't in the tree: its head is read here, its statement goes through the same walk. */
const explainHead = /^\s*EXPLAIN\b(\s+ANALYZE\b)?(?:\s*\(\s*FORMAT\s+(\w+)\s*\))?/i
const empty = /^(?:\s|;|--[^\n]*(?:\n|$))*$/

/** The SQL to run, which may differ from the text in its head. Errors: query-refused, query-invalid. */
export async function guardSql(link: Link, sql: string): Promise<string> {
  if (empty.test(sql)) throw new MillpondError('query-invalid', 'The query is empty')
  const head = explainHead.exec(sql)
  const body = head === null ? sql : sql.slice(head[0].length)
  const [row] = await readRows(
    link,
    'SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, skip_default := true)::VARCHAR',
    [body],
  )
  checkTree(JSON.parse(String(row?.[0])) as SqlTree)
  if (head === null) return body
  const format = head[2] === undefined ? '' : ` (FORMAT ${head[2]})`
  return `EXPLAIN${head[1] === undefined ? '' : ' ANALYZE'}${format}\n${body}`
}

interface SqlTree {
  readonly error: boolean
  readonly error_type?: string
  readonly error_message?: string
  readonly position?: string
  readonly statements?: readonly unknown[]
}

function checkTree(tree: SqlTree): void {
  if (tree.error && tree.error_type === 'not implemented') {
    throw new MillpondError(
      'query-refused',
      'Only SELECT, WITH, FROM, VALUES, EXPLAIN, DESCRIBE, SUMMARIZE and SHOW can be run here: a query never changes ' +
        'data or settings (PIVOT needs its values listed: PIVOT … ON column IN (…))',
    )
  }
  if (tree.error) {
    const at = tree.position === undefined ? '' : ` (at character ${Number(tree.position) + 1})`
    throw new MillpondError('query-invalid', `Parser Error: ${tree.error_message ?? 'not readable'}${at}`)
  }
  const statements = tree.statements ?? []
  if (statements.length === 0) throw new MillpondError('query-invalid', 'The query is empty')
  if (statements.length > 1) throw new MillpondError('query-refused', 'One statement at a time, please')
  // A stack, not recursion: expressions may be nested as deep as the parser allows.
  const waiting: unknown[] = [...statements]
  while (waiting.length > 0) {
    const node = waiting.pop()
    if (typeof node !== 'object' || node === null) continue
    if (!Array.isArray(node)) checkNode(node as Record<string, unknown>)
    for (const child of Object.values(node)) waiting.push(child)
  }
}

function checkNode(node: Record<string, unknown>): void {
  if (node['type'] === 'TABLE_FUNCTION') {
    const name = nameOf(node['function'], 'function_name')
    if (!allowedTableFunctions.has(name)) refuse(`the table function ${name}()`)
  }
  if (typeof node['function_name'] === 'string' && refusedFunctions.has(node['function_name'].toLowerCase())) {
    refuse(`the function ${node['function_name']}()`)
  }
  if (node['type'] === 'BASE_TABLE') {
    const name = nameOf(node, 'table_name')
    // The engine would take such a name for a file and read it; it joins the parts with dots: "/folder/rows".parquet.
    const isFile = [name, nameOf(node, 'schema_name'), nameOf(node, 'catalog_name')].some(looksLikeFile)
    if (isFile) refuse(`files (${name})`)
    // Whatever stands before it: `system.duckdb_databases` may name a schema or a catalogue.
    if (refusedViews.has(name)) refuse(name)
  }
}

function looksLikeFile(name: string): boolean {
  return /[/\\*?]|\.\w+$|^\w+:/.test(name)
}

function nameOf(node: unknown, key: string): string {
  const name = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined
  return typeof name === 'string' ? name.toLowerCase() : ''
}

function refuse(what: string): never {
  throw new MillpondError('query-refused', `A query reads tables of the warehouse only: ${what} can't be used here`)
}
