// A statement in the making, in one of two dialects: values are bound, names come from the caller's catalogue, and who a row belongs
// to is said in one place.
//
// A person is the user id of a row. Where a row names none, it is the user of whom the identifies say that the anonymous id is theirs,
// if they all name the same one: two people at one computer stay apart. Else it is the anonymous id itself.
import type { Dialect } from '../../query/contract.ts'
import { typeName } from '../../sql/type-names.ts'
import { literal, parameterOf, quoted, type Values } from '../ask.ts'
import { comparableKind, type EventTable, type EventTables, tableOf } from './event-tables.ts'
import type { Among, EventPick, Filter, ShownSql } from './spec.ts'

export interface Bounds {
  readonly fromMicros: number
  /** Exclusive. */
  readonly toMicros: number
}

/** `WITH name AS (sql)`. */
export type NamedSql = readonly [name: string, sql: string]

/** What all questions know. */
export interface Asking {
  readonly tables: EventTables
  readonly among: Among | undefined
  readonly range: Bounds
}

export interface Statement {
  readonly sql: string
  readonly dialect: Dialect
  readonly values: Values
}

export class Draft {
  readonly dialect: Dialect
  readonly #asking: Asking
  readonly #values: Record<string, Values[string]> = {}
  readonly #identifies = new Map<string, EventTable>()

  constructor(dialect: Dialect, asking: Asking) {
    this.dialect = dialect
    this.#asking = asking
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

  /** The value of a property as a text; '' if it has none. `e`: the row. */
  groupText(table: EventTable, property: string): string {
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
      ...(isAmong && this.#asking.among !== undefined ? [`${person} IN (SELECT person FROM among)`] : []),
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
    const all = [...this.#linked(), ...chosen, ...parts]
    const head = all.map(([name, sql]) => `${name} AS (\n  ${sql}\n)`).join(',\n')
    return { sql: `${head === '' ? '' : `WITH ${head}\n`}${select}`, dialect: this.dialect, values: this.#values }
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
    const identifies = this.#asking.tables.get(`${source}.identifies`)
    if (idColumns.includes('anonymous_id') && identifies?.idColumns.length === 2) {
      this.#identifies.set(source, identifies)
      ids.splice(ids.length - 1, 0, 'linked.owner')
    }
    return ids.length === 1 ? (ids[0] ?? '') : `COALESCE(${ids.join(', ')})`
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

/** As somebody can ask it again. */
export function shownSql({ sql, dialect, values }: Statement): ShownSql {
  const parameters = Object.entries(values).map(([name, value]) => {
    const parameter = parameterOf([name, value])
    return { name, type: typeName(parameter.type), value: String(parameter.value) }
  })
  return { sql, dialect, parameters }
}

/** A time zone's name, which was looked at before, as a text in SQL. */
export function zoneText(zone: string): string {
  return literal(zone)
}
