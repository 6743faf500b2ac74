import fastify from 'fastify'
import { pino } from 'pino'
import { expect, test } from 'vitest'

import { MillpondError } from '../../core/errors.ts'
import { sendLines } from './lines.ts'

test.each([
  [new MillpondError('query-limit', 'Too many rows.'), { code: 'query-limit', message: 'Too many rows.' }, 0],
  [new MillpondError('bug', '/secret/path'), { code: 'bug', message: expect.not.stringContaining('secret') }, 1],
  [new TypeError('/secret/path'), { code: 'bug', message: expect.not.stringContaining('secret') }, 1],
])('%s behind the first line is the last line; a bug is told to the log only', async (error, told, logged) => {
  const log: string[] = []
  async function* lines(): AsyncGenerator<object> {
    yield { row: [1] }
    throw error
  }
  const app = fastify()
  app.get('/', async (_request, reply) => sendLines(reply, lines(), pino({}, { write: (line) => log.push(line) })))
  const text = (await app.inject('/')).body
  await app.close()
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([{ row: [1] }, { error: told }])
  expect(log).toHaveLength(logged)
})
