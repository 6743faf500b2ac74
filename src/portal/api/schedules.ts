// Schedules and their runs. Members see and change their own, administrators everybody's.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { isoTime } from '../../core/clock.ts'
import type { Principal } from '../../control/principals.ts'
import type { Run, Schedule } from '../../control/schedules.ts'
import { parseInput } from './body.ts'
import type { RunAnswer, ScheduleAnswer } from './job-answers.ts'
import type { ApiDeps } from './api.ts'
import { identified, idOf, jsonValue, settingInput } from './saved-queries.ts'
import { says } from './says.ts'

const name = z.string().trim().min(1).max(200)
const column = z.string().min(1).max(300)
const columns = z.array(column).min(1).max(100)
const severity = z.enum(['fail', 'warn']).default('fail')
const count = z.number().int().min(0)
const testInput = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('not_null'), columns, severity }),
  z.strictObject({ kind: z.literal('unique'), columns, severity }),
  z.strictObject({ kind: z.literal('rows'), min: count.optional(), max: count.optional(), severity }),
  z.strictObject({ kind: z.literal('freshness'), column, hoursMax: z.number().int().min(1).max(100_000), severity }),
  z.strictObject({ kind: z.literal('anomaly'), severity }),
])
const targetInput = z.strictObject({
  dataset: z.string().min(1).max(1_024),
  table: z.string().min(1).max(1_024),
  mode: z.enum(['replace', 'append', 'replace-partition', 'merge']),
  partition: z
    .strictObject({
      column,
      day: z.string().min(1).max(100).default('today'),
      scope: z
        .array(z.string().regex(/^[A-Za-z_]\w*$/))
        .max(20)
        .default([]),
    })
    .optional(),
  keys: z.array(column).max(20).default([]),
})
const scheduleInput = z.strictObject({
  name,
  query: z.string().min(1).max(500),
  version: z.number().int().positive().optional(),
  cron: z.string().min(1).max(200),
  zone: z.string().min(1).max(100).default('UTC'),
  parameters: z
    .record(z.string(), z.union([settingInput, z.strictObject({ each: z.array(jsonValue).min(1).max(100) })]))
    .default({}),
  forEach: z.string().min(1).max(500).optional(),
  target: targetInput,
  tests: z.array(testInput).max(50).default([]),
  missed: z.enum(['all', 'last', 'skip']).default('last'),
  retriesMax: z.number().int().min(0).default(3),
  timeoutMs: z.number().int().min(1_000).optional(),
  bytesBilledMax: z.number().int().min(0).optional(),
  lookbackDays: z.number().int().min(0).default(0),
})
const date = z.iso.date()
const backfillInput = z.strictObject({ from: date, to: date, dryRun: z.boolean().default(false) })
const runNowInput = z.strictObject({ runTime: z.iso.datetime({ offset: true }).optional() })
const runIdentified = identified.extend({ run: z.string().min(1).max(100) })
const runsWanted = z.object({ limit: z.coerce.number().int().min(1).max(10_000).default(100) })

