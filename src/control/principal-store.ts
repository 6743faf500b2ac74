// Principals: people, services, and the owner of the data folder, who is always there and can do everything.
import type { DatabaseSync, StatementSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import type { Principal, Role } from './principals.ts'
import { fakeSalt, type ScramCredentials, scramIterations, scramSaltBytes } from './scram.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export type Attributes = Principal['attributes']

export interface PrincipalRecord extends Principal {
  readonly createdAtMicros: number
  /** Null: not disabled. */
  readonly disabledAtMicros: number | null
}

export interface PrincipalChange {
  readonly role?: Role | undefined
  /** All of them: what is absent goes. */
  readonly attributes?: Attributes | undefined
}

export interface PrincipalStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  /** For salts of handles that don't exist. */
  readonly fakeSaltSecret: string
  readonly audit: Audit
  /** A principal came, went or changed. */
  readonly changed: () => void
}

/** Whoever owns the data folder. */
export const ownerHandle = 'owner'

const handleShape = /^[a-z][a-z0-9_.@-]{0,62}$/
const attributeShape = /^[a-z_][a-z0-9_]{0,62}$/
const attributesMax = 32
const attributeValuesMax = 1000
const attributeLengthMax = 1000
const salted = 'salt, iterations'
const columns = 'id, kind, handle, role, attributes, created_at AS createdAtMicros, disabled_at AS disabledAtMicros'

/** As SQLite has it. */
export type PrincipalRow = Omit<PrincipalRecord, 'attributes'> & { readonly attributes: string }

export function principalOf(row: PrincipalRow): PrincipalRecord {
  const { id, kind, handle, role, createdAtMicros, disabledAtMicros } = row
  const attributes = JSON.parse(row.attributes) as Attributes
  return { id, kind, handle, role, attributes, createdAtMicros, disabledAtMicros }
}

export class PrincipalStore {
  readonly #deps: PrincipalStoreDeps
  readonly #byHandle: StatementSync
  readonly #byId: StatementSync

  constructor(deps: PrincipalStoreDeps) {
    this.#deps = deps
    const living = `SELECT ${columns} FROM principals WHERE removed_at IS NULL`
    this.#byHandle = deps.database.prepare(`${living} AND handle = ?`)
    this.#byId = deps.database.prepare(`${living} AND disabled_at IS NULL AND id = ?`)
  }

  list(): PrincipalRecord[] {
    const rows = this.#deps.database
      .prepare(`SELECT ${columns} FROM principals WHERE removed_at IS NULL ORDER BY handle`)
      .all()
    return (rows as unknown as PrincipalRow[]).map(principalOf)
  }

  /** Error: principal-unknown. */
  get(handle: string): PrincipalRecord {
    const found = this.#find(handle)
    if (found !== undefined) return found
    throw new MillpondError('principal-unknown', `There is nobody with the handle "${handle.slice(0, 80)}"`)
  }

  /** Undefined: removed, or disabled. */
  byId(id: string): PrincipalRecord | undefined {
    const row = this.#byId.get(id) as unknown as PrincipalRow | undefined
    return row === undefined ? undefined : principalOf(row)
  }

