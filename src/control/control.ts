// The door of control for the engine and the command line: sources, principals with their tokens and keys, and what they may
// see, in SQLite.
import { randomBytes } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { diskFiles, type Files } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { Part } from '../core/part.ts'
import type { LoginSettings } from '../core/settings.ts'
import { type Actor, Audit, type AuditEntry, type AuditQuery } from './audit.ts'
import {
  accessTokenPrefix,
  KeyStore,
  type FoundKey,
  type KeyAddress,
  type KeyInfo,
  type ServiceAccountKey,
} from './key-store.ts'
import { AlertStore } from './alert-store.ts'
import { CohortStore } from './cohort-store.ts'
import { DashboardStore } from './dashboard-store.ts'
import { EmbedStore } from './embed-store.ts'
import { ReportStore } from './report-store.ts'
import { Oidc } from './oidc/oidc.ts'
import { OidcStore } from './oidc/oidc-store.ts'
import { DestinationStore } from './destination-store.ts'
import { ErasureStore } from './erasure-store.ts'
import { ReplayStore } from './replay-store.ts'
import { LoginStore } from './login-store.ts'
import { migrate } from './migrations/migrations.ts'
import { createOneTimeCodes } from './one-time-codes.ts'
import { Outbox, type OutboxQueue } from './outbox.ts'
import { type PolicySnapshot, PolicyStore } from './policy-store.ts'
import {
  type Attributes,
  ownerHandle,
  type PrincipalChange,
  type PrincipalRecord,
  PrincipalStore,
} from './principal-store.ts'
import { PeopleStore } from './people-store.ts'
import type { ColumnMask, Grant, Principal, Role, RowFilter } from './principals.ts'
import { QueryStore } from './query-store.ts'
import { ScheduleStore } from './schedule-store.ts'
import type { ScramCredentials } from './scram.ts'
import { deriveSecret, installationSecret } from './secret.ts'
import { SecretBox } from './secret-box.ts'
import { SessionStore } from './session-store.ts'
import { SignIn } from './sign-in.ts'
import { createSourceStore, type SourceStore } from './source-store.ts'
import { createTokenStore } from './token-store.ts'
import { transaction } from './transaction.ts'
import type { Random } from './write-keys.ts'

export type SourcePlatform = 'client' | 'server'
export type SourceState = 'active' | 'disabled'

export interface Source {
  /** Slug: the dataset's name. */
  readonly source: string
  readonly platform: SourcePlatform
  readonly state: SourceState
  readonly writeKey: string
  readonly createdAtMicros: number
}

export interface TokenInfo {
  readonly id: string
  readonly name: string
  /** Whose it is, and what that principal is at the moment. */
  readonly handle: string
  readonly role: Role
  readonly createdAtMicros: number
  readonly lastUsedAtMicros: number | null
  /** Null: until it is revoked. */
  readonly expiresAtMicros: number | null
}

export interface VerifiedToken {
  /** Of an access token: its key. */
  readonly info: TokenInfo
  readonly principal: Principal
  /** undefined: it doesn't end by itself. */
  readonly endsAtMicros?: number
}

