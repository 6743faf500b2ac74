// A statement in the making, in one of two dialects: values are bound, names come from the caller's catalogue, and who a row belongs
// to is said in one place.
//
// A person is the user id of a row. Where a row names none, it is the user of whom the identifies say that the anonymous id is theirs,
// if they all name the same one: two people at one computer stay apart. Else it is the anonymous id itself.
import { assert } from '../../core/errors.ts'
import type { Dialect } from '../../query/contract.ts'
import { typeName } from '../../sql/type-names.ts'
import { literal, parameterOf, quoted, type Values } from '../ask.ts'
import { comparableKind, type EventTable, type EventTables, tableOf } from './event-tables.ts'
import type { Among, Breakdown, EventPick, Filter, InCohort, ShownSql } from './spec.ts'

export interface Bounds {
  readonly fromMicros: number
  /** Exclusive. */
  readonly toMicros: number
}

/** `WITH name AS (sql)`. */
export type NamedSql = readonly [name: string, sql: string]

/** A cohort as SQL: rows with the column `person`, never NULL. */
export type WriteCohort = (draft: Draft) => string

/** What all questions know. */
export interface Asking {
  readonly tables: EventTables
  readonly among: Among | undefined
  readonly inCohorts: readonly InCohort[]
  /** By what the question calls them. */
  readonly cohorts: ReadonlyMap<string, WriteCohort>
  readonly range: Bounds
  /** The statement that this one is a part of: they share the dialect and the bound values. */
  readonly outer?: Draft | undefined
}

/** People by their ids. `limit` undefined: all of them, in no order. */
export interface PeoplePage {
  /** The last id of the page before. */
  readonly after: string | undefined
  readonly limit: number | undefined
}

export interface Statement {
  readonly sql: string
  readonly dialect: Dialect
  readonly values: Values
}

export class Draft {
  readonly dialect: Dialect
  readonly #asking: Asking
  readonly #values: Record<string, Values[string]>
  readonly #identifies = new Map<string, EventTable>()
  readonly #cohorts = new Map<string, NamedSql>()

  constructor(dialect: Dialect, asking: Asking) {
    this.dialect = asking.outer?.dialect ?? dialect
    this.#asking = asking
    this.#values = asking.outer === undefined ? {} : asking.outer.#values
  }

