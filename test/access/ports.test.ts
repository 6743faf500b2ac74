// Every attempt of escapes.ts through the ports that other tools use: the BigQuery API and Postgres, over the real road. What comes
// back on the wire, rows, errors and notices, is searched for secrets.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { fastify, type FastifyInstance } from 'fastify'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Control, openControl } from '../../src/control/control.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { type BigqueryDeps, bigqueryRoutes } from '../../src/query/bigquery-api/bigquery.ts'
import { openQuerySide, type QuerySide } from '../../src/query/open.ts'
import { type PostgresServer, startPostgresServer } from '../../src/query/postgres/postgres.ts'
import { defaultSettings } from '../support/default-settings.ts'
import { derivedSecrets, type Escape, type EscapeRole, escapes } from './escapes.ts'
import { openPond, policies, type Pond, principals, secretNumbers, secretWord } from './pond.ts'

const log = createLog('silent')
const tokens = new Map<EscapeRole, string>()
let pond: Pond
let folder: string
let control: Control
let side: QuerySide
let api: FastifyInstance
let postgres: PostgresServer

beforeAll(async () => {
  pond = await openPond()
  folder = await mkdtemp(join(tmpdir(), 'millpond-ports-'))
  control = await openControl(folder, { clock: systemClock, log })
  const { query } = defaultSettings(folder)
  side = await openQuerySide(query, {
    driver: pond.driver,
    policies: () => ({ ...policies, version: 1 }),
    append: async () => 1,
    dataFolder: folder,
    clock: systemClock,
    log,
    createId: randomUUID,
  })
  for (const [role, { handle, attributes }] of Object.entries(principals) as [EscapeRole, typeof principals.ana][]) {
    await control.addPrincipal(handle, 'person', role === 'admin' ? 'admin' : 'member', attributes)
    tokens.set(role, (await control.createToken(handle, handle)).token)
  }
  api = fastify({ logger: false, forceCloseConnections: true })
  // Only what queries reach.
  const deps = { road: side.road, control, project: query.project, clock: systemClock, log, createId: randomUUID }
  bigqueryRoutes(api, { ...deps, made: pond.driver.made, jobAgeMsMax: 86_400_000 } as unknown as BigqueryDeps)
  await api.listen({ host: '127.0.0.1', port: 0 })
  const bounds = { connectionsMax: 20, connectionsPerPersonMax: 20, idleMsMax: 60_000, database: query.project }
  const address = { host: '127.0.0.1', port: 0 }
  postgres = await startPostgresServer(
    { ...bounds, ...address },
    { road: side.road, logins: control, clock: systemClock, log, tls: undefined },
  )
}, 30_000)

afterAll(async () => {
  await api.close()
  await postgres.stop()
  await side.stop()
  await control.stop()
  await pond.close()
  await rm(folder, { recursive: true })
})

interface Outcome {
  readonly isRefused: boolean
  readonly text: string
}

async function overBigquery(role: EscapeRole, sql: string): Promise<Outcome> {
  const { port } = api.server.address() as AddressInfo
  const response = await fetch(`http://127.0.0.1:${port}/bigquery/v2/projects/millpond/queries`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tokens.get(role)}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: sql, useLegacySql: false, defaultDataset: { datasetId: 'web' } }),
  })
  const text = await response.text()
  expect(response.status, text).toBeLessThan(500)
  return { isRefused: response.status >= 400 || text.includes('"errorResult"'), text }
}

async function connect(role: EscapeRole): Promise<Client> {
  const [host = '', port = ''] = postgres.address.split(':')
  const user = principals[role].handle
  const client = new Client({ host, port: Number(port), user, password: tokens.get(role), database: 'millpond' })
  // A server that ends the connection is an outcome, too.
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function overPostgres(client: Client, sql: string): Promise<Outcome> {
  const notices: unknown[] = []
  const listen = (notice: unknown): void => void notices.push(notice)
  client.on('notice', listen)
  try {
    const result = await client.query({ text: sql, rowMode: 'array' })
    return { isRefused: false, text: JSON.stringify([result, notices]) }
  } catch (error) {
    const { message, ...more } = error as Error
    return { isRefused: true, text: JSON.stringify([message, more, notices]) }
  } finally {
    client.off('notice', listen)
  }
}

/** What of an outcome nobody but an administrator may have got; the answer repeats what was asked. */
function leaks(text: string, { sql }: Escape): string[] {
  const said = sql.toLowerCase()
  const found = text.toLowerCase()
  const secrets = [secretWord, ...secretNumbers, ...derivedSecrets, 'root:x:', pond.folder.toLowerCase()]
  return secrets.filter((secret) => found.includes(secret) && !said.includes(secret))
}

const members = (escape: Escape): readonly EscapeRole[] => escape.roles.filter((role) => role !== 'admin')
const groups = [...new Set(escapes.map(({ group }) => group))]

describe.each(groups)('%s', (group) => {
  const own = escapes.filter((one) => one.group === group)

  test('through the BigQuery API', { timeout: 30_000 }, async () => {
    for (const escape of own) {
      for (const role of escape.dialect === 'googlesql' ? escape.roles : members(escape).slice(0, 1)) {
        const { isRefused, text } = await overBigquery(role, escape.sql)
        const isHarmless = escape.dialect === 'duckdb' || escape.expected === 'harmless'
        expect([escape.sql, role, isHarmless || isRefused, text]).toEqual([escape.sql, role, true, text])
        if (role !== 'admin')
          expect([escape.sql, role, leaks(text, escape), text]).toEqual([escape.sql, role, [], text])
      }
    }
  })

  test('through Postgres', { timeout: 30_000 }, async () => {
    for (const role of new Set(own.flatMap(members))) {
      let client = await connect(role)
      for (const escape of own.filter(({ roles }) => roles.includes(role))) {
        const { isRefused, text } = await overPostgres(client, escape.sql)
        expect([escape.sql, role, leaks(text, escape), text]).toEqual([escape.sql, role, [], text])
        if (escape.group === 'files and network')
          expect([escape.sql, isRefused, text]).toEqual([escape.sql, true, text])
        // Some attempts open a transaction or change the session.
        await client.end()
        client = await connect(role)
      }
      await client.end()
    }
  })
})

test('an administrator gets through both ports what the attempts are after', async () => {
  expect((await overBigquery('admin', 'SELECT * FROM vault.plans')).text).toContain(secretWord)
  const client = await connect('admin')
  expect((await overPostgres(client, 'SELECT * FROM vault.plans')).text).toContain(secretWord)
  await client.end()
})