export interface Control extends Part, Access {
  /** Errors: not-found, query-exists. */
  readonly queries: QueryStore
  /** Errors: not-found, cohort-exists. */
  readonly cohorts: CohortStore
  /** Errors: not-found, dashboard-exists, dashboard-changed. */
  readonly dashboards: DashboardStore
  /** Dashboards that are mailed. Errors: not-found, report-exists. */
  readonly reports: ReportStore
  /** Dashboards in pages of others. Errors: setting-invalid. */
  readonly embeds: EmbedStore
  /** Other programs that people sign in to with their account here. */
  readonly oidc: Oidc
  /** Errors: not-found, alert-exists, route-in-use, setting-invalid. */
  readonly alerts: AlertStore
  /** And their runs. Errors: not-found, schedule-exists. */
  readonly schedules: ScheduleStore
  /** Errors: not-found, destination-exists, request-invalid, setting-invalid. */
  readonly destinations: DestinationStore
  readonly replays: ReplayStore
  readonly erasures: ErasureStore
  listSources(): Source[]
  /** Errors: source-exists, source-name-invalid. */
  addSource(source: string, platform: SourcePlatform): Promise<Source>
  /** A new key; the old one is remembered for ever as rotated. Error: source-unknown. */
  rotateSource(source: string): Promise<Source>
  setSourceState(source: string, state: SourceState): Promise<Source>
  /** What a source has promised to send. Error of both: source-unknown. */
  readonly trackingPlan: SourceStore['plan']
  /** `by`: id of a principal. */
  readonly setTrackingPlan: SourceStore['setPlan']
  listTokens(): TokenInfo[]
  /** The secret is returned once and stored hashed. `handle`: whose it is, else the owner's. Error: principal-unknown. */
  createToken(name: string, handle?: string, expiresAtMicros?: number): Promise<{ info: TokenInfo; token: string }>
  revokeToken(id: string): Promise<void>
  /** Also access tokens of keys. Undefined: unknown, revoked or expired. */
  verifyToken(token: string): VerifiedToken | undefined
  /** True while the token, or the key, of this id is good: for connections that last. */
  isTokenValid(id: string): boolean
  /** A port has let its holder in without seeing it. */
  touchToken(id: string): void
  /** What the server's side of SCRAM-SHA-256 needs; of unknown handles a salt that looks like one, and no verifiers. */
  scramCredentials(handle: string): ScramCredentials
  /**
   * True while nobody has ever come in by a one-time code: then each start makes a new one and prints it. With a time,
   * false too if one was made since then: an engine that starts again must not spoil the link that was printed.
   */
  oneTimeCodeNeeded(sinceMicros?: number): boolean
  /** Makes the first administrator's token, once, within 24 hours; stored hashed. Older codes are worthless now. */
  createOneTimeCode(): string
  /** Undefined: unknown, used or expired. `invitation`: with it the administrator chooses an address and a password. */
  redeemOneTimeCode(code: string): { token: string; invitation: string } | undefined
  /** People who sign in, and their invitations. */
  readonly logins: Pick<LoginStore, 'users' | 'user' | 'add' | 'invite' | 'findInvitation' | 'setDisabled'>
  readonly sessions: Pick<SessionStore, 'verify' | 'list' | 'end' | 'endOthers'>
  readonly signIn: SignIn
  /** Whatever `work` changes is this one's doing, in the audit log. Without it, it is the owner's on the command line. */
  acting<T>(actor: Actor, work: () => T): T
  /** Acts that change nothing here: a person erased, a backup made. Never with what is secret, or was to be forgotten. */
  record(action: string, target: string, details?: Readonly<Record<string, unknown>>): void
  /** Newest first. */
  auditEntries(query: AuditQuery): AuditEntry[]
  /** Rows on their way into the warehouse. */
  readonly outbox: OutboxQueue
  /** Notes on people, and who looked at them. */
  readonly people: PeopleStore
  /** Writes the database, as it stands now, to a new file, and syncs it. Everything else in it goes on meanwhile. */
  copyTo(path: string): Promise<void>
}

/** Who there is, and what they may see. Errors: principal-unknown, grant-invalid, not-found, request-invalid. */
export interface Access {
  listPrincipals(): PrincipalRecord[]
  /** As they are now; undefined: removed. */
  principalById(id: string): PrincipalRecord | undefined
  /** Error: principal-exists. */
  addPrincipal(
    handle: string,
    kind: 'person' | 'service',
    role: Role,
    attributes?: Attributes,
  ): Promise<PrincipalRecord>
  changePrincipal(handle: string, change: PrincipalChange): Promise<PrincipalRecord>
  /** With their tokens, keys and grants, at once. */
  removePrincipal(handle: string): Promise<void>
  listKeys(): KeyInfo[]
  /** The private key is in the answer and nowhere else. */
  createKey(handle: string, address: KeyAddress): Promise<{ info: KeyInfo; key: ServiceAccountKey }>
  revokeKey(id: string): Promise<void>
  findKey(id: string): FoundKey | undefined
  /** For whoever has proved to hold the key. Error: token-invalid. */
  createAccessToken(keyId: string): { token: string; expiresInSeconds: number }
  /** The same object until something changes. */
  policies(): PolicySnapshot
  addGrant(grant: Grant): Promise<void>
  removeGrant(grant: Grant): Promise<void>
  /** Takes the place of a mask on the same column. */
  putMask(mask: ColumnMask): Promise<void>
  removeMask(mask: Pick<ColumnMask, 'dataset' | 'table' | 'column'>): Promise<void>
  /** Takes the place of a filter on the same table. Whoever calls has checked the predicate. */
  putFilter(filter: RowFilter): Promise<void>
  removeFilter(filter: Pick<RowFilter, 'dataset' | 'table'>): Promise<void>
}

