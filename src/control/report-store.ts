// Reports and their mails in SQLite.
//
//   due ─▶ queued ──▶ sent
//            │  ▲ └──▶ left-out   nothing to say
//            │  └─ tried again
//            └──────▶ failed      given up
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import { isTaken } from './query-store.ts'
import type { MailState, Report, ReportDefinition, ReportMail } from './reports.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface ReportStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
}

type Row = Record<string, string | number | null>

const mailAgeMicros = 90 * 86_400_000_000

export class ReportStore {
  readonly #deps: ReportStoreDeps

  constructor(deps: ReportStoreDeps) {
    this.#deps = deps
  }

  list(): Report[] {
    return this.#all('SELECT * FROM reports ORDER BY name').map(reportOf)
  }

  /** By id or name. Error: not-found. */
  get(id: string): Report {
    const [row] = this.#all('SELECT * FROM reports WHERE id = ? OR name = ? ORDER BY id <> ?', id, id, id)
    if (row === undefined) throw new MillpondError('not-found', `There is no report "${id.slice(0, 200)}"`)
    return reportOf(row)
  }

  /** Error: report-exists. */
  add(name: string, definition: ReportDefinition, by: string, nextAtMicros: number): Report {
    const id = randomBase62(this.#deps.random, 12)
    const now = this.#now()
    return this.#named(name, () => {
      this.#run(
        'INSERT INTO reports (id, name, owner, definition, is_enabled, next_at, created_at, changed_at) VALUES (?, ?, ?, ?, 1, ?, ?, ?)',
        id,
        name,
        by,
        JSON.stringify(definition),
        nextAtMicros,
        now,
        now,
      )
      this.#deps.audit.add('report.add', id, { name, routes: definition.routes })
      return this.get(id)
    })
  }

  /** Errors: not-found, report-exists. */
  change(id: string, name: string, definition: ReportDefinition, nextAtMicros: number): Report {
    return this.#named(name, () => {
      const { id: own } = this.get(id)
      this.#run(
        'UPDATE reports SET name = ?, definition = ?, next_at = ?, changed_at = ? WHERE id = ?',
        name,
        JSON.stringify(definition),
        nextAtMicros,
        this.#now(),
        own,
      )
      this.#deps.audit.add('report.change', own, { name, routes: definition.routes })
      return this.get(own)
    })
  }

  /** Error: not-found. */
  setEnabled(id: string, isEnabled: boolean, nextAtMicros: number): Report {
    const { id: own, name } = this.get(id)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run('UPDATE reports SET is_enabled = ?, next_at = ? WHERE id = ?', isEnabled ? 1 : 0, nextAtMicros, own)
      if (!isEnabled)
        this.#run(
          `UPDATE report_mails SET state = 'left-out', note = 'The report was paused', ended_at = ? WHERE report = ? AND state = 'queued'`,
          this.#now(),
          own,
        )
      this.#deps.audit.add(isEnabled ? 'report.resume' : 'report.pause', own, { name })
    })
    return this.get(own)
  }

  /** With its mails. Error: not-found. */
  remove(id: string): void {
    const { id: own, name } = this.get(id)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run('DELETE FROM report_mails WHERE report = ?', own)
      this.#run('DELETE FROM reports WHERE id = ?', own)
      this.#deps.audit.add('report.remove', own, { name })
    })
  }

  /** A mail for every route, and the next time: one transaction. A time that is there stays as it is. */
  due({ id, definition: { routes } }: Report, dueAtMicros: number, nextAtMicros: number): void {
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#queue(id, routes, dueAtMicros)
      this.#run('UPDATE reports SET next_at = ? WHERE id = ?', nextAtMicros, id)
    })
  }

  /** Now, besides its times. */
  queue({ id, definition: { routes } }: Report): void {
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#queue(id, routes, this.#now())
    })
  }

  #queue(id: string, routes: readonly string[], dueAtMicros: number): void {
    for (const route of routes)
      this.#run(
        `INSERT INTO report_mails (report, due_at, route, state, attempts, next_try_at, note) VALUES (?, ?, ?, 'queued', 0, 0, '')
         ON CONFLICT DO NOTHING`,
        id,
        dueAtMicros,
        route,
      )
  }

  /** To be sent now, oldest first; those of one report and time lie together. */
  waiting(nowMicros: number, limit: number): ReportMail[] {
    const sql = `SELECT * FROM report_mails WHERE state = 'queued' AND next_try_at <= ? ORDER BY due_at, report, route LIMIT ?`
    return this.#all(sql, nowMicros, limit).map(mailOf)
  }

  ended({ report, dueAtMicros, route }: ReportMail, state: Exclude<MailState, 'queued'>, note: string): void {
    this.#run(
      'UPDATE report_mails SET state = ?, note = ?, attempts = attempts + 1, ended_at = ? WHERE report = ? AND due_at = ? AND route = ?',
      state,
      note,
      this.#now(),
      report,
      dueAtMicros,
      route,
    )
  }

  again({ report, dueAtMicros, route }: ReportMail, note: string, nextTryMicros: number): void {
    this.#run(
      'UPDATE report_mails SET note = ?, attempts = attempts + 1, next_try_at = ? WHERE report = ? AND due_at = ? AND route = ?',
      note,
      nextTryMicros,
      report,
      dueAtMicros,
      route,
    )
  }

  /** Newest first. */
  mails(report: string, limit: number): ReportMail[] {
    const sql = 'SELECT * FROM report_mails WHERE report = ? ORDER BY due_at DESC, route LIMIT ?'
    return this.#all(sql, report, limit).map(mailOf)
  }

  /** Once a night. */
  forgetMails(): void {
    this.#run(`DELETE FROM report_mails WHERE due_at < ? AND state <> 'queued'`, this.#now() - mailAgeMicros)
  }

  #named<Result>(name: string, work: () => Result): Result {
    try {
      return transaction(this.#deps.database, 'COMMIT', work)
    } catch (error) {
      if (!isTaken(error)) throw error
      throw new MillpondError('report-exists', `There is a report "${name}" already`, { cause: error })
    }
  }

  #now(): number {
    return this.#deps.clock.nowMicros()
  }

  #all(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#deps.database.prepare(sql).all(...values) as Row[]
  }

  #run(sql: string, ...values: readonly (string | number)[]): void {
    this.#deps.database.prepare(sql).run(...values)
  }
}

function reportOf(row: Row): Report {
  return {
    id: String(row['id']),
    name: String(row['name']),
    owner: String(row['owner']),
    definition: JSON.parse(String(row['definition'])) as ReportDefinition,
    isEnabled: row['is_enabled'] === 1,
    nextAtMicros: Number(row['next_at']),
    changedAtMicros: Number(row['changed_at']),
  }
}

function mailOf(row: Row): ReportMail {
  return {
    report: String(row['report']),
    dueAtMicros: Number(row['due_at']),
    route: String(row['route']),
    state: row['state'] as MailState,
    attempts: Number(row['attempts']),
    endedAtMicros: row['ended_at'] === null ? null : Number(row['ended_at']),
    note: String(row['note']),
  }
}
