// People and services: who there is, and what they are.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { roles } from '../../control/principals.ts'
import { parseInput } from './body.ts'
import type { PrincipalAnswer } from './account-answers.ts'
import type { MeAnswer } from './answers.ts'
import type { ApiDeps } from './api.ts'
import { says } from './says.ts'

const role = z.enum(roles)
const attributes = z.record(z.string(), z.union([z.string(), z.array(z.string())]))

const newPrincipal = z.strictObject({
  handle: z.string(),
  kind: z.enum(['person', 'service']).default('person'),
  role: role.default('member'),
  attributes: attributes.default({}),
})

const change = z.strictObject({ role: role.optional(), attributes: attributes.optional() })

const meAnswer: z.ZodType<MeAnswer> = z.strictObject({
  id: z.string(),
  kind: z.string(),
  handle: z.string(),
  role,
  attributes,
  email: z.string().nullable(),
  hasSession: z.boolean(),
})

const named = z.object({ handle: z.string() })

export function principalRoutes(app: FastifyInstance, { control }: ApiDeps): void {
  app.get(
    '/api/me',
    says('Who you are', { answer: meAnswer }),
    ({ principal: { id, kind, handle, role, attributes }, sessionId }): MeAnswer => {
      const email = control.logins.users().find((user) => user.handle === handle)?.email ?? null
      return { id, kind, handle, role, attributes, email, hasSession: sessionId !== undefined }
    },
  )

  app.get('/api/principals', says('People and services'), (): { principals: PrincipalAnswer[] } => ({
    principals: control.listPrincipals(),
  }))

  app.post(
    '/api/principals',
    says('Adds a person or a service', { body: newPrincipal, status: 201 }),
    async (request, reply) => {
      const input = parseInput(newPrincipal, request.body)
      const made: PrincipalAnswer = await control.addPrincipal(input.handle, input.kind, input.role, input.attributes)
      return reply.code(201).send(made)
    },
  )

  app.post(
    '/api/principals/:handle',
    says('Changes role or attributes', { params: named, body: change }),
    async (request): Promise<PrincipalAnswer> => {
      const { handle } = parseInput(named, request.params)
      return control.changePrincipal(handle, parseInput(change, request.body))
    },
  )

  app.delete(
    '/api/principals/:handle',
    says('Removes a person or a service', { params: named, status: 204 }),
    async (request, reply) => {
      await control.removePrincipal(parseInput(named, request.params).handle)
      return reply.code(204).send()
    },
  )
}
