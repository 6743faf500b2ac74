// What people do, counted: trends, funnels, retention and paths, and the people behind each number. Asked in the caller's name.
import type { FastifyInstance } from 'fastify'

import { Cohorts } from '../../people/explore/cohorts.ts'
import { Explore } from '../../people/explore/explore.ts'
import type { ExploreAnswer, EventsAnswer, PeopleAnswer } from '../../people/explore/spec.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { exploreSpec, peopleBehind } from './explore-spec.ts'
import { callerOf } from './people.ts'
import { says } from './says.ts'

export function exploreRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const explore = exploreOf(deps)

  app.get(
    '/api/explore/events',
    says('Events that can be asked about, the most frequent first'),
    async (request, reply): Promise<EventsAnswer> => explore().events(callerOf(request, reply)),
  )

  app.post(
    '/api/explore',
    says('A trend, funnel, retention or paths, with the SQL behind it', { body: exploreSpec }),
    async (request, reply): Promise<ExploreAnswer> =>
      explore().answer(callerOf(request, reply), parseInput(exploreSpec, request.body)),
  )

  app.post(
    '/api/explore/people',
    says('The people behind one number of it, by their ids', { body: peopleBehind }),
    async (request, reply): Promise<PeopleAnswer> => {
      const { spec, cell, after, limit } = parseInput(peopleBehind, request.body)
      return explore().people(callerOf(request, reply), spec, cell, { after, limit })
    },
  )
}

/** Per request: the deps are none of ours to look into before anybody asks. */
export function exploreOf(deps: ApiDeps): () => Explore {
  const cohorts = cohortsOf(deps)
  return () => {
    const { query, control, clock } = deps
    const sources = (): string[] => control.listSources().map(({ source }) => source)
    return new Explore({ road: query, sources, cohorts: cohorts(), clock })
  }
}

export function cohortsOf(deps: ApiDeps): () => Cohorts {
  return () => {
    const { control, jobs, clock } = deps
    return new Cohorts({ store: control.cohorts, queryOf: (id, by) => jobs.saved.get(id, by), clock })
  }
}
