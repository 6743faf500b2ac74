// SQL in, rows out: POST /api/query answers NDJSON: {"columns":[…]}, then {"row":[…]} lines, then {"end":{"rows":n}}.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { QueryRun } from '../../warehouse/driver.ts'
import { parseInput } from './body.ts'
import { sendLines } from './lines.ts'
import type { ApiDeps } from './api.ts'

const sqlLengthMax = 1_000_000
const queryInput = z.strictObject({ sql: z.string().min(1).max(sqlLengthMax) })

const identified = z.object({ id: z.string() })

export function queryRoutes(app: FastifyInstance, { query, log }: ApiDeps): void {
  app.post('/api/query', async (request, reply) => {
    const { sql } = parseInput(queryInput, request.body)
    const gone = new AbortController()
    // A person who closes the connection no longer waits: the engine must not either.
    reply.raw.once('close', () => {
      gone.abort()
    })
    const run = await query.run(sql, request.principal, gone.signal)
    return sendLines(reply, linesOf(run), log)
  })

  app.get('/api/queries', () => ({ queries: query.running() }))

  app.delete('/api/queries/:id', async (request, reply) => {
    const { id } = parseInput(identified, request.params)
    query.cancel(id)
    return reply.code(204).send()
  })
}

async function* linesOf(run: QueryRun): AsyncGenerator<object> {
  yield { columns: run.columns }
  let rows = 0
  for await (const chunk of run.rows) {
    for (const row of chunk) {
      yield { row }
      rows += 1
    }
  }
  yield { end: { rows } }
}
