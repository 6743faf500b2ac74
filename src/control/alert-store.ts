// Alerts in SQLite. What an evaluation found, the messages that come of it and the time of the next one are one transaction: a crash
// loses none of them and makes none twice.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type {
  Alert,
  AlertDefinition,
  AlertMessage,
  AlertRoute,
  GroupState,
  MessageInfo,
  QueuedMessage,
  StateChange,
} from './alerts.ts'
import type { Audit } from './audit.ts'
import { isTaken } from './query-store.ts'
import type { SecretBox } from './secret-box.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface AlertStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
  readonly box: SecretBox
}

export interface Evaluated {
  readonly states: readonly GroupState[]
  readonly changes: readonly StateChange[]
  readonly messages: readonly AlertMessage[]
  readonly nextAtMicros: number
}

type Row = Record<string, string | number | null>
type Texts = Readonly<Record<string, string>>

/** Of one alert. */
const changesKeptMax = 1000
const messageAgeMicros = 30 * 86_400_000_000

export class AlertStore {
  readonly #deps: AlertStoreDeps

  constructor(deps: AlertStoreDeps) {
    this.#deps = deps
  }

  list(): Alert[] {
    return this.#all('SELECT * FROM alerts ORDER BY name').map(alertOf)
  }

  /** By id or name. Error: not-found. */
  get(id: string): Alert {
    // An id comes first: a name may be chosen to look like somebody else's.
    const [row] = this.#all('SELECT * FROM alerts WHERE id = ? OR name = ? ORDER BY id <> ?', id, id, id)
    if (row === undefined) throw new MillpondError('not-found', `There is no alert "${id.slice(0, 200)}"`)
    return alertOf(row)
  }

  states(id: string): GroupState[] {
    const rows = this.#all('SELECT grp, state FROM alert_states WHERE alert = ? ORDER BY grp', id)
    return rows.map(({ grp, state }) => ({ ...(JSON.parse(String(state)) as GroupState), group: String(grp) }))
  }

  /** Newest first. */
  changes(id: string, limit: number): StateChange[] {
    const rows = this.#all('SELECT change FROM alert_changes WHERE alert = ? ORDER BY id DESC LIMIT ?', id, limit)
    return rows.map(({ change }) => JSON.parse(String(change)) as StateChange)
  }

