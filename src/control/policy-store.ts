// Grants, column masks and row filters: kept here, enforced by query/access on every port.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import {
  type ColumnMask,
  type Grant,
  type MaskKind,
  type Policies,
  roleGrantee,
  roles,
  type RowFilter,
} from './principals.ts'
import type { Audit } from './audit.ts'
import type { PrincipalStore } from './principal-store.ts'
import { transaction } from './transaction.ts'

/** `version` grows with every change of policies and principals, within one run of the engine. */
export interface PolicySnapshot extends Policies {
  readonly version: number
}

export interface PolicyStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly principals: Pick<PrincipalStore, 'get'>
  readonly audit: Audit
}

/** What the audit log says of a change. */
interface Act {
  readonly action: string
  readonly target: string
  readonly details?: Readonly<Record<string, unknown>>
}

/** As grantee, dataset or table: every one. */
export const everything = '*'
const rolePrefix = 'role:'
const grantable = new Set(roles.filter((role) => role !== 'admin').map(roleGrantee))
const nameLengthMax = 300
const predicateLengthMax = 10_000
const exemptMax = 1000

export class PolicyStore {
  readonly #deps: PolicyStoreDeps
  #version = 0
  #last: PolicySnapshot | undefined

  constructor(deps: PolicyStoreDeps) {
    this.#deps = deps
  }

  /** Cheap: the same object until something changes. */
  snapshot(): PolicySnapshot {
    if (this.#last !== undefined) return this.#last
    this.#version += 1
    this.#last = { version: this.#version, ...readPolicies(this.#deps.database) }
    return this.#last
  }

  /** Principals have changed. */
  changed(): void {
    this.#last = undefined
  }

  addGrant({ grantee, dataset, table, privilege }: Grant): void {
    if (grantee !== everything) this.#known(grantee)
    checkNames(dataset, table)
    if (dataset === everything && table !== everything) refuse('a table needs its dataset')
    this.#write(
      `INSERT INTO grants (grantee, dataset, table_name, privilege, created_at) VALUES (?, ?, ?, ?, $now)
       ON CONFLICT DO NOTHING`,
      [grantee, dataset, table, privilege],
      { action: 'grant.add', target: grantee, details: { dataset, table, privilege } },
    )
  }

