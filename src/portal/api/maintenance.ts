// Work on the warehouse that a person orders: another type for a column, a person's rows away, tables made anew.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { retypeTypes } from '../../deliver/warehouse/convert.ts'
import { namesOf, type PersonId } from '../../people/ids.ts'
import type { RetypeAnswer } from './answers.ts'
import type { ApiDeps } from './api.ts'
import { erasuresAnswer, erasuresOf } from './erasures.ts'
import { parseInput } from './body.ts'
import { sendLines } from './lines.ts'
import { lines, says } from './says.ts'

const retypeInput = z.strictObject({
  dataset: z.string().min(1),
  table: z.string().min(1),
  column: z.string().min(1),
  type: z.enum(retypeTypes),
})

const retypeAnswer: z.ZodType<RetypeAnswer> = z.strictObject({
  tables: z.array(z.string()),
  rows: z.number(),
  overflowed: z.number(),
})

const eraseInput = z.strictObject({
  userId: z.string().min(1).optional(),
  anonymousId: z.string().min(1).optional(),
  dataset: z.string().min(1).optional(),
})

const rebuildInput = z.strictObject({
  dataset: z.string().min(1).optional(),
  force: z.boolean().optional(),
})

/** Every value is kept, also one that doesn't fit, so that the type of before can be had again: administrators, at every door. */
export function retypeRoutes(app: FastifyInstance, { control, maintenance }: ApiDeps): void {
  app.post(
    '/api/maintenance/retype',
    says('Gives a column another type, old rows too', { body: retypeInput, answer: retypeAnswer }),
    async (request) => {
      const input = parseInput(retypeInput, request.body)
      control.record('maintenance.retype', `${input.dataset}.${input.table}.${input.column}`, { type: input.type })
      return maintenance.retype(input)
    },
  )
}

/** On the admin socket only: none of it can be taken back. */
export function maintenanceRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { hub, control, maintenance, forgetting, log } = deps
  app.post('/api/maintenance/erase', says('Removes the rows of one person', { body: eraseInput }), async (request) => {
    const input = parseInput(eraseInput, request.body)
    // Whom: that is what nobody shall know any more.
    control.record('maintenance.erase', input.dataset ?? '*', {
      by: input.userId === undefined ? 'anonymousId' : 'userId',
    })
    const { rows, persons, receivedUntilMicros: erasedAtMicros } = await maintenance.erase(input)
    await hub.personErased()
    if (input.dataset === undefined) control.people.forget(namesOf(erasedIds(input)))
    const { dataset = null, userId, anonymousId } = input
    control.erasures.add(
      { erasedAtMicros, dataset, persons, rows },
      { userId, anonymousId },
      forgetting.wanted(input.dataset),
    )
    forgetting.wake()
    return { rows }
  })

  app.get(
    '/api/maintenance/erasures',
    says('Erasures, and what of each is still to be done', { answer: erasuresAnswer }),
    async () => ({ erasures: await erasuresOf(deps) }),
  )

  app.post(
    '/api/maintenance/rebuild',
    says('Makes fed tables again from the archive; lines tell how far it is', { body: rebuildInput, media: lines }),
    async (request, reply) => {
      // Whoever started it and leaves has given it up, whatever it is doing at the moment.
      const abort = new AbortController()
      reply.raw.once('close', () => {
        abort.abort()
      })
      const input = parseInput(rebuildInput, request.body)
      control.record('maintenance.rebuild', input.dataset ?? '*', { force: input.force === true })
      return sendLines(reply, maintenance.rebuild({ ...input, signal: abort.signal }), log)
    },
  )
}

function erasedIds({ userId, anonymousId }: z.infer<typeof eraseInput>): PersonId[] {
  const user = userId === undefined ? [] : [{ kind: 'user' as const, id: userId }]
  return anonymousId === undefined ? user : [...user, { kind: 'anonymous', id: anonymousId }]
}
