// Finds people by whatever somebody has at hand: e-mail, name, an id, the serial of a device. Whole values first, then their
// beginnings; each table is read once, and which column fits is found in the few rows that come back.
import { parseJson } from '../core/exact-json.ts'
import type { QueryRoad, VisibleTable } from '../query/contract.ts'
import { ask, type Caller, literal, quoted } from './ask.ts'
import { type IdKind, idKinds, type PersonId } from './ids.ts'
import { type PersonTable, relationOf } from './sources.ts'

export interface Found extends PersonId {
  readonly source: string
  /** The column and the value that fit. */
  readonly field: string
  readonly value: string
  /** E-mail, name and the like, as far as they are known. */
  readonly labels: Readonly<Record<string, string>>
}

/** Traits by which people are looked for; of each table those that it has. */
const searchedTraits =
  'email name first_name last_name username phone serial serial_number device_serial device_id'.split(' ')

interface SearchedTable {
  readonly source: string
  readonly relation: string
  readonly id: string
  readonly kind: IdKind
  readonly traits: readonly string[]
  /** Rows whose traits are searched. */
  readonly traitsOf: string
  /** Newest first, where a row has such a time. */
  readonly time: string
  /** Beginnings are searched as well. */
  readonly isShort: boolean
}

export function searchedTables(users: readonly VisibleTable[], tables: readonly PersonTable[]): SearchedTable[] {
  const known = users.map(({ dataset, table, columns }): SearchedTable => {
    const texts = columns.filter(({ sqlType }) => sqlType.kind === 'STRING').map(({ name }) => name)
    const traits = searchedTraits.filter((name) => texts.includes(name))
    const base = { source: dataset, relation: relationOf({ dataset, table }), time: 'received_at', isShort: true }
    return { ...base, id: 'id', kind: 'user', traits, traitsOf: 'TRUE' }
  })
  const withUsers = new Set(users.map(({ dataset }) => dataset))
  const others = tables.flatMap((table) => {
    const { source, kind, idColumns, texts } = table
    const isShort = kind === 'identify'
    const base = { source, relation: relationOf(table), time: 'timestamp', isShort }
    return idKinds.flatMap((one): SearchedTable[] => {
      const id = idColumns[one]
      if (id === undefined || (isShort && one === 'user' && withUsers.has(table.dataset))) return []
      // Who said an e-mail before they were known: those who are known are in `users`.
      const isLead = isShort && one === 'anonymous'
      const traits = isLead ? searchedTraits.filter((trait) => texts.has(trait)) : []
      return [{ ...base, id, kind: one, traits, traitsOf: 'user_id IS NULL' }]
    })
  })
  return [...known, ...others]
}

export async function searchPeople(
  road: QueryRoad,
  caller: Caller,
  tables: readonly SearchedTable[],
  { text, limit }: { readonly text: string; readonly limit: number },
): Promise<readonly Found[]> {
  const found = new Map<string, Found>()
  // The many rows of events last, and only if nobody is known by that.
  const rounds = [
    { of: tables.filter(({ isShort }) => isShort), mode: 'whole' },
    { of: tables.filter(({ isShort }) => isShort), mode: 'beginning' },
    { of: tables.filter(({ isShort }) => !isShort), mode: 'whole' },
  ] as const
  for (const [index, { of, mode }] of rounds.entries()) {
    if (found.size >= limit || (index === 2 && found.size > 0) || of.length === 0) continue
    const rows = await ask(road, caller, searchSql(of, mode, limit), { text })
    for (const row of rows) {
      const one = foundOf(row, text, mode)
      const key = `${one.kind}:${one.id}`
      if (!found.has(key)) found.set(key, one)
    }
  }
  return [...found.values()].slice(0, limit)
}

function searchSql(tables: readonly SearchedTable[], mode: 'whole' | 'beginning', limit: number): string {
  const selects = tables.map(({ source, relation, id, kind, traits, traitsOf, time }) => {
    const isFit = (value: string, searched: string): string =>
      mode === 'whole' ? `${value} = ${searched}` : `STARTS_WITH(${value}, ${searched})`
    const conditions = [
      isFit(quoted(id), '@text'),
      ...traits.map((trait) => `${traitsOf} AND ${isFit(`LOWER(${quoted(trait)})`, 'LOWER(@text)')}`),
    ]
    const labels = traits.length === 0 ? "'{}'" : `TO_JSON_STRING(STRUCT(${traits.map(quoted).join(', ')}))`
    return `SELECT ${literal(source)} AS source, ${literal(kind)} AS kind, ${literal(id)} AS id_column, ${quoted(id)} AS id,
      ${labels} AS labels, MAX(${time}) AS newest FROM ${relation} WHERE ${quoted(id)} IS NOT NULL AND (${conditions.join(' OR ')})
      GROUP BY 4, 5`
  })
  return `SELECT source, kind, id_column, id, labels FROM (${selects.join(' UNION ALL ')}) ORDER BY newest DESC, id LIMIT ${limit}`
}

function foundOf(row: Readonly<Record<string, unknown>>, text: string, mode: 'whole' | 'beginning'): Found {
  const said = Object.entries(parseJson(String(row['labels'])) as Record<string, unknown>)
  const labels = said.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const searched = text.toLowerCase()
  const fits = ([, value]: [string, string]): boolean =>
    mode === 'whole' ? value.toLowerCase() === searched : value.toLowerCase().startsWith(searched)
  const id = String(row['id'])
  const [field, value] = labels.find(fits) ?? [String(row['id_column']), id]
  return {
    kind: row['kind'] as IdKind,
    id,
    source: String(row['source']),
    field,
    value,
    labels: Object.fromEntries(labels),
  }
}
