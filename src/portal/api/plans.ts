// Tracking plans: what a source has promised to send, what would break it, and one to begin with.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { Principal } from '../../control/principals.ts'
import { isoTime } from '../../core/clock.ts'
import { parseJson } from '../../core/exact-json.ts'
import { planCalls, type TrackingPlan } from '../../core/tracking-plan.ts'
import { draftOf, type SeenEvent } from '../../deliver/screen/plan-draft.ts'
import { checkPlan, CompiledPlan } from '../../deliver/screen/plan-book.ts'
import { nameText } from '../../sql/print/text.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import type { PlanAnswer, PlanTriedAnswer } from './plan-answers.ts'
import { says } from './says.ts'

const action = z.enum(['flag', 'quarantine'])
const planInput: z.ZodType<TrackingPlan> = z.strictObject({
  rules: z
    .array(
      z.strictObject({
        call: z.enum(planCalls),
        event: z.string().min(1).max(1_000).optional(),
        schema: z.record(z.string(), z.unknown()),
        onViolation: action,
      }),
    )
    .max(1_000),
  unplanned: z.enum(['allow', 'flag', 'quarantine']).default('allow'),
})
const named = z.object({ source: z.string() })
/** Enough to see what a day looks like, few enough to be read while somebody waits. */
const lookedAt = 5_000
const told = 100

export function planRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { control, sourcesChanged } = deps

  const answerOf = (source: string): PlanAnswer => {
    const { inForce, versions } = control.trackingPlan(source)
    return {
      version: inForce ?? null,
      plan: versions.find(({ version }) => version === inForce)?.plan ?? null,
      versions: versions.map(({ version, plan, savedBy, savedAtMicros }) => ({
        version,
        plan,
        savedBy: control.principalById(savedBy)?.handle,
        savedAt: isoTime(savedAtMicros),
      })),
    }
  }

  app.get('/api/sources/:source/plan', says('What a source has promised to send', { params: named }), (request) =>
    answerOf(parseInput(named, request.params).source),
  )

  app.put(
    '/api/sources/:source/plan',
    says('A new version of the plan, in force for what comes from now on', { params: named, body: planInput }),
    async (request) => {
      const { source } = parseInput(named, request.params)
      const plan = parseInput(planInput, request.body)
      checkPlan(plan)
      await control.setTrackingPlan(source, plan, request.principal.id)
      sourcesChanged()
      return answerOf(source)
    },
  )

  app.delete(
    '/api/sources/:source/plan',
    says('Nothing is promised any more; versions stay', { params: named }),
    async (request) => {
      const { source } = parseInput(named, request.params)
      await control.setTrackingPlan(source, undefined, request.principal.id)
      sourcesChanged()
      return answerOf(source)
    },
  )

  app.post(
    '/api/sources/:source/plan/try',
    says('What a plan would have against the newest stored events', { params: named, body: planInput }),
    async (request): Promise<PlanTriedAnswer> => {
      const { source } = parseInput(named, request.params)
      const plan = parseInput(planInput, request.body)
      checkPlan(plan)
      return tried(plan, await seenEvents(deps, source, request.principal))
    },
  )

  app.get(
    '/api/sources/:source/plan/draft',
    says('A plan made of the newest stored events, to begin with', { params: named }),
    async (request): Promise<{ plan: TrackingPlan; events: number }> => {
      const { source } = parseInput(named, request.params)
      const seen = await seenEvents(deps, source, request.principal)
      return { plan: draftOf(seen), events: seen.length }
    },
  )
}

/** Newest first, with the rights of whoever asks. None while nothing was tracked. */
async function seenEvents({ control, query }: ApiDeps, source: string, principal: Principal): Promise<SeenEvent[]> {
  control.trackingPlan(source)
  const tables = await query.visibleTables(principal)
  if (!tables.some(({ dataset, table }) => dataset === source && table === 'tracks')) return []
  const sql = `SELECT event_text, TO_JSON_STRING(properties) FROM ${nameText(source)}.tracks ORDER BY received_at DESC LIMIT ${lookedAt}`
  const job = await query.submit({ sql, dialect: 'googlesql', principal, port: 'portal' }, AbortSignal.timeout(60_000))
  const { chunks } = await job.result()
  const seen: SeenEvent[] = []
  for await (const { columns, rowCount } of chunks) {
    for (let row = 0; row < rowCount; row += 1) {
      const [name, properties] = [columns[0]?.[row], columns[1]?.[row]]
      const value = typeof properties === 'string' ? parseJson(properties) : {}
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      if (typeof name === 'string') seen.push({ name, properties: isObject ? (value as SeenEvent['properties']) : {} })
    }
  }
  return seen
}

function tried(plan: TrackingPlan, seen: readonly SeenEvent[]): PlanTriedAnswer {
  const compiled = new CompiledPlan(plan)
  const found = new Map<string, PlanTriedAnswer['violations'][number]>()
  for (const { name, properties } of seen) {
    const finding = compiled.check({ type: 'track', name, event: { properties } })
    for (const problem of finding?.problems ?? []) {
      const key = JSON.stringify([name, problem])
      const known = found.get(key) ?? { event: name, action: finding?.action ?? 'flag', problem, events: 0 }
      found.set(key, { ...known, events: known.events + 1 })
    }
  }
  const violations = [...found.values()].sort((one, other) => other.events - one.events).slice(0, told)
  return { events: seen.length, violations }
}
