// What is one's own: sessions in browsers, and tokens for notebooks and BI tools. Nobody sees, or ends, what is somebody else's.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { MillpondError } from '../../core/errors.ts'
import { parseInput } from './body.ts'
import type { MadeTokenAnswer, SessionAnswer, TokenAnswer } from './account-answers.ts'
import type { ApiDeps } from './api.ts'
import { sessionOf } from './sign-in.ts'
import { says } from './says.ts'
import { endOf, tokenDays } from './tokens.ts'

const identified = z.object({ id: z.string().max(100) })
const newToken = z.strictObject({ name: z.string().min(1).max(100), expiresInDays: tokenDays })

export function sessionRoutes(app: FastifyInstance, { control, clock }: ApiDeps): void {
  app.get('/api/sessions', says('Your sessions'), (request): { sessions: SessionAnswer[] } => {
    const { principal, sessionId } = request
    return { sessions: control.sessions.list(principal.id).map((one) => ({ ...one, isThis: one.id === sessionId })) }
  })

  app.delete('/api/sessions', says('Ends all your other sessions', { status: 204 }), async (request, reply) => {
    const { principal, sessionId } = sessionOf(request)
    control.sessions.endOthers(principal.id, sessionId)
    return reply.code(204).send()
  })

  app.delete(
    '/api/sessions/:id',
    says('Ends one of your sessions', { params: identified, status: 204 }),
    async (request, reply) => {
      const { id } = parseInput(identified, request.params)
      control.sessions.end(sessionOf(request).principal.id, id)
      return reply.code(204).send()
    },
  )

  app.get('/api/me/tokens', says('Your tokens'), (request): { tokens: TokenAnswer[] } => ({
    tokens: control.listTokens().filter(({ handle }) => handle === request.principal.handle),
  }))

  app.post(
    '/api/me/tokens',
    says('Makes a token of yours; shown once', { body: newToken, status: 201 }),
    async (request, reply) => {
      const { principal } = sessionOf(request)
      const { name, expiresInDays } = parseInput(newToken, request.body)
      const { info, token } = await control.createToken(name, principal.handle, endOf(expiresInDays, clock))
      return reply.code(201).send({ ...info, token } satisfies MadeTokenAnswer)
    },
  )

  app.delete(
    '/api/me/tokens/:id',
    says('Revokes a token of yours', { params: identified, status: 204 }),
    async (request, reply) => {
      const { id } = parseInput(identified, request.params)
      const { handle } = request.principal
      const isOwn = control.listTokens().some((one) => one.id === id && one.handle === handle)
      // The same answer for what is somebody else's and for what isn't there.
      if (!isOwn) throw new MillpondError('token-unknown', `You have no token with id "${id.slice(0, 80)}"`)
      await control.revokeToken(id)
      return reply.code(204).send()
    },
  )
}
