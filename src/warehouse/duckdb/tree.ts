// The engine's syntax tree of a SELECT, as text, and back. Numbers stay as they were written: nobody here reads them.
import { MillpondError } from '../../core/errors.ts'
import { type Link, readRows } from './link.ts'

interface Tree {
  readonly error: boolean
  readonly error_type?: string
  readonly error_message?: string
  readonly position?: string
  readonly statements?: readonly unknown[]
}

/** Nothing is bound or run. Errors: query-invalid, query-refused. */
export async function parseSelect(link: Link, sql: string): Promise<string> {
  const [row] = await readRows(link, 'SELECT json_serialize_sql($1::VARCHAR)::VARCHAR', [sql])
  const text = String(row?.[0])
  const tree = JSON.parse(text) as Tree
  if (tree.error) throw refusal(tree)
  const count = tree.statements?.length ?? 0
  if (count === 0) throw new MillpondError('query-invalid', 'The query is empty')
  if (count > 1) throw new MillpondError('query-refused', 'One statement at a time, please')
  return text
}

function refusal({ error_type: type, error_message: message, position }: Tree): MillpondError {
  if (type === 'not implemented') {
    return new MillpondError(
      'query-refused',
      'Only SELECT, WITH, FROM and VALUES can be run here (PIVOT needs its values listed: PIVOT … ON column IN (…))',
    )
  }
  const at = position === undefined ? '' : ` (at character ${Number(position) + 1})`
  return new MillpondError('query-invalid', `Parser Error: ${message ?? 'not readable'}${at}`)
}

/** Error: query-invalid. */
export async function printSelect(link: Link, tree: string): Promise<string> {
  try {
    const [row] = await readRows(link, 'SELECT json_deserialize_sql($1::VARCHAR::JSON)', [tree])
    return String(row?.[0])
  } catch (error) {
    throw new MillpondError('query-invalid', "The rewritten query can't be written", { cause: error })
  }
}
