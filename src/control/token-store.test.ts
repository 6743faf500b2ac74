import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'

import { SimulatedClock } from '../../test/faults/simulated-clock.ts'
import { systemClock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import { Audit } from './audit.ts'
import { migrate } from './migrations/migrations.ts'
import { Outbox } from './outbox.ts'
import { PrincipalStore } from './principal-store.ts'
import { createTokenStore } from './token-store.ts'

test('a token counts although its last use cannot be written', () => {
  const database = new DatabaseSync(':memory:')
  migrate(database)
  const deps = { database, clock: systemClock, log: createLog('silent'), random: randomBytes }
  const tokens = createTokenStore({ ...deps, audit: new Audit(deps, new Outbox(database)) })
  const { info, token } = tokens.create('laptop', 'owner')
  database.exec('PRAGMA query_only = ON')
  expect(tokens.verify(token)?.info).toEqual(info)
  expect(tokens.verify(token)?.info).toEqual(info)
  database.close()
})

test('a token that ends by itself is good until then, wherever it is asked about, and is listed until it is revoked', () => {
  const database = new DatabaseSync(':memory:')
  migrate(database)
  const clock = new SimulatedClock(1_800_000_000_000_000)
  const deps = { database, clock, log: createLog('silent'), random: randomBytes }
  const audit = new Audit(deps, new Outbox(database))
  const tokens = createTokenStore({ ...deps, audit })
  const principals = new PrincipalStore({ ...deps, audit, fakeSaltSecret: 'x', changed: () => undefined })
  const endsAtMicros = clock.nowMicros() + 60_000_000
  const { info, token } = tokens.create('notebook', 'owner', endsAtMicros)
  const seen = () => [
    tokens.verify(token)?.endsAtMicros,
    tokens.isValid(info.id),
    principals.scramCredentials('owner').verifiers.length,
    tokens.list().map(({ expiresAtMicros }) => expiresAtMicros),
  ]
  clock.advance(59_999)
  expect(seen()).toEqual([endsAtMicros, true, 1, [endsAtMicros]])
  clock.advance(1)
  expect(seen()).toEqual([undefined, false, 0, [endsAtMicros]])
  tokens.revoke(info.id)
  expect(tokens.list()).toEqual([])
  expect(() => tokens.create('late', 'owner', clock.nowMicros())).toThrow('ends in the future')
  database.close()
})
