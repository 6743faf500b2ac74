// People and services: who there is, and what they are.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { roles } from '../../control/principals.ts'
import { parseInput } from './body.ts'
import type { MeAnswer } from './answers.ts'
import type { ApiDeps } from './api.ts'

const role = z.enum(roles)
const attributes = z.record(z.string(), z.union([z.string(), z.array(z.string())]))

const newPrincipal = z.strictObject({
  handle: z.string(),
  kind: z.enum(['person', 'service']).default('person'),
  role: role.default('member'),
  attributes: attributes.default({}),
})

const change = z.strictObject({ role: role.optional(), attributes: attributes.optional() })

const named = z.object({ handle: z.string() })

export function principalRoutes(app: FastifyInstance, { control }: ApiDeps): void {
  app.get('/api/me', ({ principal: { id, kind, handle, role, attributes }, sessionId }): MeAnswer => {
    const email = control.logins.users().find((user) => user.handle === handle)?.email ?? null
    return { id, kind, handle, role, attributes, email, hasSession: sessionId !== undefined }
  })

  app.get('/api/principals', () => ({ principals: control.listPrincipals() }))

  app.post('/api/principals', async (request, reply) => {
    const input = parseInput(newPrincipal, request.body)
    const made = await control.addPrincipal(input.handle, input.kind, input.role, input.attributes)
    return reply.code(201).send(made)
  })

  app.post('/api/principals/:handle', async (request) => {
    const { handle } = parseInput(named, request.params)
    return control.changePrincipal(handle, parseInput(change, request.body))
  })

  app.delete('/api/principals/:handle', async (request, reply) => {
    await control.removePrincipal(parseInput(named, request.params).handle)
    return reply.code(204).send()
  })
}
