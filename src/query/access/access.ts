// What one caller may see: tables by grants, columns through masks, rows through filters. Administrators see everything.
//
//   grants ─▶ canRead, canWrite          masks, filters ─▶ relationFor: a sub-query that has the table's columns, and shows
//                                                          of values and rows only what this caller may see
import { createHash } from 'node:crypto'

import {
  type ColumnMask,
  type MaskKind,
  type Policies,
  type Principal,
  roleGrantee,
  type RowFilter,
} from '../../control/principals.ts'
import { MillpondError } from '../../core/errors.ts'
import { duckType, identifier, text } from '../../sql/type-names.ts'
import { systemDataset } from '../../warehouse/schema.ts'
import { compileFilter, type FilterCompiler, type FilterInput } from './filter-sql.ts'
import { maskSql, nothingSql, strictest } from './masks.ts'
import type { PolicyColumn, PolicyTable } from './policy-table.ts'
import {
  anyTable,
  columnsLike,
  fold,
  isEventTable,
  isOtherEvents,
  isPlacedOn,
  isTracks,
  maskedAs,
  repeatsOthers,
} from './supersets.ts'

export interface Access {
  readonly principal: Principal
  /** The same for two callers who see the same: part of a cache's key. */
  readonly policySetId: string
  /** A filter met so far shows other rows at other times: what is made with it is in no key of a cache. */
  readonly isVolatile: boolean
  canRead(dataset: string, table: string): boolean
  /** Without a table: may make and drop tables. */
  canWrite(dataset: string, table: string | undefined): boolean
  /**
   * DuckDB sub-query in brackets with the table's columns; undefined: the table as it is. `siblings`: all tables of the dataset,
   * because policies on one hold in the tables that repeat it. `base`: DuckDB relation to read from instead of the table's own,
   * of a view that people made.
   */
  relationFor(table: PolicyTable, siblings: Iterable<PolicyTable>, base?: string): string | undefined
  /** A row filter may hide rows of it: how many there are is nothing that the caller may know. */
  hidesRows(table: PolicyTable, siblings: Iterable<PolicyTable>): boolean
}

/** Every dataset but the platform's own. */
const anyDataset = '*'
const everybody = '*'

export function createAccess(
  policies: Policies,
  principal: Principal,
  compile: FilterCompiler = compileFilter,
): Access {
  if (principal.role === 'admin') {
    return {
      principal,
      policySetId: 'admin',
      isVolatile: false,
      canRead: () => true,
      canWrite: () => true,
      relationFor: () => undefined,
      hidesRows: () => false,
    }
  }
  return new MemberAccess(policies, principal, compile)
}

class MemberAccess implements Access {
  readonly principal: Principal
  readonly policySetId: string
  isVolatile = false
  readonly #grants: Policies['grants']
  readonly #masks: readonly ColumnMask[]
  readonly #filters: readonly RowFilter[]
  readonly #compile: FilterCompiler

  constructor({ grants, masks, filters }: Policies, principal: Principal, compile: FilterCompiler) {
    const { handle, attributes, role } = principal
    const names = new Set([handle, roleGrantee(role), everybody])
    this.principal = principal
    this.#compile = compile
    this.#grants = grants.filter(({ grantee }) => names.has(grantee))
    this.#masks = masks.filter(({ exempt }) => !exempt.some((one) => names.has(one)))
    this.#filters = filters.filter(({ exempt }) => !exempt.some((one) => names.has(one)))
    const rights = this.#grants
      .map(({ dataset, table, privilege }) => JSON.stringify([dataset, table, privilege]))
      .sort((one, other) => (one < other ? -1 : 1))
    const masked = this.#masks.map(({ dataset, table, column, kind }) => [dataset, table, column, kind])
    const filtered = this.#filters.map(({ dataset, table, predicate }) => [dataset, table, predicate])
    // A filter may say something else to everybody.
    const self = filtered.length > 0 ? [handle, attributes] : []
    this.policySetId = createHash('sha256')
      .update(JSON.stringify([rights, masked, filtered, self]))
      .digest('hex')
  }

