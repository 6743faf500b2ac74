// Finds people by whatever somebody has at hand: e-mail, name, an id, the serial of a device. Whole values first, then their
// beginnings. Which of the columns fits is found again in the few rows that come back.
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

/** How a value is compared. Whole values and beginnings are found by the order of texts, which the engine skips by. */
type Mode = 'whole' | 'beginning' | 'any-case'

export async function searchPeople(
  road: QueryRoad,
  caller: Caller,
  tables: readonly SearchedTable[],
  { text, limit }: { readonly text: string; readonly limit: number },
): Promise<readonly Found[]> {
  const found = new Map<string, Found>()
  const short = tables.filter(({ isShort }) => isShort)
  // What reads every value, and the many rows of events, only if nobody is known by that.
  const rounds: readonly { of: readonly SearchedTable[]; mode: Mode; isLast: boolean }[] = [
    { of: short, mode: 'whole', isLast: false },
    { of: short, mode: 'beginning', isLast: false },
    { of: short.filter(({ traits }) => traits.length > 0), mode: 'any-case', isLast: true },
    { of: tables.filter(({ isShort }) => !isShort), mode: 'whole', isLast: true },
  ]
  const values = valuesOf(text)
  for (const { of, mode, isLast } of rounds) {
    if (found.size >= limit || (isLast && found.size > 0) || of.length === 0) continue
    const rows = await ask(road, caller, searchSql(of, mode, limit), values)
    for (const row of rows) {
      const one = foundOf(row, text, mode)
      const key = `${one.kind}:${one.id}`
      if (!found.has(key)) found.set(key, one)
    }
  }
  return [...found.values()].slice(0, limit)
}

/** Traits are searched as typed, in lower case, and with capitals as names have them. */
const spellings = ['text', 'lower', 'title'] as const
/** Behind everything that begins with the text. */
const lastLetter = '\u{10FFFF}'

function valuesOf(text: string): Readonly<Record<string, string>> {
  const lower = text.toLowerCase()
  const title = lower.replaceAll(/(?<=^|\s)\p{L}/gu, (letter) => letter.toUpperCase())
  const values = Object.entries({ text, lower, title })
  return Object.fromEntries(
    values.flatMap(([name, value]) => [
      [name, value],
      [`${name}_end`, `${value}${lastLetter}`],
    ]),
  )
}

function fitsSql(value: string, spelling: string, mode: Mode): string {
  if (mode === 'any-case') return `LOWER(${value}) = @lower`
  return mode === 'whole' ? `${value} = @${spelling}` : `${value} >= @${spelling} AND ${value} < @${spelling}_end`
}

/** One SELECT for each value of each column: together they would read every row. */
function searchSql(tables: readonly SearchedTable[], mode: Mode, limit: number): string {
  const selects = tables.flatMap(({ source, relation, id, kind, traits, traitsOf, time }) => {
    const conditions = traits.flatMap((trait) =>
      (mode === 'any-case' ? ['lower'] : spellings).map(
        (spelling) => `${traitsOf} AND ${fitsSql(quoted(trait), spelling, mode)}`,
      ),
    )
    if (mode !== 'any-case') conditions.push(fitsSql(quoted(id), 'text', mode))
    const labels = traits.length === 0 ? "'{}'" : `TO_JSON_STRING(STRUCT(${traits.map(quoted).join(', ')}))`
    return conditions.map(
      (condition) => `SELECT ${literal(source)} AS source, ${literal(kind)} AS kind, ${literal(id)} AS id_column,
        ${quoted(id)} AS id, ${labels} AS labels, ${time} AS time FROM ${relation} WHERE ${condition}`,
    )
  })
  return `SELECT source, kind, id_column, id, labels FROM (${selects.join(' UNION ALL ')}) WHERE id IS NOT NULL
    GROUP BY source, kind, id_column, id, labels ORDER BY MAX(time) DESC, id LIMIT ${limit}`
}

function foundOf(row: Readonly<Record<string, unknown>>, text: string, mode: Mode): Found {
  const said = Object.entries(parseJson(String(row['labels'])) as Record<string, unknown>)
  const labels = said.filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const searched = text.toLowerCase()
  const fits = ([, value]: [string, string]): boolean =>
    mode === 'beginning' ? value.toLowerCase().startsWith(searched) : value.toLowerCase() === searched
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