  removeGrant({ grantee, dataset, table, privilege }: Grant): void {
    const sql = 'DELETE FROM grants WHERE grantee = ? AND dataset = ? AND table_name = ? AND privilege = ?'
    const act = { action: 'grant.remove', target: grantee, details: { dataset, table, privilege } }
    if (this.#write(sql, [grantee, dataset, table, privilege], act) > 0) return
    unknown(`grant of ${privilege} on ${dataset}.${table} to ${grantee}`)
  }

  putMask({ dataset, table, column, kind, exempt }: ColumnMask): void {
    checkNames(dataset, table, column)
    if (dataset === everything || column === everything) refuse('a mask names its dataset and its column')
    this.#write(
      `INSERT INTO masks (dataset, table_name, column_name, kind, exempt, created_at) VALUES (?, ?, ?, ?, ?, $now)
       ON CONFLICT DO UPDATE SET kind = excluded.kind, exempt = excluded.exempt`,
      [dataset, table, column, kind, this.#handles(exempt)],
      { action: 'mask.put', target: `${dataset}.${table}.${column}`, details: { kind, exempt } },
    )
  }

  removeMask({ dataset, table, column }: Pick<ColumnMask, 'dataset' | 'table' | 'column'>): void {
    const sql = 'DELETE FROM masks WHERE dataset = ? AND table_name = ? AND column_name = ?'
    const target = `${dataset}.${table}.${column}`
    if (this.#write(sql, [dataset, table, column], { action: 'mask.remove', target }) === 0)
      unknown(`mask on ${target}`)
  }

  putFilter({ dataset, table, predicate, exempt }: RowFilter): void {
    checkNames(dataset, table)
    if (dataset === everything || table === everything) refuse('a row filter names its dataset and its table')
    if (predicate.trim() === '' || predicate.length > predicateLengthMax) {
      refuse(`a row filter needs a condition of at most ${predicateLengthMax} letters`)
    }
    this.#write(
      `INSERT INTO filters (dataset, table_name, predicate, exempt, created_at) VALUES (?, ?, ?, ?, $now)
       ON CONFLICT DO UPDATE SET predicate = excluded.predicate, exempt = excluded.exempt`,
      [dataset, table, predicate, this.#handles(exempt)],
      { action: 'filter.put', target: `${dataset}.${table}`, details: { predicate, exempt } },
    )
  }

  removeFilter({ dataset, table }: Pick<RowFilter, 'dataset' | 'table'>): void {
    const sql = 'DELETE FROM filters WHERE dataset = ? AND table_name = ?'
    const target = `${dataset}.${table}`
    if (this.#write(sql, [dataset, table], { action: 'filter.remove', target }) === 0)
      unknown(`row filter on ${target}`)
  }

  /** `$now` in the SQL is the time. Rows changed. */
  #write(sql: string, values: readonly string[], { action, target, details }: Act): number {
    const { database, clock, audit } = this.#deps
    const statement = database.prepare(sql.replace('$now', String(clock.nowMicros())))
    const rows = transaction(database, 'COMMIT', () => {
      const changes = Number(statement.run(...values).changes)
      if (changes > 0) audit.add(action, target, details)
      return changes
    })
    this.#last = undefined
    return rows
  }

  /** Errors: principal-unknown, grant-invalid. */
  #known(grantee: string): string {
    if (!grantee.startsWith(rolePrefix)) return this.#deps.principals.get(grantee).handle
    if (grantable.has(grantee)) return grantee
    refuse(`a role is one of ${[...grantable].join(', ')}; administrators see everything without`)
  }

  #handles(exempt: readonly string[]): string {
    if (exempt.length > exemptMax) refuse(`at most ${exemptMax} can be exempt`)
    const handles = new Set(exempt.map((grantee) => this.#known(grantee)))
    return JSON.stringify([...handles].sort())
  }
}

function readPolicies(database: DatabaseSync): Policies {
  const rows = (sql: string): Record<string, string>[] => database.prepare(sql).all() as Record<string, string>[]
  const handles = (text: string | undefined): string[] => JSON.parse(text ?? '[]') as string[]
  const named = ({ dataset = '', table = '' }: Record<string, string>): { dataset: string; table: string } => ({
    dataset,
    table,
  })
  const grants = rows('SELECT grantee, dataset, table_name AS "table", privilege FROM grants ORDER BY 1, 2, 3, 4')
  const masks = rows(
    'SELECT dataset, table_name AS "table", column_name AS "column", kind, exempt FROM masks ORDER BY 1, 2, 3',
  )
  const filters = rows('SELECT dataset, table_name AS "table", predicate, exempt FROM filters ORDER BY 1, 2')
  return {
    grants: grants.map((row) => ({
      grantee: row['grantee'] ?? '',
      ...named(row),
      privilege: row['privilege'] as Grant['privilege'],
    })),
    masks: masks.map((row) => ({
      ...named(row),
      column: row['column'] ?? '',
      kind: row['kind'] as MaskKind,
      exempt: handles(row['exempt']),
    })),
    filters: filters.map((row) => ({
      ...named(row),
      predicate: row['predicate'] ?? '',
      exempt: handles(row['exempt']),
    })),
  }
}

function checkNames(...names: readonly string[]): void {
  for (const name of names)
    if (name === '' || name.length > nameLengthMax) refuse(`a name has 1 to ${nameLengthMax} letters`)
}

function refuse(what: string): never {
  throw new MillpondError('grant-invalid', `This can't be: ${what}`)
}

function unknown(what: string): never {
  throw new MillpondError('not-found', `There is no ${what}`)
}