  canRead(dataset: string, table: string): boolean {
    return this.#grants.some(
      (grant) => isGranted(grant, dataset) && (grant.table === anyTable || grant.table === table),
    )
  }

  canWrite(dataset: string, table: string | undefined): boolean {
    return this.#grants.some(
      (grant) =>
        grant.privilege === 'write' &&
        isGranted(grant, dataset) &&
        (grant.table === anyTable || (table !== undefined && grant.table === table)),
    )
  }

  relationFor(table: PolicyTable, siblings: Iterable<PolicyTable>, base?: string): string | undefined {
    const all = [...siblings]
    return isTracks(table) ? this.#tracks(table, all) : this.#table(table, all, base)
  }

  hidesRows(table: PolicyTable, siblings: Iterable<PolicyTable>): boolean {
    const all = [...siblings]
    const isHiding = (one: PolicyTable): boolean =>
      this.#filters.some((filter) => reachOf(filter, one, all) !== undefined)
    return isHiding(table) || (isTracks(table) && all.some((one) => isEventTable(one) && isHiding(one)))
  }

  /** The union made anew, of its members as the caller sees them. */
  #tracks(view: PolicyTable, siblings: readonly PolicyTable[]): string | undefined {
    const members = siblings.filter(isEventTable)
    const relations = members.map((member) => this.#table(member, siblings))
    if (relations.every((relation) => relation === undefined)) {
      // Policies on the view itself reach its rows through its members: without any, there is nothing to be seen.
      return members.length === 0 && this.#touches(view) ? emptySql(view.columns) : undefined
    }
    const selects = members.map((member, index) => {
      const has = new Set(member.columns.map(({ name }) => fold(name)))
      const list = view.columns.map(({ name, sqlType }) => {
        const value = has.has(fold(name)) ? `CAST(${identifier(name)} AS ${duckType(sqlType)})` : nothingSql(sqlType)
        return `${value} AS ${identifier(name)}`
      })
      return `SELECT ${list.join(', ')} FROM ${relations[index] ?? quoted(member)}`
    })
    return `(${selects.join(' UNION ALL ')})`
  }

  #touches(table: PolicyTable): boolean {
    return [...this.#masks, ...this.#filters].some((one) => isPlacedOn(one, table))
  }

  #table(table: PolicyTable, siblings: readonly PolicyTable[], base = quoted(table)): string | undefined {
    const shown = this.#shown(table, siblings)
    const { relation, verdicts } = this.#filtered(table, siblings, base)
    if (shown.size === 0 && verdicts.length === 0) return undefined
    const isSeen = verdicts.map(identifier).join(' AND ')
    const list = table.columns.map(({ name, sqlType }) => {
      const value = shown.get(name) ?? identifier(name)
      // The engine may look at a row before it has dropped it: a function of the person's that fails would tell its value.
      return `${verdicts.length === 0 ? value : caseSql(isSeen, value, sqlType)} AS ${identifier(name)}`
    })
    const where = verdicts.length === 0 ? '' : ` WHERE ${isSeen}`
    return `(SELECT ${list.join(', ')} FROM ${relation} AS mp_all${where})`
  }

  /** Columns that show something else than their values: name -> expression. */
  #shown(table: PolicyTable, siblings: readonly PolicyTable[]): ReadonlyMap<string, string> {
    const inDataset = this.#masks.filter(({ dataset }) => fold(dataset) === fold(table.dataset))
    const names = maskedAs(table)
    const masks = inDataset.filter((mask) => names.has(fold(mask.table)))
    const kinds = new Map<string, MaskKind[]>()
    for (const { column, kind } of masks) {
      for (const name of columnsLike(column, table)) kinds.set(name, [...(kinds.get(name) ?? []), kind])
    }
    // Events without a table of their own yet have everything in JSON, also what another table masks.
    const others = isOtherEvents(table)
      ? new Set(siblings.filter(isEventTable).map((one) => fold(one.table)))
      : undefined
    const hidesJson =
      masks.length > 0 || (others !== undefined && inDataset.some((mask) => others.has(fold(mask.table))))
    const shown = new Map<string, string>()
    for (const { name, sqlType } of table.columns) {
      const kind = strictest(kinds.get(fold(name)) ?? [])
      if (hidesJson && repeatsOthers(name, table)) shown.set(name, nothingSql(sqlType))
      else if (kind !== undefined) shown.set(name, maskSql(kind, name, sqlType))
    }
    return shown
  }

  /** The table with a column for every filter. */
  #filtered(
    table: PolicyTable,
    siblings: readonly PolicyTable[],
    base: string,
  ): { relation: string; verdicts: readonly string[] } {
    let relation = base
    const verdicts: string[] = []
    const next = (): string => {
      verdicts.push(`mp_seen_${verdicts.length + 1}`)
      return verdicts.at(-1) ?? ''
    }
    for (const filter of this.#filters) {
      const reach = reachOf(filter, table, siblings)
      if (reach === undefined) continue
      if (reach === 'table') relation = this.#verdict(filter, table, table.columns, relation, next())
      else if (reach === 'events') relation = withoutEvents(filter.table, relation, next())
      else {
        const { view } = reach
        const missing = view.columns.filter(({ name }) => !table.columns.some((one) => fold(one.name) === fold(name)))
        const whole = missing.map(({ name, sqlType }) => `, ${nothingSql(sqlType)} AS ${identifier(name)}`).join('')
        const widened = whole === '' ? relation : `(SELECT *${whole} FROM ${relation} AS mp_narrow)`
        relation = this.#verdict(filter, table, [...table.columns, ...missing], widened, next())
      }
    }
    return { relation, verdicts }
  }

  #verdict(
    filter: RowFilter,
    table: PolicyTable,
    columns: readonly PolicyColumn[],
    relation: string,
    verdict: string,
  ): string {
    const { predicate } = filter
    const { dataset, table: name } = table
    const input: FilterInput = { predicate, dataset, table: name, columns, relation, verdict }
    try {
      const { sql, isVolatile } = this.#compile(input, this.principal)
      if (isVolatile) this.isVolatile = true
      return `(${sql})`
    } catch (error) {
      if (!(error instanceof MillpondError) || error.kind === 'bug') throw error
      // Its columns have gone, or changed: nobody sees a row before an administrator has looked at it.
      const message = `The row filter of ${filter.dataset}.${filter.table} can't be applied any more: ask an administrator`
      return `(SELECT *, (error(${text(message)}) IS NOT NULL) AS ${identifier(verdict)} FROM ${relation} AS mp_broken)`
    }
  }
}