export interface ControlDeps {
  readonly clock: Clock
  readonly log: Log
  readonly random?: Random
  readonly files?: Files
  /** Absent: nobody signs in, as on the command line. */
  readonly login?: { readonly settings: LoginSettings; readonly publicUrl: string | undefined }
}

const noLogin = { settings: { loginTriesPerAddressMax: 30, loginTriesPerAccountMax: 10 }, publicUrl: undefined }

/** The caller holds the data lock. When it resolves sources.json is there and says what SQLite says. */
export async function openControl(dataFolder: string, deps: ControlDeps): Promise<Control> {
  const { clock, random = randomBytes, files = diskFiles } = deps
  await files.makeFolder(dataFolder)
  const secret = await installationSecret(files, dataFolder, random)
  const checksumSecret = deriveSecret(secret, 'write-key-checksum')
  const database = await openDatabase(join(dataFolder, 'control.sqlite'))
  try {
    const outbox = new Outbox(database)
    const audit = new Audit({ database, clock, random }, outbox)
    const sources = createSourceStore({ database, dataFolder, files, clock, random, checksumSecret, audit })
    const tokens = createTokenStore({ database, clock, log: deps.log, random, audit })
    const codes = createOneTimeCodes({ database, clock, log: deps.log, random, audit }, tokens)
    const access = openAccess(database, { clock, random, secret, audit })
    const box = new SecretBox(deriveSecret(secret, 'destination-secrets'), random)
    const people = openPeople(access.principals, { ...deps, database, random, audit, secret, box })
    await sources.publish()
    return {
      ...access.methods,
      queries: new QueryStore({ database, clock, random, audit }),
      cohorts: new CohortStore({ database, clock, random, audit }),
      dashboards: new DashboardStore({ database, clock, random, audit }),
      reports: new ReportStore({ database, clock, random, audit }),
      embeds: new EmbedStore({ database, clock, random, audit, box }),
      alerts: new AlertStore({ database, clock, random, audit, box }),
      schedules: new ScheduleStore({ database, clock, random, audit }),
      destinations: new DestinationStore({ database, clock, random, audit, box }),
      replays: new ReplayStore({ database, clock, random, audit }),
      erasures: new ErasureStore({ database, clock, random, box }),
      ...sourceMethods(sources),
      listTokens: tokens.list,
      async createToken(name, handle = ownerHandle, expiresAtMicros) {
        return tokens.create(name, handle, expiresAtMicros)
      },
      async revokeToken(id) {
        tokens.revoke(id)
      },
      verifyToken: (token) =>
        token.startsWith(accessTokenPrefix) ? access.keys.verifyAccessToken(token) : tokens.verify(token),
      isTokenValid: (id) => tokens.isValid(id) || access.keys.isValid(id) || people.sessions.isValid(id),
      touchToken: tokens.touch,
      scramCredentials: (handle) => access.principals.scramCredentials(handle),
      oneTimeCodeNeeded: codes.needed,
      createOneTimeCode: codes.create,
      redeemOneTimeCode: (code) =>
        transaction(database, 'COMMIT', () => {
          const redeemed = codes.redeem(code)
          return redeemed && { ...redeemed, invitation: people.logins.inviteOwner(ownerHandle) }
        }),
      ...people,
      acting: (actor, work) => audit.acting(actor, work),
      record: (action, target, details) => {
        transaction(database, 'COMMIT', () => {
          audit.add(action, target, details)
        })
      },
      auditEntries: (query) => audit.list(query),
      outbox,
      people: new PeopleStore({ database, clock, random }),
      copyTo: async (path) => copyDatabase(database, files, path),
      async stop() {
        await sources.settled()
        database.close()
      },
    }
  } catch (error) {
    database.close()
    throw error
  }
}

