// Schedules and runs in SQLite. A run's id says which one it is, so planning the same time twice adds nothing.
//
//   queued ──▶ running ──▶ done
//     │  ▲        ├──(later again)──▶ queued
//     │  └────────┤  the engine ended: jobs/ looks for the mark in the warehouse and says done or queued
//     ▼           ▼
//   skipped     failed
import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

import { assert, MillpondError } from '../core/errors.ts'
import type { QueryStoreDeps } from './query-store.ts'
import { isTaken } from './query-store.ts'
import type { NewRun, Run, RunFacts, RunKey, RunState, Schedule, ScheduleDefinition } from './schedules.ts'
import { transaction } from './transaction.ts'
import { randomBase62 } from './write-keys.ts'

type Row = Record<string, string | number | null>

/** Of schedule, cause, run time and parameter set; the same in every process. */
export function runId({ schedule, cause, runTimeMicros, set }: RunKey): string {
  const names = set === undefined ? undefined : Object.keys(set).sort()
  const parts = [schedule, cause, runTimeMicros, names?.map((name) => [name, set?.[name]]) ?? '*']
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22)
}

export class ScheduleStore {
  readonly #deps: QueryStoreDeps
  readonly #database: DatabaseSync

  constructor(deps: QueryStoreDeps) {
    this.#deps = deps
    this.#database = deps.database
  }

  list(): Schedule[] {
    return this.#all('SELECT * FROM schedules WHERE removed_at IS NULL ORDER BY name').map(scheduleOf)
  }

  /** By id or name. Error: not-found. */
  get(id: string): Schedule {
    // An id comes first: a name may be chosen to look like somebody else's.
    const sql = 'SELECT * FROM schedules WHERE removed_at IS NULL AND (id = ? OR name = ?) ORDER BY id <> ?'
    const [row] = this.#all(sql, id, id, id)
    if (row === undefined) throw new MillpondError('not-found', `There is no schedule "${id.slice(0, 200)}"`)
    return scheduleOf(row)
  }