  add(handle: string, kind: 'person' | 'service', role: Role, attributes: Attributes): PrincipalRecord {
    checkHandle(handle)
    checkAttributes(attributes)
    const { database, clock, random } = this.#deps
    return this.#change(() => {
      if (this.#find(handle) !== undefined) {
        throw new MillpondError('principal-exists', `There is somebody with the handle "${handle}" already`)
      }
      const id = randomBase62(random, 12)
      const given = [
        id,
        kind,
        handle,
        role,
        JSON.stringify(attributes),
        random(scramSaltBytes),
        scramIterations,
      ] as const
      database
        .prepare(
          `INSERT INTO principals (id, kind, handle, role, attributes, ${salted}, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(...given, clock.nowMicros())
      this.#deps.audit.add('person.add', handle, { kind, role, attributes })
      return this.get(handle)
    })
  }

  change(handle: string, { role, attributes }: PrincipalChange): PrincipalRecord {
    if (attributes !== undefined) checkAttributes(attributes)
    return this.#change(() => {
      const before = this.#changeable(handle)
      this.#deps.database
        .prepare('UPDATE principals SET role = ?, attributes = ? WHERE id = ?')
        .run(role ?? before.role, JSON.stringify(attributes ?? before.attributes), before.id)
      this.#deps.audit.add('person.change', handle, { role, attributes })
      return this.get(handle)
    })
  }

  remove(handle: string): void {
    this.#change(() => {
      removeEverything(this.#deps.database, this.#changeable(handle).id, handle, this.#deps.clock.nowMicros())
      this.#deps.audit.add('person.remove', handle)
    })
  }

  /** Sessions end at once; tokens and keys are worthless until they are enabled again. */
  setDisabled(handle: string, isDisabled: boolean): PrincipalRecord {
    const { database, clock, audit } = this.#deps
    return this.#change(() => {
      const { id } = this.#changeable(handle)
      const at = isDisabled ? clock.nowMicros() : null
      database.prepare('UPDATE principals SET disabled_at = ? WHERE id = ?').run(at, id)
      if (isDisabled) database.prepare('DELETE FROM sessions WHERE userId = ?').run(id)
      audit.add(isDisabled ? 'user.disable' : 'user.enable', handle)
      return this.get(handle)
    })
  }

  scramCredentials(handle: string): ScramCredentials {
    const { database, clock, fakeSaltSecret } = this.#deps
    const found = database
      .prepare(`SELECT id, ${salted} FROM principals WHERE handle = ? AND removed_at IS NULL AND disabled_at IS NULL`)
      .get(handle) as unknown as { id: string; salt: Uint8Array; iterations: number } | undefined
    if (found === undefined) {
      return { salt: fakeSalt(fakeSaltSecret, handle), iterations: scramIterations, verifiers: [] }
    }
    const verifiers = database
      .prepare(
        `SELECT id AS tokenId, stored_key AS storedKey, server_key AS serverKey FROM tokens
         WHERE principal = ? AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > ?) AND stored_key IS NOT NULL
         ORDER BY created_at DESC, id`,
      )
      .all(found.id, clock.nowMicros())
    const { salt, iterations } = found
    return { salt, iterations, verifiers: verifiers as unknown as ScramCredentials['verifiers'] }
  }

  #change<T>(work: () => T): T {
    const result = transaction(this.#deps.database, 'COMMIT', work)
    this.#deps.changed()
    return result
  }

  #find(handle: string): PrincipalRecord | undefined {
    const row = this.#byHandle.get(handle) as unknown as PrincipalRow | undefined
    return row === undefined ? undefined : principalOf(row)
  }

  #changeable(handle: string): PrincipalRecord {
    const found = this.get(handle)
    if (found.kind !== 'owner') return found
    throw new MillpondError('not-allowed', `"${ownerHandle}" owns the data folder and can't be changed or removed.`)
  }
}

/** Nothing of them may wait for the next one with the same handle. */
function removeEverything(database: DatabaseSync, id: string, handle: string, nowMicros: number): void {
  for (const table of ['tokens', 'keys']) {
    database.prepare(`UPDATE ${table} SET revoked_at = ? WHERE principal = ? AND revoked_at IS NULL`).run(nowMicros, id)
  }
  // With their sessions, and ways in.
  database.prepare('DELETE FROM logins WHERE id = ?').run(id)
  database.prepare('DELETE FROM invitations WHERE principal = ?').run(id)
  database.prepare('DELETE FROM grants WHERE grantee = ?').run(handle)
  for (const table of ['masks', 'filters']) {
    database
      .prepare(
        `UPDATE ${table} SET exempt = (SELECT json_group_array(value) FROM json_each(exempt) WHERE value <> $handle)
         WHERE EXISTS (SELECT 1 FROM json_each(exempt) WHERE value = $handle)`,
      )
      .run({ handle })
  }
  database.prepare('UPDATE principals SET removed_at = ? WHERE id = ?').run(nowMicros, id)
}

function checkHandle(handle: string): void {
  if (handleShape.test(handle)) return
  throw new MillpondError(
    'request-invalid',
    `"${handle.slice(0, 80)}" can't be a handle: it starts with a lower-case letter, goes on with lower-case letters, digits and _ . @ -, and is at most 63 long`,
  )
}

function checkAttributes(attributes: Attributes): void {
  const entries = Object.entries(attributes)
  if (entries.length > attributesMax) refuse(`at most ${attributesMax} attributes`)
  for (const [name, value] of entries) {
    if (!attributeShape.test(name)) {
      refuse(`"${name.slice(0, 80)}" can't name an attribute: lower-case letters, digits and _, at most 63`)
    }
    const values = typeof value === 'string' ? [value] : value
    if (values.length > attributeValuesMax) refuse(`${name} has more than ${attributeValuesMax} values`)
    if (values.some((one) => one.length > attributeLengthMax)) {
      refuse(`a value of ${name} is longer than ${attributeLengthMax} letters`)
    }
  }
}

function refuse(what: string): never {
  throw new MillpondError('request-invalid', `Attributes: ${what}`)
}