/** How a filter holds in a table: as its own, as that of the view over all events, or as that of events which have no table yet. */
function reachOf(
  filter: RowFilter,
  table: PolicyTable,
  siblings: readonly PolicyTable[],
): 'table' | 'events' | { readonly view: PolicyTable } | undefined {
  if (fold(filter.dataset) !== fold(table.dataset)) return undefined
  const filtered = fold(filter.table)
  if (filtered === fold(table.table)) return 'table'
  const view = isEventTable(table) ? siblings.find((one) => isTracks(one) && filtered === fold(one.table)) : undefined
  if (view !== undefined) return { view }
  const isOfEvents = isOtherEvents(table) && siblings.some((one) => isEventTable(one) && fold(one.table) === filtered)
  return isOfEvents ? 'events' : undefined
}

function isGranted(grant: Policies['grants'][number], dataset: string): boolean {
  return grant.dataset === dataset || (grant.dataset === anyDataset && dataset !== systemDataset)
}

function quoted({ origin, dataset, table }: PolicyTable): string {
  return [origin, dataset, table].map(identifier).join('.')
}

function caseSql(condition: string, value: string, type: PolicyColumn['sqlType']): string {
  return `CASE WHEN ${condition} THEN ${value} ELSE ${nothingSql(type)} END`
}

function emptySql(columns: readonly PolicyColumn[]): string {
  return `(SELECT ${columns.map(({ name, sqlType }) => `${nothingSql(sqlType)} AS ${identifier(name)}`).join(', ')} WHERE 1 = 0)`
}

/** Rows that will belong to a table with a filter: there is no telling yet whether it would let them through. */
function withoutEvents(table: string, relation: string, verdict: string): string {
  const name = text(fold(table))
  const other = `coalesce(lower("event") <> ${name} AND concat('event_', lower("event")) <> ${name}, TRUE)`
  return `(SELECT *, ${other} AS ${identifier(verdict)} FROM ${relation} AS mp_others)`
}
