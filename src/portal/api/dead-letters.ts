// Events that were kept out, with their reasons, and the way back in.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { quarantineReasons } from '../../core/event.ts'
import { parseInput } from './body.ts'
import { sendLines } from './lines.ts'
import type { ApiDeps } from './api.ts'
import { lines, says } from './says.ts'

const letterFilter = z.object({
  source: z.string().optional(),
  reason: z.enum(quarantineReasons).optional(),
  /** Those that were replayed, too. */
  replayed: z.stringbool().default(false),
  limit: z.coerce.number().int().min(1).max(10_000).default(100),
})

const replayInput = z.strictObject({
  ids: z.array(z.string()).max(10_000).optional(),
  source: z.string().optional(),
  reason: z.enum(quarantineReasons).optional(),
  /** Source that receives the events; needed for letters of unlisted keys. */
  to: z.string().optional(),
})

export function deadLetterRoutes(app: FastifyInstance, { control, deadLetters, log }: ApiDeps): void {
  app.get(
    '/api/dead-letters',
    says('Events that were kept out, with their reasons', { query: letterFilter }),
    async (request) => {
      const filter = parseInput(letterFilter, request.query)
      return { deadLetters: await deadLetters.list(filter) }
    },
  )

  app.post(
    '/api/dead-letters/replay',
    says('Sends events that were kept out in again', { body: replayInput, media: lines }),
    async (request, reply) => {
      const input = parseInput(replayInput, request.body)
      const { ids, ...filter } = input
      control.record('dead-letters.replay', input.source ?? '*', { ...filter, ids: ids?.length })
      return sendLines(reply, deadLetters.replay(input), log)
    },
  )
}
