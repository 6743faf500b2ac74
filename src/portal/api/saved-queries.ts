// Saved queries: SQL with a name, parameters and versions. `:id` is an id, or `folder/name` in its encoded form.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'

import { isoTime } from '../../core/clock.ts'
import type { QueryVersion, SavedQuery } from '../../control/saved-queries.ts'
import type { JsonValue } from '../../control/json-value.ts'
import { isZone } from '../../core/zone.ts'
import { parseInput } from './body.ts'
import type { QueryVersionAnswer, SavedQueryAnswer } from './job-answers.ts'
import { answerRows } from './query.ts'
import type { ApiDeps } from './api.ts'
import { lines, says } from './says.ts'

export const jsonValue: z.ZodType<JsonValue> = z.json()
export const settingInput = z.union([
  z.strictObject({ value: jsonValue }),
  z.strictObject({ relative: z.string().min(1).max(100) }),
])
const parameterName = z.string().regex(/^[A-Za-z_]\w{0,127}$/, 'is no name of a parameter')
export const definitionInput = z.strictObject({
  name: parameterName,
  type: z.string().min(1).max(1_000),
  description: z.string().max(1_000).optional(),
  default: settingInput.optional(),
  choices: z.array(jsonValue).min(1).max(1_000).optional(),
  /** Asked when somebody fills in the form; may name other parameters. */
  choicesSql: z.string().min(1).max(100_000).optional(),
})
const pathPart = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .regex(/^[^\p{Cc}]*$/u, 'has control characters')
export const zoneInput = z.string().min(1).max(100).refine(isZone, 'is no time zone: Asia/Taipei, UTC').default('UTC')
const savedInput = z.strictObject({
  name: pathPart.regex(/^[^/]*$/, 'has a slash: folders have a field of their own'),
  folder: z.union([z.literal(''), pathPart]).default(''),
  description: z.string().max(10_000).default(''),
  /** Absent: as it was; at first everybody. */
  audience: z.enum(['everybody', 'owner']).optional(),
  dialect: z.enum(['googlesql', 'duckdb']).default('googlesql'),
  sql: z.string().min(1).max(1_000_000),
  parameters: z.array(definitionInput).max(100).default([]),
  zone: zoneInput,
})
const runInput = z.strictObject({
  version: z.number().int().positive().optional(),
  /** By name: a value, or {"relative": "yesterday"}. */
  parameters: z.record(z.string(), settingInput).default({}),
  maximumBytesBilled: z.number().int().min(0).optional(),
})
const verifyInput = z.strictObject({ version: z.number().int().positive() })
/** By id or by name: of queries and of schedules. */
export const identified = z.object({ id: z.string().min(1).max(500) })

export function savedQueryRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { jobs } = deps
  const { told } = tellers(deps)

  app.get('/api/queries', says('Saved queries'), ({ principal }) => ({
    queries: jobs.saved.list(principal).map(told),
  }))

  app.post('/api/queries', says('Saves a query', { body: savedInput, status: 201 }), async (request, reply) => {
    const { name, folder, description, audience, ...content } = parseInput(savedInput, request.body)
    return reply
      .code(201)
      .send(told(jobs.saved.add({ name, folder, description, audience }, content, request.principal)))
  })

  app.get('/api/queries/:id', says('One saved query, in its newest version', { params: identified }), (request) =>
    told(jobs.saved.get(idOf(request.params), request.principal)),
  )

  app.put('/api/queries/:id', says('Saves a new version', { params: identified, body: savedInput }), (request) => {
    const { name, folder, description, audience, ...content } = parseInput(savedInput, request.body)
    return told(
      jobs.saved.save(idOf(request.params), { name, folder, description, audience }, content, request.principal),
    )
  })

  app.delete(
    '/api/queries/:id',
    says('Removes a saved query', { params: identified, status: 204 }),
    async (request, reply) => {
      jobs.saved.remove(idOf(request.params), request.principal)
      return reply.code(204).send()
    },
  )

  versionRoutes(app, deps)
}

function versionRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { jobs } = deps
  const { versionTold } = tellers(deps)

  app.get('/api/queries/:id/versions', says('All versions of a saved query', { params: identified }), (request) => ({
    versions: jobs.saved.versions(idOf(request.params), request.principal).map(versionTold),
  }))

  app.post(
    '/api/queries/:id/verify',
    says('Marks a version as verified', { params: identified, body: verifyInput }),
    (request) => {
      const { version } = parseInput(verifyInput, request.body)
      return versionTold(jobs.saved.verify(idOf(request.params), version, request.principal))
    },
  )

  app.post(
    '/api/queries/:id/run',
    says('Runs a saved query; its rows as lines', { params: identified, body: runInput, media: lines }),
    async (request, reply): Promise<FastifyReply> => {
      const { maximumBytesBilled, ...input } = parseInput(runInput, request.body)
      const caller = { principal: request.principal, port: 'api' as const }
      const asked = jobs.saved.request(idOf(request.params), input, caller)
      return answerRows(deps, { ...asked, bytesBilledMax: maximumBytesBilled }, reply)
    },
  )
}

/** People by their handles, times as ISO. */
function tellers({ control }: ApiDeps): {
  readonly told: (query: SavedQuery) => SavedQueryAnswer
  readonly versionTold: (version: QueryVersion) => QueryVersionAnswer
} {
  const handleOf = (id: string | undefined): string | undefined =>
    id === undefined ? undefined : (control.principalById(id)?.handle ?? id)
  const versionTold = ({
    savedAtMicros,
    verifiedAtMicros,
    savedBy,
    verifiedBy,
    verifiers: _verifiers,
    ...rest
  }: QueryVersion): QueryVersionAnswer => ({
    ...rest,
    savedBy: handleOf(savedBy),
    savedAt: isoTime(savedAtMicros),
    verifiedBy: handleOf(verifiedBy),
    verifiedAt: verifiedAtMicros === undefined ? undefined : isoTime(verifiedAtMicros),
  })
  const told = ({ latest, owner, createdAtMicros, changedAtMicros, ...rest }: SavedQuery): SavedQueryAnswer => ({
    ...versionTold(latest),
    ...rest,
    owner: handleOf(owner),
    createdAt: isoTime(createdAtMicros),
    changedAt: isoTime(changedAtMicros),
  })
  return { told, versionTold }
}

export function idOf(params: unknown): string {
  return parseInput(identified, params).id
}
