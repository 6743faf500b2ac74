// Small tables that one session sees: catalogues and job lists, made from values in one statement. Their rows travel as one text,
// because a statement a row would cost more than the catalogue itself.
import type { EngineValue, InlineTable } from '../session.ts'
import type { Link } from './link.ts'
import { quoteName, quoteText } from './names.ts'

/** A new table replaces one of the same name. */
export async function fillInlineTable(link: Link, { name, columns, rows }: InlineTable): Promise<void> {
  const target = `temp.main.${quoteName(name)}`
  const shape = columns.map((column) => `${quoteName(column.name)} ${column.type}`)
  await link.api.run(`CREATE OR REPLACE TEMP TABLE ${target} (${shape.join(', ')})`)
  if (rows.length === 0) return
  const list = columns.map(({ type }, index) => cellSql(`v[${index + 1}]`, type))
  await link.api.run(
    `INSERT INTO ${target} SELECT ${list.join(', ')}
     FROM (SELECT unnest(from_json($1::VARCHAR::JSON, ${quoteText('[["VARCHAR"]]')})) AS v)`,
    [JSON.stringify(rows.map((row) => row.map(jsonOf)))],
  )
}

/** Everything arrives as text. */
function cellSql(cell: string, type: string): string {
  const name = type.toUpperCase()
  if (name === 'VARCHAR' || name === 'TEXT') return cell
  if (name === 'TIMESTAMP') return `make_timestamp(${cell}::BIGINT)`
  if (name === 'TIMESTAMPTZ' || name === 'TIMESTAMP WITH TIME ZONE') return `make_timestamptz(${cell}::BIGINT)`
  if (name === 'DATE') return `DATE '1970-01-01' + ${cell}::INTEGER`
  if (name === 'TIME') return `TIME '00:00:00' + to_microseconds(${cell}::BIGINT)`
  if (name === 'BLOB') return `unhex(${cell})`
  return /[[(]/.test(name) && !name.startsWith('DECIMAL') ? `${cell}::JSON::${type}` : `${cell}::${type}`
}

function jsonOf(value: EngineValue): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(jsonOf)
  return value
}