export function scheduleRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { jobs, control } = deps
  const told = (schedule: Schedule, by: Principal): ScheduleAnswer => {
    const { owner, plannedUntilMicros, createdAtMicros, changedAtMicros, ...rest } = schedule
    const [lastRun] = jobs.schedules.runs(schedule.id, by, 1)
    const nextMs = jobs.schedules.nextTime(schedule)
    return {
      ...rest,
      lastRun: lastRun && runTold(lastRun),
      bytesAMonth: jobs.schedules.bytesAMonth(schedule),
      nextRunTime: nextMs === undefined ? undefined : new Date(nextMs).toISOString(),
      plannedUntil: isoTime(plannedUntilMicros),
      owner: control.principalById(owner)?.handle ?? owner,
      createdAt: isoTime(createdAtMicros),
      changedAt: isoTime(changedAtMicros),
    }
  }

  app.get('/api/schedules', says('Schedules'), ({ principal }) => ({
    schedules: jobs.schedules.list(principal).map((schedule) => told(schedule, principal)),
  }))

  app.post('/api/schedules', says('Adds a schedule', { body: scheduleInput, status: 201 }), async (request, reply) => {
    const added = await jobs.schedules.add(parseInput(scheduleInput, request.body), request.principal)
    return reply.code(201).send(told(added, request.principal))
  })

  app.get('/api/schedules/:id', says('One schedule', { params: identified }), (request) =>
    told(jobs.schedules.get(idOf(request.params), request.principal), request.principal),
  )

  app.put(
    '/api/schedules/:id',
    says('Changes a schedule', { params: identified, body: scheduleInput }),
    async (request) => {
      const definition = parseInput(scheduleInput, request.body)
      return told(await jobs.schedules.change(idOf(request.params), definition, request.principal), request.principal)
    },
  )

  app.delete(
    '/api/schedules/:id',
    says('Removes a schedule', { params: identified, status: 204 }),
    async (request, reply) => {
      jobs.schedules.remove(idOf(request.params), request.principal)
      return reply.code(204).send()
    },
  )

  app.post('/api/schedules/:id/pause', says('Pauses a schedule', { params: identified }), (request) =>
    told(jobs.schedules.setEnabled(idOf(request.params), false, request.principal), request.principal),
  )

  app.post('/api/schedules/:id/resume', says('Lets a paused schedule go on', { params: identified }), (request) =>
    told(jobs.schedules.setEnabled(idOf(request.params), true, request.principal), request.principal),
  )

  runRoutes(app, deps)
}

function runRoutes(app: FastifyInstance, { jobs }: ApiDeps): void {
  app.post(
    '/api/schedules/preview',
    says('The next runs of a schedule that is not saved, with their values and cost', { body: scheduleInput }),
    async (request) => jobs.schedules.previewDraft(parseInput(scheduleInput, request.body), request.principal),
  )

  app.get(
    '/api/schedules/:id/next',
    says('The next runs, with their values and cost', { params: identified }),
    async (request) => jobs.schedules.preview(idOf(request.params), request.principal),
  )

  app.get(
    '/api/schedules/:id/runs',
    says('Runs, newest first', { params: identified, query: runsWanted }),
    (request) => {
      const { limit } = parseInput(runsWanted, request.query)
      return { runs: jobs.schedules.runs(idOf(request.params), request.principal, limit).map(runTold) }
    },
  )

  app.post(
    '/api/schedules/:id/run',
    says('Runs it now', { params: identified, body: runNowInput, status: 202 }),
    async (request, reply) => {
      const { runTime } = parseInput(runNowInput, request.body)
      const at = runTime === undefined ? undefined : Date.parse(runTime)
      const runs = jobs.schedules.runNow(idOf(request.params), request.principal, at)
      return reply.code(202).send({ runs: runs.map(({ id }) => ({ id })) })
    },
  )

  app.post(
    '/api/schedules/:id/backfill',
    says('Runs it for days gone by; with `dryRun` what that would cost', {
      params: identified,
      body: backfillInput,
      status: 202,
    }),
    async (request, reply) => {
      const { from, to, dryRun } = parseInput(backfillInput, request.body)
      const days = { from, to, isDryRun: dryRun }
      const filled = await jobs.schedules.backfill(idOf(request.params), request.principal, days)
      return reply.code(dryRun ? 200 : 202).send(filled)
    },
  )

  app.post('/api/schedules/:id/runs/:run/cancel', says('Cancels a run', { params: runIdentified }), async (request) => {
    const { id, run } = parseInput(runIdentified, request.params)
    return runTold(await jobs.schedules.cancelRun(id, run, request.principal))
  })
}

function runTold({ runTimeMicros, queuedAtMicros, startedAtMicros, endedAtMicros, ...run }: Run): RunAnswer {
  const { schedule: _, waitsUntilMicros, facts, set, ...rest } = run
  const iso = (micros: number | undefined): string | undefined => (micros === undefined ? undefined : isoTime(micros))
  return {
    ...rest,
    runTime: isoTime(runTimeMicros),
    set,
    queuedAt: isoTime(queuedAtMicros),
    triedAgainAt: run.state === 'queued' && waitsUntilMicros > 0 ? isoTime(waitsUntilMicros) : undefined,
    startedAt: iso(startedAtMicros),
    endedAt: iso(endedAtMicros),
    ...facts,
  }
}
