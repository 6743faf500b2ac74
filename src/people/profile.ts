// What the head of a person's page says: traits, devices, when first and last seen, rows by source.
import { parseJson } from '../core/exact-json.ts'
import type { QueryRoad, VisibleTable } from '../query/contract.ts'
import { ask, type Caller, isoOf, quoted } from './ask.ts'
import { idsOf, type PersonId } from './ids.ts'
import { idValues, timeSql, unionOf } from './person-sql.ts'
import { type PersonTable, relationOf } from './sources.ts'

export interface SourceCount {
  readonly source: string
  readonly rows: number
  readonly firstSeen: string
  readonly lastSeen: string
}

export interface Device {
  readonly id: string
  /** As the app last said: model, os_name, app_version, …; empty of devices that no app runs on. */
  readonly facts: Readonly<Record<string, unknown>>
}

type Traits = Readonly<Record<string, unknown>>

export async function countsOf(
  road: QueryRoad,
  caller: Caller,
  tables: readonly PersonTable[],
  person: readonly PersonId[],
): Promise<readonly SourceCount[]> {
  const values = idValues(person)
  const union = unionOf(tables, values, {}, timeSql)
  if (union === undefined) return []
  const sql = `SELECT source, COUNT(*) AS n, UNIX_MICROS(MIN(timestamp)) AS first_seen, UNIX_MICROS(MAX(timestamp)) AS last_seen
    FROM (${union}) GROUP BY source ORDER BY source`
  const rows = await ask(road, caller, sql, values)
  return rows.map((row) => ({
    source: String(row['source']),
    rows: Number(row['n']),
    firstSeen: isoOf(row['first_seen']),
    lastSeen: isoOf(row['last_seen']),
  }))
}

const ownColumns = new Set(['id', 'received_at', 'loaded_at', '_overflow'])

/** Of all sources; where two say something, what came last. Before somebody is known: what the last identify said. */
export async function traitsOf(
  road: QueryRoad,
  caller: Caller,
  { users, tables }: { readonly users: readonly VisibleTable[]; readonly tables: readonly PersonTable[] },
  person: readonly PersonId[],
): Promise<Traits> {
  const found = idsOf(person, 'user')
  const known = users.map(
    ({ dataset, table }) =>
      `SELECT received_at, TO_JSON_STRING(t) AS traits FROM ${quoted(dataset)}.${quoted(table)} AS t WHERE id IN UNNEST(@ids)`,
  )
  if (found.length > 0 && known.length > 0) {
    const sql = `SELECT traits FROM (${known.join(' UNION ALL ')}) ORDER BY received_at`
    const rows = await ask(road, caller, sql, { ids: found })
    if (rows.length > 0) return merged(rows.map(({ traits }) => traits))
  }
  const anonymous = idsOf(person, 'anonymous')
  const unknown = tables
    .filter(({ kind, columns }) => kind === 'identify' && columns.has('traits'))
    .map(
      (table) =>
        `SELECT timestamp, TO_JSON_STRING(traits) AS traits FROM ${relationOf(table)} WHERE anonymous_id IN UNNEST(@ids)`,
    )
  if (anonymous.length === 0 || unknown.length === 0) return {}
  const sql = `SELECT traits FROM (${unknown.join(' UNION ALL ')}) ORDER BY timestamp DESC LIMIT 1`
  return merged((await ask(road, caller, sql, { ids: anonymous })).map(({ traits }) => traits))
}

/** Later ones win; what is NULL says nothing. */
function merged(texts: readonly unknown[]): Traits {
  const traits = new Map<string, unknown>()
  for (const text of texts) {
    const said = typeof text === 'string' ? parseJson(text) : null
    if (typeof said !== 'object' || said === null) continue
    for (const [name, value] of Object.entries(said)) {
      if (value !== null && !ownColumns.has(name) && !name.startsWith('context_')) traits.set(name, value)
    }
  }
  return Object.fromEntries(traits)
}

const deviceFacts = [
  'device_manufacturer',
  'device_model',
  'device_type',
  'os_name',
  'os_version',
  'app_version',
] as const

export async function devicesOf(
  road: QueryRoad,
  caller: Caller,
  tables: readonly PersonTable[],
  person: readonly PersonId[],
): Promise<readonly Device[]> {
  const ids = idsOf(person, 'device')
  const selects = tables.flatMap((table) => {
    if (table.kind !== 'identify' || table.idColumns.device === undefined) return []
    const list = deviceFacts.map((name) => {
      const column = `context_${name}`
      return `${table.columns.has(column) ? `CAST(${column} AS STRING)` : 'CAST(NULL AS STRING)'} AS ${name}`
    })
    return [
      `SELECT ${table.idColumns.device} AS device, timestamp, ${list.join(', ')} FROM ${relationOf(table)}
       WHERE ${table.idColumns.device} IN UNNEST(@ids)`,
    ]
  })
  if (ids.length === 0) return []
  const sql = `SELECT * EXCEPT (timestamp) FROM (${selects.join(' UNION ALL ')}) WHERE TRUE
    QUALIFY ROW_NUMBER() OVER (PARTITION BY device ORDER BY timestamp DESC) = 1`
  const rows = selects.length === 0 ? [] : await ask(road, caller, sql, { ids })
  return ids.map((id) => {
    const { device: _, ...facts } = rows.find(({ device }) => device === id) ?? {}
    return { id, facts: Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== null)) }
  })
}
