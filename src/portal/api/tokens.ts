// Tokens and service-account keys of people and tools. A secret is shown once, when it is made.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { parseInput } from './body.ts'
import type { KeyAnswer, MadeKeyAnswer, MadeTokenAnswer, TokenAnswer } from './account-answers.ts'
import type { ApiDeps } from './api.ts'
import { says } from './says.ts'

/** Absent: it is good until it is revoked. */
export const tokenDays = z.int().min(1).max(3_650).optional()

const newToken = z.strictObject({
  name: z.string().min(1).max(100),
  /** Handle of whoever will use it; absent: the owner. */
  for: z.string().min(1).max(64).optional(),
  expiresInDays: tokenDays,
})

const newKey = z.strictObject({
  handle: z.string().min(1).max(64),
  /** As clients will name it. */
  project: z.string().regex(/^[a-z][a-z0-9-]{4,28}[a-z0-9]$/),
  /** Under which clients reach us; absent: the setting `publicUrl`. */
  publicUrl: z.url({ protocol: /^https?$/ }).optional(),
})

const identified = z.object({ id: z.string() })

export function tokenRoutes(app: FastifyInstance, { control, publicUrl, clock }: ApiDeps): void {
  app.get('/api/tokens', says('Tokens of everybody'), (): { tokens: TokenAnswer[] } => ({
    tokens: control.listTokens(),
  }))

  app.post(
    '/api/tokens',
    says('Makes a token; shown once', { body: newToken, status: 201 }),
    async (request, reply) => {
      const input = parseInput(newToken, request.body)
      const { info, token } = await control.createToken(input.name, input.for, endOf(input.expiresInDays, clock))
      return reply.code(201).send({ ...info, token } satisfies MadeTokenAnswer)
    },
  )

  app.delete(
    '/api/tokens/:id',
    says('Revokes a token', { params: identified, status: 204 }),
    async (request, reply) => {
      const { id } = parseInput(identified, request.params)
      await control.revokeToken(id)
      return reply.code(204).send()
    },
  )

  app.get('/api/keys', says('Service-account keys'), (): { keys: KeyAnswer[] } => ({ keys: control.listKeys() }))

  app.post(
    '/api/keys',
    says('Makes a service-account key; shown once', { body: newKey, status: 201 }),
    async (request, reply) => {
      const input = parseInput(newKey, request.body)
      const address = input.publicUrl ?? publicUrl
      if (address === undefined) {
        throw new MillpondError('request-invalid', '`publicUrl` is missing: the address under which clients reach us.')
      }
      const made = await control.createKey(input.handle, {
        project: input.project,
        publicUrl: address.replace(/\/+$/, ''),
      })
      return reply.code(201).send({ ...made.info, key: made.key } satisfies MadeKeyAnswer)
    },
  )

  app.delete(
    '/api/keys/:id',
    says('Revokes a service-account key', { params: identified, status: 204 }),
    async (request, reply) => {
      const { id } = parseInput(identified, request.params)
      await control.revokeKey(id)
      return reply.code(204).send()
    },
  )
}

const dayMicros = 24 * 3_600_000_000

export function endOf(days: number | undefined, clock: Pick<Clock, 'nowMicros'>): number | undefined {
  return days === undefined ? undefined : clock.nowMicros() + days * dayMicros
}