  /** Its first run is the next that falls due. Error: schedule-exists. */
  add(definition: ScheduleDefinition, owner: string, reads: readonly string[]): Schedule {
    const id = randomBase62(this.#deps.random, 12)
    const now = this.#now()
    return this.#named(definition.name, () => {
      this.#run(
        `INSERT INTO schedules (id, name, owner, definition, reads, is_enabled, planned_until, created_at, changed_at)
         VALUES (?, ?, ?, ?, ?, 1, ?, ?, ?)`,
        id,
        definition.name,
        owner,
        JSON.stringify(definition),
        JSON.stringify(reads),
        now,
        now,
        now,
      )
      this.#deps.audit.add('schedule.add', definition.name, { id })
      return this.get(id)
    })
  }

  /** Times that were not planned yet follow the new definition. Errors: not-found, schedule-exists. */
  change(id: string, definition: ScheduleDefinition, reads: readonly string[]): Schedule {
    return this.#named(definition.name, () => {
      const { id: own } = this.get(id)
      this.#run(
        'UPDATE schedules SET name = ?, definition = ?, reads = ?, changed_at = ? WHERE id = ?',
        definition.name,
        JSON.stringify(definition),
        JSON.stringify(reads),
        this.#now(),
        own,
      )
      this.#deps.audit.add('schedule.change', definition.name, { id: own })
      return this.get(own)
    })
  }

  /** Times that passed in a pause are not made up for. */
  setEnabled(id: string, isEnabled: boolean): Schedule {
    const { id: own, isEnabled: was, name } = this.get(id)
    if (was !== isEnabled) {
      const now = this.#now()
      transaction(this.#database, 'COMMIT', () => {
        this.#run('UPDATE schedules SET is_enabled = ?, planned_until = ? WHERE id = ?', isEnabled ? 1 : 0, now, own)
        this.#deps.audit.add(isEnabled ? 'schedule.resume' : 'schedule.pause', name, { id: own })
      })
    }
    return this.get(own)
  }

  /** With what waits of it. */
  remove(id: string): void {
    const { id: own, name } = this.get(id)
    transaction(this.#database, 'COMMIT', () => {
      this.#deps.audit.add('schedule.remove', name, { id: own })
      this.#run('UPDATE schedules SET removed_at = ? WHERE id = ?', this.#now(), own)
      const facts = JSON.stringify({ error: { code: 'not-found', message: 'The schedule was removed' } })
      this.#run(
        `UPDATE runs SET state = 'skipped', ended_at = ?, facts = ? WHERE schedule = ? AND state = 'queued'`,
        this.#now(),
        facts,
        own,
      )
    })
  }

  setReads(id: string, reads: readonly string[]): void {
    this.#run('UPDATE schedules SET reads = ? WHERE id = ?', JSON.stringify(reads), id)
  }

  /** Runs that fell due, and how far the schedule's time has been looked at: one transaction. Runs that are there stay. */
  plan(schedule: string, untilMicros: number, runs: readonly NewRun[]): void {
    transaction(this.#database, 'COMMIT', () => {
      this.#insert(runs)
      this.#run('UPDATE schedules SET planned_until = ? WHERE id = ?', untilMicros, schedule)
    })
  }

  addRuns(runs: readonly NewRun[]): void {
    transaction(this.#database, 'COMMIT', () => {
      this.#insert(runs)
    })
  }

  /** The runs that an `expand` found, and its end: one transaction, so that another reading can't add others. */
  expand(id: string, runs: readonly NewRun[]): void {
    transaction(this.#database, 'COMMIT', () => {
      this.#insert(runs)
      this.#end(id, 'done', { rows: runs.length })
    })
  }

  #insert(runs: readonly NewRun[]): void {
    const now = this.#now()
    const statement = this.#database.prepare(
      `INSERT INTO runs (id, schedule, kind, cause, run_time, parameter_set, state, attempt, queued_at, waits_until, ended_at, facts)
       VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    for (const { id, schedule, cause, runTimeMicros, set, skipped } of runs) {
      const facts = skipped === undefined ? {} : { error: { code: 'schedule-missed', message: skipped } }
      statement.run(
        id,
        schedule,
        set === undefined ? 'expand' : 'write',
        cause,
        runTimeMicros,
        JSON.stringify(set ?? {}),
        skipped === undefined ? 'queued' : 'skipped',
        now,
        0,
        skipped === undefined ? null : now,
        JSON.stringify(facts),
      )
    }
  }

  /** Newest run time first. */
  runs(schedule: string, limit: number, beforeMicros = Number.MAX_SAFE_INTEGER): Run[] {
    const sql =
      'SELECT * FROM runs WHERE schedule = ? AND run_time < ? ORDER BY run_time DESC, queued_at DESC, id LIMIT ?'
    return this.#all(sql, schedule, beforeMicros, limit).map(runOf)
  }

  /** What its runs read that ended behind a time. */
  bytesSince(schedule: string, sinceMicros: number): number {
    const sql = `SELECT SUM(facts ->> 'bytes') AS bytes FROM runs WHERE schedule = ? AND ended_at >= ?`
    return Number(this.#all(sql, schedule, sinceMicros)[0]?.['bytes'] ?? 0)
  }

  /** Error: not-found. */
  run(id: string): Run {
    const [row] = this.#all('SELECT * FROM runs WHERE id = ?', id)
    if (row === undefined) throw new MillpondError('not-found', `There is no run ${id.slice(0, 80)}`)
    return runOf(row)
  }

  /** Queued and running, oldest run time first. */
  openRuns(): Run[] {
    const sql = `SELECT * FROM runs WHERE state IN ('queued', 'running') ORDER BY run_time, queued_at, id`
    return this.#all(sql).map(runOf)
  }

  /** Of one schedule, of this very time. */
  runsAt(schedule: string, runTimeMicros: number): Run[] {
    return this.#all('SELECT * FROM runs WHERE schedule = ? AND run_time = ?', schedule, runTimeMicros).map(runOf)
  }

  doneRuns(): Run[] {
    return this.#all(`SELECT * FROM runs WHERE state = 'done' AND kind = 'write'`).map(runOf)
  }

  begin(id: string): void {
    const sql = `UPDATE runs SET state = 'running', attempt = attempt + 1, started_at = ? WHERE id = ? AND state = 'queued'`
    assert(this.#run(sql, this.#now(), id) === 1, `run ${id} begins once`)
  }

  note(id: string, facts: RunFacts): void {
    this.#run('UPDATE runs SET facts = ? WHERE id = ?', JSON.stringify(facts), id)
  }

  end(id: string, state: Exclude<RunState, 'queued' | 'running'>, facts: RunFacts): void {
    this.#end(id, state, facts)
  }

  #end(id: string, state: RunState, facts: RunFacts): void {
    const sql = 'UPDATE runs SET state = ?, ended_at = ?, facts = ? WHERE id = ?'
    this.#run(sql, state, this.#now(), JSON.stringify(facts), id)
  }

  /** Once more, not before a time. `isCounted` false: the attempt never was one. */
  again(id: string, waitsUntilMicros: number, facts: RunFacts, isCounted = true): void {
    this.#run(
      `UPDATE runs SET state = 'queued', attempt = attempt - ?, waits_until = ?, ended_at = NULL, facts = ? WHERE id = ?`,
      isCounted ? 0 : 1,
      waitsUntilMicros,
      JSON.stringify(facts),
      id,
    )
  }

  /** A run that has nothing to do leaves nothing behind. */
  forget(id: string): void {
    this.#run('DELETE FROM runs WHERE id = ?', id)
  }

  /** Runs that ended before a time. */
  forgetRuns(beforeMicros: number): void {
    this.#run(`DELETE FROM runs WHERE ended_at < ? AND state NOT IN ('queued', 'running')`, beforeMicros)
  }

  #named<Result>(name: string, work: () => Result): Result {
    try {
      return transaction(this.#database, 'COMMIT', work)
    } catch (error) {
      if (!isTaken(error)) throw error
      throw new MillpondError('schedule-exists', `There is a schedule "${name}" already`, { cause: error })
    }
  }

  #now(): number {
    return this.#deps.clock.nowMicros()
  }

  #all(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#database.prepare(sql).all(...values) as Row[]
  }

  #run(sql: string, ...values: readonly (string | number | null)[]): number {
    return Number(this.#database.prepare(sql).run(...values).changes)
  }
}

function scheduleOf(row: Row): Schedule {
  return {
    ...(JSON.parse(String(row['definition'])) as ScheduleDefinition),
    id: String(row['id']),
    owner: String(row['owner']),
    isEnabled: row['is_enabled'] === 1,
    reads: JSON.parse(String(row['reads'])) as string[],
    plannedUntilMicros: Number(row['planned_until']),
    createdAtMicros: Number(row['created_at']),
    changedAtMicros: Number(row['changed_at']),
  }
}

function runOf(row: Row): Run {
  const isExpand = row['kind'] === 'expand'
  return {
    id: String(row['id']),
    schedule: String(row['schedule']),
    cause: String(row['cause']),
    runTimeMicros: Number(row['run_time']),
    set: isExpand ? undefined : (JSON.parse(String(row['parameter_set'])) as Run['set']),
    state: row['state'] as RunState,
    attempt: Number(row['attempt']),
    queuedAtMicros: Number(row['queued_at']),
    waitsUntilMicros: Number(row['waits_until']),
    startedAtMicros: row['started_at'] === null ? undefined : Number(row['started_at']),
    endedAtMicros: row['ended_at'] === null ? undefined : Number(row['ended_at']),
    facts: JSON.parse(String(row['facts'])) as RunFacts,
  }
}