function sourceMethods({ list, add, rotate, setState, plan, setPlan }: SourceStore) {
  return {
    listSources: list,
    addSource: add,
    rotateSource: rotate,
    setSourceState: setState,
    trackingPlan: plan,
    setTrackingPlan: setPlan,
  }
}

function openAccess(
  database: DatabaseSync,
  { clock, random, secret, audit }: { clock: Clock; random: Random; secret: Uint8Array; audit: Audit },
) {
  const principals = new PrincipalStore({
    database,
    clock,
    random,
    fakeSaltSecret: deriveSecret(secret, 'scram-fake-salt'),
    audit,
    changed: () => {
      policies.changed()
    },
  })
  const policies = new PolicyStore({ database, clock, principals, audit })
  const accessTokenSecret = deriveSecret(secret, 'access-token')
  const keys = new KeyStore({ database, clock, random, accessTokenSecret, principals, audit })
  const methods: Access = {
    listPrincipals: () => principals.list(),
    principalById: (id) => principals.byId(id),
    addPrincipal: async (handle, kind, role, attributes = {}) => principals.add(handle, kind, role, attributes),
    changePrincipal: async (handle, change) => principals.change(handle, change),
    removePrincipal: async (handle) => {
      principals.remove(handle)
    },
    listKeys: () => keys.list(),
    createKey: async (handle, address) => keys.create(handle, address),
    revokeKey: async (id) => {
      keys.revoke(id)
    },
    findKey: (id) => keys.find(id),
    createAccessToken: (keyId) => keys.createAccessToken(keyId),
    policies: () => policies.snapshot(),
    addGrant: async (grant) => {
      policies.addGrant(grant)
    },
    removeGrant: async (grant) => {
      policies.removeGrant(grant)
    },
    putMask: async (mask) => {
      policies.putMask(mask)
    },
    removeMask: async (mask) => {
      policies.removeMask(mask)
    },
    putFilter: async (filter) => {
      policies.putFilter(filter)
    },
    removeFilter: async (filter) => {
      policies.removeFilter(filter)
    },
  }
  return { methods, principals, keys }
}

function openPeople(
  principals: PrincipalStore,
  deps: ControlDeps & { database: DatabaseSync; random: Random; audit: Audit; secret: Uint8Array; box: SecretBox },
) {
  const { clock } = deps
  const sessionSecret = deriveSecret(deps.secret, 'session')
  const { settings, publicUrl } = deps.login ?? noLogin
  const logins = new LoginStore({ ...deps, principals })
  const sessions = new SessionStore({ ...deps, sessionSecret })
  const signIn = new SignIn({ ...deps, principals, logins, sessions, sessionSecret, settings, publicUrl })
  const oidc = new Oidc({
    store: new OidcStore(deps),
    principals,
    emailOf: (handle) => logins.users().find((user) => user.handle === handle)?.email,
    clock,
  })
  return { logins, sessions, signIn, oidc }
}

async function openDatabase(path: string): Promise<DatabaseSync> {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  try {
    // Before the first write: its -wal and -shm files take over these rights.
    await chmod(path, 0o600)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    migrate(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** One file without a log beside it. SQLite takes an empty file for a new one, and keeps its rights. */
async function copyDatabase(database: DatabaseSync, files: Files, path: string): Promise<void> {
  const copy = await files.open(path, 'create')
  try {
    database.prepare('VACUUM INTO ?').run(path)
    await copy.sync()
  } finally {
    await copy.close()
  }
}
