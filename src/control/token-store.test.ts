import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'

import { systemClock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import { migrate } from './migrations/migrations.ts'
import { createTokenStore } from './token-store.ts'

test('a token counts although its last use cannot be written', () => {
  const database = new DatabaseSync(':memory:')
  migrate(database)
  const tokens = createTokenStore({ database, clock: systemClock, log: createLog('silent'), random: randomBytes })
  const { info, token } = tokens.create('laptop', 'owner')
  database.exec('PRAGMA query_only = ON')
  expect(tokens.verify(token)?.info).toEqual(info)
  expect(tokens.verify(token)?.info).toEqual(info)
  database.close()
})
