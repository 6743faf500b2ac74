// Saved cohorts: made, changed, counted and listed. `:id` is an id or a name. Counting and listing are the caller's own questions.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { CohortPlace } from '../../control/cohorts.ts'
import type { Principal } from '../../control/principals.ts'
import { isoTime } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { cohortsIn } from '../../people/explore/cohort-parts.ts'
import type { Cohort, Cohorts } from '../../people/explore/cohorts.ts'
import type { CohortDefinition, PeopleAnswer, ShownSql } from '../../people/explore/spec.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import type { CohortAnswer, CohortAsked, CohortListed } from './cohort-answers.ts'
import { cohortsOf, exploreOf } from './explore.ts'
import { cohortDefinition, cohortIdsMax } from './explore-spec.ts'
import { callerOf } from './people.ts'
import { idOf, identified } from './saved-queries.ts'
import { says } from './says.ts'

const place = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}]*$/u, 'has control characters'),
  description: z.string().max(10_000).default(''),
  audience: z.enum(['everybody', 'owner']).default('everybody'),
}
const placeInput: z.ZodType<CohortPlace> = z.strictObject(place)
const cohortInput: z.ZodType<CohortAsked> = z.strictObject({ ...place, definition: cohortDefinition })
const pageInput = z.object({
  after: z.string().max(100_000).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
})

export function cohortRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const cohorts = cohortsOf(deps)
  const explore = exploreOf(deps)
  const { told, listed } = tellers(deps, cohorts)

  app.get('/api/cohorts', says('Saved cohorts'), ({ principal }): { cohorts: readonly CohortListed[] } => ({
    cohorts: cohorts().list(principal).map(listed),
  }))

  app.post('/api/cohorts', says('Saves a cohort', { body: cohortInput, status: 201 }), async (request, reply) => {
    const { definition, ...where } = parseInput(cohortInput, request.body)
    await explore().checkCohort(callerOf(request, reply), definition)
    return reply.code(201).send(told(cohorts().add(where, definition, request.principal), request.principal))
  })

  app.get('/api/cohorts/:id', says('One cohort', { params: identified }), (request) =>
    told(cohorts().get(idOf(request.params), request.principal), request.principal),
  )

  app.put(
    '/api/cohorts/:id',
    says('Changes a cohort', { params: identified, body: cohortInput }),
    async (request, reply) => {
      const { definition, ...where } = parseInput(cohortInput, request.body)
      const id = idOf(request.params)
      // First who may, so that nobody learns from the check.
      cohorts().own(id, request.principal)
      await explore().checkCohort(callerOf(request, reply), definition)
      return told(cohorts().save(id, where, definition, request.principal), request.principal)
    },
  )

  app.delete(
    '/api/cohorts/:id',
    says('Removes a cohort of which no other is made', { params: identified, status: 204 }),
    async (request, reply) => {
      cohorts().remove(idOf(request.params), request.principal)
      return reply.code(204).send()
    },
  )

  memberRoutes(app, deps)
}

function memberRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const cohorts = cohortsOf(deps)
  const explore = exploreOf(deps)
  const { told } = tellers(deps, cohorts)
  const found = (params: unknown, by: Principal): { definition: CohortDefinition; hidesIds: boolean } => {
    const cohort = cohorts().get(idOf(params), by)
    return { definition: cohort.definition, hidesIds: !cohorts().isOwn(cohort, by) }
  }

  app.get(
    '/api/cohorts/:id/size',
    says('How many people of a cohort whoever asks may see', { params: identified }),
    async (request, reply): Promise<{ people: number }> => {
      const { definition } = found(request.params, request.principal)
      return { people: await explore().cohortSize(callerOf(request, reply), definition) }
    },
  )

  app.get(
    '/api/cohorts/:id/sql',
    says('A statement that gives the people of a cohort', { params: identified }),
    async (request, reply): Promise<ShownSql> => {
      const { definition, hidesIds } = found(request.params, request.principal)
      return explore().cohortSql(callerOf(request, reply), definition, hidesIds)
    },
  )

  app.get(
    '/api/cohorts/:id/people',
    says('The people of a cohort whom whoever asks may see, by their ids', { params: identified, query: pageInput }),
    async (request, reply): Promise<PeopleAnswer> => {
      const { after, limit } = parseInput(pageInput, request.query)
      const { definition, hidesIds } = found(request.params, request.principal)
      return explore().cohortPeople(callerOf(request, reply), definition, { after, limit }, hidesIds)
    },
  )

  app.post(
    '/api/cohorts/:id/freeze',
    says('Keeps the people whom a cohort has now, as a list under another name', {
      params: identified,
      body: placeInput,
      status: 201,
    }),
    async (request, reply) => {
      const where = parseInput(placeInput, request.body)
      const { definition, hidesIds } = found(request.params, request.principal)
      const page = { after: undefined, limit: cohortIdsMax }
      const { people, next } = await explore().cohortPeople(callerOf(request, reply), definition, page, hidesIds)
      if (people.length === 0)
        throw new MillpondError('request-invalid', 'Nobody is in the cohort now, or nobody whom you may see')
      if (next !== null) {
        throw new MillpondError(
          'request-invalid',
          `The cohort has more people than the ${cohortIdsMax} that a list holds`,
        )
      }
      const list = { kind: 'ids', ids: people.map(({ id }) => id) } as const
      return reply.code(201).send(told(cohorts().add(where, list, request.principal), request.principal))
    },
  )
}

function tellers({ control }: ApiDeps, cohorts: () => Cohorts) {
  const listed = (cohort: Cohort): CohortListed => {
    const { id, name, description, audience, definition, owner, changedAtMicros } = cohort
    return {
      id,
      name,
      description,
      audience,
      kind: definition.kind,
      owner: control.principalById(owner)?.handle,
      changedAt: isoTime(changedAtMicros),
    }
  }
  const told = (cohort: Cohort, by: Principal): CohortAnswer => {
    const { definition, createdAtMicros } = cohort
    const seen = cohorts().list(by)
    const isMine = cohorts().isOwn(cohort, by)
    const used = definition.kind === 'question' ? cohortsIn(definition.spec) : []
    return {
      ...listed(cohort),
      createdAt: isoTime(createdAtMicros),
      definition: definition.kind === 'ids' && !isMine ? { kind: 'ids', ids: [] } : definition,
      idCount: definition.kind === 'ids' ? definition.ids.length : undefined,
      queryName: definition.kind === 'query' ? queryName(cohorts(), definition.query, by) : undefined,
      usedBy: cohorts().usersOf(cohort, by).map(named),
      uses: seen.filter(({ id }) => used.includes(id)).map(named),
      isMine,
    }
  }
  return { told, listed }
}

function named({ id, name }: Cohort): { readonly id: string; readonly name: string } {
  return { id, name }
}

/** Its audience may be another than the cohort's. */
function queryName(cohorts: Cohorts, id: string, by: Principal): string | undefined {
  try {
    const { folder, name } = cohorts.queryOf(id, by)
    return folder === '' ? name : `${folder}/${name}`
  } catch (error) {
    if (error instanceof MillpondError && error.code === 'not-found') return undefined
    throw error
  }
}
