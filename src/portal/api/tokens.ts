// Tokens of people and tools. The secret is shown once, when it is made.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { parseInput } from './body.ts'
import type { ApiDeps } from './api.ts'

const newToken = z.strictObject({ name: z.string().min(1).max(100) })

const identified = z.object({ id: z.string() })

export function tokenRoutes(app: FastifyInstance, { control }: ApiDeps): void {
  app.get('/api/tokens', () => ({ tokens: control.listTokens() }))

  app.post('/api/tokens', async (request, reply) => {
    const { name } = parseInput(newToken, request.body)
    const { info, token } = await control.createToken(name)
    return reply.code(201).send({ ...info, token })
  })

  app.delete('/api/tokens/:id', async (request, reply) => {
    const { id } = parseInput(identified, request.params)
    await control.revokeToken(id)
    return reply.code(204).send()
  })
}
