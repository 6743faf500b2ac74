// Which facts name two ids of one person: identifies (user, anonymous, device), aliases (previous id), and rows of fixed tables
// that name a device and a user. Asked in the caller's name: what he may not read links nobody for him.
import type { QueryRoad } from '../query/contract.ts'
import { ask, type Caller, type Row } from './ask.ts'
import type { Link, Links } from './component.ts'
import { type IdKind, idKinds, type PersonId } from './ids.ts'
import { idValues } from './person-sql.ts'
import { type PersonTable, relationOf } from './sources.ts'

/** Different facts of one round. */
const linksMax = 1000

interface LinkTable {
  readonly relation: string
  readonly idColumns: PersonTable['idColumns']
  /** May be a user's id or an anonymous one: nobody says. */
  readonly previous: string | undefined
}

function linkTables(tables: readonly PersonTable[]): LinkTable[] {
  return tables.flatMap((table) => {
    const { kind, idColumns, columns } = table
    const previous = kind === 'alias' && columns.has('previous_id') ? 'previous_id' : undefined
    // Events name two ids as well, but only after an identify has, and there are a hundred times more.
    const isLinking = kind === 'identify' || previous !== undefined || idColumns.device !== undefined
    if (!isLinking || Object.keys(idColumns).length + (previous === undefined ? 0 : 1) < 2) return []
    return [{ relation: relationOf(table), idColumns, previous }]
  })
}

export async function linksOf(
  road: QueryRoad,
  caller: Caller,
  tables: readonly PersonTable[],
  ids: readonly PersonId[],
): Promise<Links> {
  const values = idValues(ids)
  const isOneOf = (column: string, kind: IdKind): string =>
    typeof values[kind] === 'string' ? `${column} = @${kind}` : `${column} IN UNNEST(@${kind})`
  const selects = linkTables(tables).flatMap(({ relation, idColumns, previous }) => {
    const shown = [...idKinds.map((kind) => [kind, idColumns[kind]]), ['previous', previous]]
    const list = shown.map(([name, column]) => `${column ?? 'CAST(NULL AS STRING)'} AS ${name ?? ''}_id`).join(', ')
    const searched = [
      ...idKinds.map((kind) => [kind, idColumns[kind]] as const),
      ['user', previous] as const,
      ['anonymous', previous] as const,
    ]
    return searched.flatMap(([kind, column]) => {
      if (column === undefined || values[kind] === undefined) return []
      return [`SELECT ${list} FROM ${relation} WHERE ${isOneOf(column, kind)}`]
    })
  })
  if (selects.length === 0) return { links: [], isCut: false }
  const sql = `SELECT DISTINCT user_id, anonymous_id, device_id, previous_id FROM (${selects.join(' UNION ALL ')})
    LIMIT ${linksMax + 1}`
  const rows = await ask(road, caller, sql, values)
  return { links: rows.slice(0, linksMax).map(linkOf).filter(isLink), isCut: rows.length > linksMax }
}

export function linkOf(row: Row): Link {
  const ids: PersonId[] = []
  for (const kind of idKinds) {
    const id = row[`${kind}_id`]
    if (typeof id === 'string' && id !== '') ids.push({ kind, id })
  }
  const previous = row['previous_id']
  if (typeof previous === 'string' && previous !== '') {
    ids.push({ kind: 'user', id: previous }, { kind: 'anonymous', id: previous })
  }
  return ids
}

function isLink(link: Link): boolean {
  return link.length > 1
}
