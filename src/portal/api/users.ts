// People who sign in: invited, disabled and enabled by administrators. Roles and attributes are those of principals.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { invitedUser } from '../../control/login-store.ts'
import { roles } from '../../control/principals.ts'
import { parseInput } from './body.ts'
import type { InvitedUserAnswer, UserAnswer } from './account-answers.ts'
import type { ApiDeps } from './api.ts'
import { says } from './says.ts'

const newUser = z.strictObject({
  email: z.string().max(320),
  role: z.enum(roles),
  handle: z.string().min(1).max(64).optional(),
})
const named = z.object({ handle: z.string() })

export function userRoutes(app: FastifyInstance, { control }: ApiDeps): void {
  app.get('/api/users', says('People who sign in'), (): { users: UserAnswer[] } => ({ users: control.logins.users() }))

  app.post('/api/users', says('Invites somebody', { body: newUser, status: 201 }), async (request, reply) => {
    const made: InvitedUserAnswer = invitedUser(control.logins.add(parseInput(newUser, request.body)))
    return reply.code(201).send(made)
  })

  app.post(
    '/api/users/:handle/invite',
    says('Makes a new link for somebody who was invited', { params: named }),
    (request): InvitedUserAnswer => invitedUser(control.logins.invite(parseInput(named, request.params).handle)),
  )

  for (const [name, isDisabled, summary] of [
    ['disable', true, 'Shuts somebody out, everywhere at once'],
    ['enable', false, 'Lets somebody in again'],
  ] as const) {
    app.post(`/api/users/:handle/${name}`, says(summary, { params: named }), (request): UserAnswer =>
      control.logins.setDisabled(parseInput(named, request.params).handle, isDisabled),
    )
  }
}
