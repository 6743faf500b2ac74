import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'

import { systemClock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import { Audit } from './audit.ts'
import { migrate } from './migrations/migrations.ts'
import { Outbox } from './outbox.ts'
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