  /** The name of a bound value in SQL; equal values are bound once. */
  bind(value: Values[string]): string {
    const text = JSON.stringify(value)
    const known = Object.entries(this.#values).find(([, one]) => JSON.stringify(one) === text)?.[0]
    const name = known ?? `v${Object.keys(this.#values).length + 1}`
    this.#values[name] = value
    return `${this.dialect === 'duckdb' ? '$' : '@'}${name}`
  }

  /** A name of the catalogue. */
  name(text: string): string {
    return this.dialect === 'duckdb' ? `"${text.replaceAll('"', '""')}"` : quoted(text)
  }

  micros(expression: string): string {
    return this.dialect === 'duckdb' ? `epoch_us(${expression})` : `UNIX_MICROS(${expression})`
  }

  /** The middle one of those that are there, so that both dialects say the same. */
  median(expression: string): string {
    return this.dialect === 'duckdb'
      ? `quantile_disc(${expression}, 0.5)`
      : `APPROX_QUANTILES(${expression}, 2)[OFFSET(1)]`
  }

  table(pick: Pick<EventPick, 'source' | 'table'>): EventTable {
    return tableOf(this.#asking.tables, pick)
  }

  /** The value of a property as a text, '' if it has none; or whether its person is in a cohort. `e`: the row. */
  groupText(table: EventTable, breakdown: Breakdown): string {
    if ('cohort' in breakdown) {
      return `CASE WHEN ${this.#person(table)} IN (SELECT person FROM ${this.#cohort(breakdown.cohort)}) THEN 'in' ELSE 'out' END`
    }
    const { property } = breakdown
    comparableKind(table, property)
    const type = this.dialect === 'duckdb' ? 'VARCHAR' : 'STRING'
    return `COALESCE(CAST(e.${this.name(property)} AS ${type}), '')`
  }

  /** `SELECT person, …columns FROM` the event's rows within the bounds; columns name the row `e`. */
  events(pick: EventPick, bounds: Bounds, columns: readonly string[], isAmong = true): string {
    const table = this.table(pick)
    const person = this.#person(table)
    const isJoined = person.includes('linked.')
    const conditions = [
      `e.${this.name('timestamp')} >= ${this.bind({ micros: bounds.fromMicros })}`,
      `e.${this.name('timestamp')} < ${this.bind({ micros: bounds.toMicros })}`,
      `${person} IS NOT NULL`,
      ...(pick.name === undefined ? [] : [this.#named(table, pick.name)]),
      ...pick.filters.map((filter) => this.#condition(table, filter)),
      ...(isAmong ? this.#chosenPeople(person) : []),
    ]
    const bare = table.idColumns.includes('user_id')
      ? 'CASE WHEN e.user_id IS NULL THEN e.anonymous_id END'
      : 'e.anonymous_id'
    return [
      `SELECT ${[`${person} AS person`, ...columns].join(', ')}`,
      `  FROM ${this.name(table.source)}.${this.name(table.table)} AS e`,
      ...(isJoined ? [`  LEFT JOIN linked ON linked.anonymous_id = ${bare}`] : []),
      `  WHERE ${conditions.join('\n    AND ')}`,
    ].join('\n')
  }

  /** With whatever the events named, in front. */
  statement(parts: readonly NamedSql[], select: string): Statement {
    const { among, range } = this.#asking
    // Asked first: what it reads may need the links, too.
    const chosen: readonly NamedSql[] =
      among === undefined
        ? []
        : [
            [
              'among',
              `SELECT person FROM (\n  ${this.events(among.did, range, [], false)}\n) GROUP BY person HAVING COUNT(*) >= ${this.bind(among.times)}`,
            ],
          ]
    const all = [...this.#linked(), ...this.#cohorts.values(), ...chosen, ...parts]
    const head = all.map(([name, sql]) => `${name} AS (\n  ${sql}\n)`).join(',\n')
    return { sql: `${head === '' ? '' : `WITH ${head}\n`}${select}`, dialect: this.dialect, values: this.#values }
  }

  /** People whom ids name, user ids or anonymous ones. `rows`: SQL with the column `id`. */
  owners(rows: string): string {
    for (const { source } of this.#asking.tables.values()) this.#linkBy(source)
    if (this.#identifies.size === 0)
      return `SELECT DISTINCT id AS person FROM (\n  ${rows}\n) AS given WHERE id IS NOT NULL`
    return `SELECT DISTINCT COALESCE(linked.owner, given.id) AS person FROM (
  ${rows}
) AS given LEFT JOIN linked ON linked.anonymous_id = given.id WHERE given.id IS NOT NULL`
  }

  #chosenPeople(person: string): string[] {
    const { among, inCohorts } = this.#asking
    return [
      ...(among === undefined ? [] : [`${person} IN (SELECT person FROM among)`]),
      ...inCohorts.map(
        ({ cohort, is }) => `${person} ${is === 'in' ? 'IN' : 'NOT IN'} (SELECT person FROM ${this.#cohort(cohort)})`,
      ),
    ]
  }

  /** The name of its people, who are written once. */
  #cohort(id: string): string {
    const known = this.#cohorts.get(id)
    if (known !== undefined) return known[0]
    const write = this.#asking.cohorts.get(id)
    assert(write !== undefined, `the cohort ${id} was not looked up`)
    const name = `cohort${this.#cohorts.size + 1}`
    this.#cohorts.set(id, [name, write(this)])
    return name
  }

  /** Anonymous ids are random: one list serves all sources. */
  #linked(): NamedSql[] {
    if (this.#identifies.size === 0) return []
    const rows = [...this.#identifies.values()].map(
      ({ source, table }) =>
        `SELECT anonymous_id, user_id FROM ${this.name(source)}.${this.name(table)} WHERE anonymous_id IS NOT NULL AND user_id IS NOT NULL`,
    )
    const sql = `SELECT anonymous_id, MIN(user_id) AS owner FROM (\n    ${rows.join('\n    UNION ALL ')}\n  )
  GROUP BY anonymous_id HAVING MIN(user_id) = MAX(user_id)`
    return [['linked', sql]]
  }

  #person({ source, idColumns }: EventTable): string {
    const ids = idColumns.map((column) => `e.${column}`)
    if (idColumns.includes('anonymous_id') && this.#linkBy(source)) ids.splice(ids.length - 1, 0, 'linked.owner')
    return ids.length === 1 ? (ids[0] ?? '') : `COALESCE(${ids.join(', ')})`
  }

  /** Whether its identifies can say whose an anonymous id is. */
  #linkBy(source: string): boolean {
    const identifies = this.#asking.tables.get(`${source}.identifies`)
    if (identifies?.idColumns.length !== 2) return false
    this.#identifies.set(source, identifies)
    return true
  }

  #named(table: EventTable, name: string): string {
    comparableKind(table, 'event_text')
    return `e.event_text = ${this.bind(name)}`
  }

  #condition(table: EventTable, { property, is, values }: Filter): string {
    const kind = comparableKind(table, property)
    const column = `e.${this.name(property)}`
    if (is === 'set' || is === 'unset') return `${column} IS ${is === 'set' ? 'NOT ' : ''}NULL`
    const bound = values.map((text) => this.bind(kind === 'STRING' ? text : { type: { kind }, text }))
    const anyOf = (each: (value: string) => string): string => `(${bound.map(each).join(' OR ')})`
    if (is === 'equals') return anyOf((value) => `${column} = ${value}`)
    if (is === 'not') return `(${column} IS NULL OR NOT ${anyOf((value) => `${column} = ${value}`)})`
    if (is === 'more') return anyOf((value) => `${column} > ${value}`)
    if (is === 'less') return anyOf((value) => `${column} < ${value}`)
    const type = this.dialect === 'duckdb' ? 'VARCHAR' : 'STRING'
    const text = kind === 'STRING' ? column : `CAST(${column} AS ${type})`
    return `(${values.map((one) => `STRPOS(LOWER(${text}), LOWER(${this.bind(one)})) > 0`).join(' OR ')})`
  }
}

/** So many groups have a name. */
export function topOf(breakdown: Breakdown): number {
  return 'cohort' in breakdown ? 2 : breakdown.top
}

/** Of one page, in order. */
export function pageSql({ limit }: PeoplePage): string {
  return limit === undefined ? '' : `\nORDER BY person LIMIT ${limit}`
}

/** More ids than this stay out of what is shown: it becomes the address of a page. */
const shownIdsMax = 200

/** As somebody can ask it again; but for lists of ids that are long, or not the reader's to see. */
export function shownSql({ sql, dialect, values }: Statement, hidesIds = false): ShownSql {
  const parameters = Object.entries(values).map(([name, value]) => {
    const { type, value: bound } = parameterOf([name, value])
    if (!Array.isArray(bound)) return { name, type: typeName(type), value: String(bound) }
    return { name, type: typeName(type), value: hidesIds || bound.length > shownIdsMax ? '[]' : JSON.stringify(bound) }
  })
  return { sql, dialect, parameters }
}

/** A time zone's name, which was looked at before, as a text in SQL. */
export function zoneText(zone: string): string {
  return literal(zone)
}
