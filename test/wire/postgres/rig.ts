// A Postgres port with a road behind it, and people who may come in.
import { randomBytes } from 'node:crypto'

import { pino } from 'pino'

import type { Principal } from '../../../src/control/principals.ts'
import { fakeSalt, scramIterations, scramVerifier } from '../../../src/control/scram.ts'
import { type Clock, systemClock } from '../../../src/core/clock.ts'
import type { QuerySettings } from '../../../src/core/settings.ts'
import type { VisibleTable } from '../../../src/query/contract.ts'
import type { Logins } from '../../../src/query/postgres/login.ts'
import {
  type PostgresServer,
  type PostgresSettings,
  type PostgresTls,
  startPostgresServer,
} from '../../../src/query/postgres/postgres.ts'
import { openRealRoad, type RealRoad } from './real-road.ts'
import { openSmallRoad, type SmallRoad } from './small-road.ts'

export interface Person extends Principal {
  readonly token: string
}

export interface Rig<Road = SmallRoad> {
  readonly server: PostgresServer
  readonly road: Road
  readonly ada: Person
  readonly bob: Person
  readonly logins: TestLogins
  readonly logged: string[]
  url(person?: Person): string
  stop(): Promise<void>
}

export interface TestLogins extends Logins {
  readonly touched: string[]
  revoked: Set<string>
  people: Person[]
}

export function person(handle: string, role: 'admin' | 'member'): Person {
  return {
    id: `id-${handle}`,
    kind: 'person',
    handle,
    role,
    attributes: {},
    token: `mp_${randomBytes(15).toString('hex')}`,
  }
}

export function testLogins(people: Person[]): TestLogins {
  const salt = randomBytes(16)
  const record = (each: Person) =>
    ({ ...each, createdAtMicros: 0, tokens: 1, grants: [] }) as unknown as ReturnType<Logins['listPrincipals']>[number]
  const logins: TestLogins = {
    people,
    touched: [],
    revoked: new Set(),
    scramCredentials(handle) {
      const found = logins.people.find((each) => each.handle === handle)
      if (found === undefined) return { salt: fakeSalt('secret', handle), iterations: scramIterations, verifiers: [] }
      const decoy = { tokenId: 'other', ...scramVerifier('mp_other', salt, scramIterations) }
      return {
        salt,
        iterations: scramIterations,
        verifiers: [decoy, { tokenId: `token-${handle}`, ...scramVerifier(found.token, salt, scramIterations) }],
      }
    },
    isTokenValid: (id) => !logins.revoked.has(id),
    touchToken: (id) => void logins.touched.push(id),
    listPrincipals: () => logins.people.map(record),
    principalById: (id) => logins.people.filter((each) => each.id === id).map(record)[0],
  }
  return logins
}

interface More {
  readonly tls?: PostgresTls
  readonly clock?: Clock
}

/** Over the small road: where a test must see, or hold, what is asked of a road. */
export async function openRig(settings: Partial<PostgresSettings> = {}, more: More = {}): Promise<Rig> {
  return rigOver(await openSmallRoad(), settings, more)
}

export async function openRealRig(
  settings: Partial<PostgresSettings> = {},
  more: More & { readonly query?: Partial<QuerySettings> } = {},
): Promise<Rig<RealRoad>> {
  return rigOver(await openRealRoad(more.query), settings, more)
}

async function rigOver<Road extends SmallRoad | RealRoad>(
  road: Road,
  settings: Partial<PostgresSettings>,
  more: More,
): Promise<Rig<Road>> {
  const ada = person('ada', 'admin')
  const bob = person('bob', 'member')
  const logins = testLogins([ada, bob])
  const logged: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) })
  const server = await startPostgresServer(
    { host: '127.0.0.1', port: 0, connectionsMax: 100, connectionsPerPersonMax: 60, idleMsMax: 3_600_000, ...settings },
    { road, logins, log, clock: more.clock ?? systemClock, tls: more.tls },
  )
  return {
    server,
    road,
    ada,
    bob,
    logins,
    logged,
    url: (who = ada) => `postgres://${who.handle}:${who.token}@127.0.0.1:${server.port}/millpond`,
    async stop() {
      await server.stop()
      await road.stop()
    },
  }
}

export function visible(
  dataset: string,
  table: string,
  columns: VisibleTable['columns'],
  more: Partial<VisibleTable> = {},
): VisibleTable {
  return {
    dataset,
    table,
    kind: 'table',
    origin: 'fed',
    isWritable: false,
    columns,
    options: {},
    clustering: [],
    rows: 3,
    logicalBytes: 8192,
    createdAtMicros: 0,
    changedAtMicros: 0,
    ...more,
  }
}
