// What members may see: grants, column masks and row filters.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { parseInput } from './body.ts'
import type { PoliciesAnswer } from './account-answers.ts'
import type { ApiDeps } from './api.ts'
import { says } from './says.ts'

const name = z.string().min(1).max(300)
const place = { dataset: name, table: name.default('*') }
const exempt = z.array(z.string()).max(1000).default([])

const grant = z.strictObject({ grantee: z.string(), ...place, privilege: z.enum(['read', 'write']).default('read') })
const maskPlace = z.strictObject({ ...place, column: name })
const mask = z.strictObject({
  ...place,
  column: name,
  kind: z.enum(['nothing', 'hash', 'default', 'last4']).default('nothing'),
  exempt,
})
const filterPlace = z.strictObject({ dataset: name, table: name })
const filter = z.strictObject({ dataset: name, table: name, predicate: z.string().min(1).max(10_000), exempt })

export function policyRoutes(app: FastifyInstance, { control, checkFilter, openBelow }: ApiDeps): void {
  app.get('/api/grants', says('Who may read and write which tables'), (): Pick<PoliciesAnswer, 'grants'> => ({
    grants: control.policies().grants,
  }))

  app.post(
    '/api/grants',
    says('Gives a grant', { body: grant, answer: grant, status: 201 }),
    async (request, reply) => {
      const added = parseInput(grant, request.body)
      await control.addGrant(added)
      return reply.code(201).send(added)
    },
  )

  app.post('/api/grants/remove', says('Takes a grant away', { body: grant, status: 204 }), async (request, reply) => {
    await control.removeGrant(parseInput(grant, request.body))
    return reply.code(204).send()
  })

  app.get('/api/policies', says('Masks of columns and filters of rows'), (): Omit<PoliciesAnswer, 'grants'> => {
    const { masks, filters } = control.policies()
    return { masks, filters }
  })

  app.post(
    '/api/policies/masks',
    says('Sets the mask of a column', { body: mask, status: 201 }),
    async (request, reply) => {
      const made = parseInput(mask, request.body)
      await control.putMask(made)
      return reply.code(201).send({ ...made, warnings: await openBelow(made) })
    },
  )

  app.post(
    '/api/policies/masks/remove',
    says('Removes the mask of a column', { body: maskPlace, status: 204 }),
    async (request, reply) => {
      await control.removeMask(parseInput(maskPlace, request.body))
      return reply.code(204).send()
    },
  )

  app.post(
    '/api/policies/filters',
    says('Sets the row filter of a table', { body: filter, status: 201 }),
    async (request, reply) => {
      const made = parseInput(filter, request.body)
      // A filter that can't be compiled would hide every row, from now on.
      await checkFilter(made)
      await control.putFilter(made)
      return reply.code(201).send({ ...made, warnings: await openBelow(made) })
    },
  )

  app.post(
    '/api/policies/filters/remove',
    says('Removes the row filter of a table', { body: filterPlace, status: 204 }),
    async (request, reply) => {
      await control.removeFilter(parseInput(filterPlace, request.body))
      return reply.code(204).send()
    },
  )
}
