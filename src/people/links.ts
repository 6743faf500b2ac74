// Which facts name two ids of one person: identifies (user, anonymous, device), aliases (previous id), and rows of fixed tables
// that name a device and a user. Asked in the caller's name: what he may not read links nobody for him.
import type { QueryRoad } from '../query/contract.ts'
import { ask, type Caller, type Row } from './ask.ts'
import type { Link, Links } from './component.ts'
import { idKinds, type PersonId } from './ids.ts'
import { idValues, isOneOf } from './person-sql.ts'
import { type PersonTable, relationOf } from './sources.ts'

/** Different facts of one round. */
const linksMax = 1000

interface LinkTable {
  readonly relation: string
  readonly idColumns: PersonTable['idColumns']
  /** May be a user's id or an anonymous one: nobody says. */
  readonly previous: string | undefined
}

function linkTable(table: PersonTable): LinkTable {
  const previous = table.kind === 'alias' && table.columns.has('previous_id') ? 'previous_id' : undefined
  return { relation: relationOf(table), idColumns: table.idColumns, previous }
}

/** Events name two ids as well, but only after an identify has, and there are a hundred times more. */
function isLinking({ kind, idColumns }: PersonTable): boolean {
  return kind === 'identify' || kind === 'alias' || idColumns.device !== undefined
}

/** Facts that name one of the ids. */
export async function linksOf(
  road: QueryRoad,
  caller: Caller,
  tables: readonly PersonTable[],
  ids: readonly PersonId[],
): Promise<Links> {
  const { links, isCut } = await namedWith(road, caller, tables.filter(isLinking), ids)
  return { links: links.filter((link) => link.length > 1), isCut }
}

/** What all rows say of one id, that of an event too: an id that no fact links was seen there, or nowhere. */
export async function rowsNaming(
  road: QueryRoad,
  caller: Caller,
  tables: readonly PersonTable[],
  id: PersonId,
): Promise<Links> {
  return namedWith(road, caller, tables, [id])
}

async function namedWith(
  road: QueryRoad,
  caller: Caller,
  tables: readonly PersonTable[],
  ids: readonly PersonId[],
): Promise<Links> {
  const values = idValues(ids)
  const selects = tables.map(linkTable).flatMap(({ relation, idColumns, previous }) => {
    const shown = [...idKinds.map((kind) => [kind, idColumns[kind]]), ['previous', previous]]
    const list = shown.map(([name, column]) => `${column ?? 'CAST(NULL AS STRING)'} AS ${name ?? ''}_id`).join(', ')
    const searched = [
      ...idKinds.map((kind) => [kind, idColumns[kind]] as const),
      ['user', previous] as const,
      ['anonymous', previous] as const,
    ]
    return searched.flatMap(([kind, column]) => {
      if (column === undefined || values[kind] === undefined) return []
      return [`SELECT ${list} FROM ${relation} WHERE ${isOneOf(column, kind, values)}`]
    })
  })
  if (selects.length === 0) return { links: [], isCut: false }
  const sql = `SELECT DISTINCT user_id, anonymous_id, device_id, previous_id FROM (${selects.join(' UNION ALL ')})
    LIMIT ${linksMax + 1}`
  const rows = await ask(road, caller, sql, values)
  return { links: rows.slice(0, linksMax).map(linkOf), isCut: rows.length > linksMax }
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