  /** Error: alert-exists. */
  add(name: string, definition: AlertDefinition, by: string, nextAtMicros: number): Alert {
    const { random, clock, audit } = this.#deps
    const id = randomBase62(random, 12)
    const now = clock.nowMicros()
    return this.#named(name, () => {
      this.#run(
        'INSERT INTO alerts (id, name, owner, definition, is_enabled, muted_until, next_at, created_at, changed_at) VALUES (?, ?, ?, ?, 1, 0, ?, ?, ?)',
        id,
        name,
        by,
        JSON.stringify(definition),
        nextAtMicros,
        now,
        now,
      )
      audit.add('alert.add', id, { name })
      return this.get(id)
    })
  }

  /** Its states begin anew: another question has another answer. Errors: not-found, alert-exists. */
  change(id: string, name: string, definition: AlertDefinition, nextAtMicros: number): Alert {
    return this.#named(name, () => {
      const { id: own } = this.get(id)
      this.#run(
        'UPDATE alerts SET name = ?, definition = ?, next_at = ?, changed_at = ? WHERE id = ?',
        name,
        JSON.stringify(definition),
        nextAtMicros,
        this.#deps.clock.nowMicros(),
        own,
      )
      this.#run('DELETE FROM alert_states WHERE alert = ?', own)
      this.#deps.audit.add('alert.change', own, { name })
      return this.get(own)
    })
  }

  /** Errors: not-found. */
  setEnabled(id: string, isEnabled: boolean, nextAtMicros: number): Alert {
    const { id: own, name } = this.get(id)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run('UPDATE alerts SET is_enabled = ?, next_at = ? WHERE id = ?', isEnabled ? 1 : 0, nextAtMicros, own)
      this.#deps.audit.add(isEnabled ? 'alert.resume' : 'alert.pause', own, { name })
    })
    return this.get(own)
  }

  /** 0: no longer. Error: not-found. */
  mute(id: string, untilMicros: number): Alert {
    const { id: own, name } = this.get(id)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run('UPDATE alerts SET muted_until = ? WHERE id = ?', untilMicros, own)
      this.#deps.audit.add('alert.mute', own, { name, untilMicros })
    })
    return this.get(own)
  }

  /** Error: not-found. */
  remove(id: string): void {
    const { id: own, name } = this.get(id)
    transaction(this.#deps.database, 'COMMIT', () => {
      for (const table of ['alert_states', 'alert_changes']) this.#run(`DELETE FROM ${table} WHERE alert = ?`, own)
      this.#run('DELETE FROM alerts WHERE id = ?', own)
      this.#deps.audit.add('alert.remove', own, { name })
    })
  }

  /** Of an alert as it was when the evaluation began; false: it was changed since, or another evaluation was quicker. */
  evaluated({ id, nextAtMicros, changedAtMicros, definition }: Alert, found: Evaluated): boolean {
    return transaction(this.#deps.database, 'COMMIT', () => {
      const { changes: taken } = this.#deps.database
        .prepare('UPDATE alerts SET next_at = ? WHERE id = ? AND next_at = ? AND changed_at = ?')
        .run(found.nextAtMicros, id, nextAtMicros, changedAtMicros)
      if (Number(taken) === 0) return false
      this.#run('DELETE FROM alert_states WHERE alert = ?', id)
      for (const { group, ...state } of found.states)
        this.#run('INSERT INTO alert_states (alert, grp, state) VALUES (?, ?, ?)', id, group, JSON.stringify(state))
      for (const change of found.changes)
        this.#run('INSERT INTO alert_changes (alert, change) VALUES (?, ?)', id, JSON.stringify(change))
      if (found.changes.length > 0)
        this.#run(
          `DELETE FROM alert_changes WHERE alert = ? AND id <= (SELECT id FROM alert_changes WHERE alert = ? ORDER BY id DESC LIMIT 1 OFFSET ${changesKeptMax})`,
          id,
          id,
        )
      for (const message of found.messages) this.#queue(message, definition.routes)
      return true
    })
  }

  queue(message: AlertMessage, routes: readonly string[]): void {
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#queue(message, routes)
    })
  }

  /** That are due, the oldest first. */
  dueMessages(nowMicros: number, limit: number): QueuedMessage[] {
    const rows = this.#all(
      `SELECT route, message, attempts FROM alert_messages WHERE sent_at IS NULL AND failed_at IS NULL AND next_try_at <= ?
       ORDER BY next_try_at LIMIT ?`,
      nowMicros,
      limit,
    )
    return rows.map((row) => ({
      route: String(row['route']),
      attempts: Number(row['attempts']),
      message: JSON.parse(String(row['message'])) as AlertMessage,
    }))
  }

  sent(id: string, route: string): void {
    const sql = "UPDATE alert_messages SET sent_at = ?, attempts = attempts + 1, error = '' WHERE id = ? AND route = ?"
    this.#run(sql, this.#deps.clock.nowMicros(), id, route)
  }

  /** `nextTryMicros` undefined: it is given up. */
  notSent(id: string, route: string, error: string, nextTryMicros: number | undefined): void {
    const failedAt = nextTryMicros === undefined ? this.#deps.clock.nowMicros() : null
    this.#deps.database
      .prepare(
        'UPDATE alert_messages SET attempts = attempts + 1, error = ?, next_try_at = ?, failed_at = ? WHERE id = ? AND route = ?',
      )
      .run(error, nextTryMicros ?? 0, failedAt, id, route)
  }

  /** Newest first. */
  messages(alert: string, limit: number): MessageInfo[] {
    const rows = this.#all(
      'SELECT * FROM alert_messages WHERE alert = ? ORDER BY created_at DESC, route LIMIT ?',
      alert,
      limit,
    )
    return rows.map((row) => ({
      route: String(row['route']),
      attempts: Number(row['attempts']),
      message: JSON.parse(String(row['message'])) as AlertMessage,
      createdAtMicros: Number(row['created_at']),
      sentAtMicros: row['sent_at'] === null ? null : Number(row['sent_at']),
      failedAtMicros: row['failed_at'] === null ? null : Number(row['failed_at']),
      error: String(row['error']),
    }))
  }

  /** Once a night. */
  forgetMessages(): void {
    const before = this.#deps.clock.nowMicros() - messageAgeMicros
    this.#run('DELETE FROM alert_messages WHERE created_at < ?', before)
  }

  routes(): AlertRoute[] {
    return this.#all('SELECT name, kind, settings, secret_names FROM alert_routes ORDER BY name').map((row) => ({
      name: String(row['name']),
      kind: String(row['kind']) as AlertRoute['kind'],
      settings: JSON.parse(String(row['settings'])) as Texts,
      secretNames: JSON.parse(String(row['secret_names'])) as string[],
    }))
  }

  /** For whoever sends, and nobody else. Errors: not-found, setting-invalid. */
  routeSecrets(name: string): Texts {
    const [row] = this.#all('SELECT secrets FROM alert_routes WHERE name = ?', name)
    if (row === undefined) throw new MillpondError('not-found', `There is no route ${name.slice(0, 100)}`)
    return JSON.parse(this.#deps.box.open(String(row['secrets']), `alert route ${name}`)) as Texts
  }

  /** A new one, or in the place of the one of this name. */
  putRoute({ name, kind, settings }: Omit<AlertRoute, 'secretNames'>, secrets: Texts): void {
    const sealed = this.#deps.box.seal(JSON.stringify(secrets), `alert route ${name}`)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run(
        'INSERT OR REPLACE INTO alert_routes (name, kind, settings, secrets, secret_names) VALUES (?, ?, ?, ?, ?)',
        name,
        kind,
        JSON.stringify(settings),
        sealed,
        JSON.stringify(Object.keys(secrets).sort()),
      )
      this.#deps.audit.add('alert-route.put', name, { kind })
    })
  }

  /** Errors: not-found, route-in-use. */
  removeRoute(name: string): void {
    if (!this.routes().some((one) => one.name === name))
      throw new MillpondError('not-found', `There is no route ${name.slice(0, 100)}`)
    const user = this.list().find(({ definition }) => definition.routes.includes(name))
    if (user !== undefined) throw new MillpondError('route-in-use', `The alert "${user.name}" tells people by ${name}`)
    transaction(this.#deps.database, 'COMMIT', () => {
      this.#run('DELETE FROM alert_routes WHERE name = ?', name)
      this.#deps.audit.add('alert-route.remove', name)
    })
  }

  #queue(message: AlertMessage, routes: readonly string[]): void {
    const now = this.#deps.clock.nowMicros()
    for (const route of routes)
      this.#run(
        "INSERT INTO alert_messages (id, route, alert, message, attempts, created_at, next_try_at, error) VALUES (?, ?, ?, ?, 0, ?, ?, '')",
        message.id,
        route,
        message.alertId,
        JSON.stringify(message),
        now,
        now,
      )
  }

  #named<Result>(name: string, work: () => Result): Result {
    try {
      return transaction(this.#deps.database, 'COMMIT', work)
    } catch (error) {
      if (!isTaken(error)) throw error
      throw new MillpondError('alert-exists', `There is an alert "${name}" already`, { cause: error })
    }
  }

  #all(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#deps.database.prepare(sql).all(...values) as Row[]
  }

  #run(sql: string, ...values: readonly (string | number)[]): void {
    this.#deps.database.prepare(sql).run(...values)
  }
}

function alertOf(row: Row): Alert {
  return {
    id: String(row['id']),
    name: String(row['name']),
    owner: String(row['owner']),
    definition: JSON.parse(String(row['definition'])) as AlertDefinition,
    isEnabled: row['is_enabled'] === 1,
    mutedUntilMicros: Number(row['muted_until']),
    nextAtMicros: Number(row['next_at']),
    createdAtMicros: Number(row['created_at']),
    changedAtMicros: Number(row['changed_at']),
  }
}
