// Reports: dashboards that are mailed by the clock. `:id` is an id or a name; others' reports are not told of.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { Report, ReportMail } from '../../control/reports.ts'
import { isoTime } from '../../core/clock.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import type { ReportAnswer, ReportAsked, ReportMailAnswer, ReportPreviewAnswer } from './report-answers.ts'
import { identified, idOf, settingInput, zoneInput } from './saved-queries.ts'
import { says } from './says.ts'

const reportInput: z.ZodType<ReportAsked> = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}]*$/u, 'has control characters'),
  dashboard: z.string().min(1).max(200),
  cron: z.string().min(1).max(200),
  zone: zoneInput,
  parameters: z.record(z.string().max(128), settingInput).default({}),
  routes: z.array(z.string().min(1).max(40)).min(1).max(20),
  skipsEmpty: z.boolean().default(false),
})
const mailsMax = 100

export function reportRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const told = tellerOf(deps)

  app.get('/api/reports', says('Reports of one’s own; administrators see all'), (request) => ({
    reports: deps.reports.list(request.principal).map(told),
  }))

  app.post('/api/reports', says('Makes a report', { body: reportInput, status: 201 }), async (request, reply) => {
    const { name, ...definition } = parseInput(reportInput, request.body)
    return reply.code(201).send(told(deps.reports.add(name, definition, request.principal)))
  })

  app.get('/api/reports/:id', says('One report', { params: identified }), (request) =>
    told(deps.reports.get(idOf(request.params), request.principal)),
  )

  app.put('/api/reports/:id', says('Changes a report', { params: identified, body: reportInput }), (request) => {
    const { name, ...definition } = parseInput(reportInput, request.body)
    return told(deps.reports.change(idOf(request.params), name, definition, request.principal))
  })

  app.delete(
    '/api/reports/:id',
    says('Removes a report with its history', { params: identified, status: 204 }),
    async (request, reply) => {
      deps.reports.remove(idOf(request.params), request.principal)
      return reply.code(204).send()
    },
  )

  for (const [word, isEnabled] of [
    ['pause', false],
    ['resume', true],
  ] as const)
    app.post(`/api/reports/:id/${word}`, says(`Lets a report ${word}`, { params: identified }), (request) =>
      told(deps.reports.setEnabled(idOf(request.params), isEnabled, request.principal)),
    )

  mailRoutes(app, deps)
}

function mailRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.post(
    '/api/reports/:id/send',
    says('Sends a report now, besides its times', { params: identified, status: 202 }),
    async (request, reply) => {
      deps.reports.sendNow(idOf(request.params), request.principal)
      return reply.code(202).send({})
    },
  )

  app.get('/api/reports/:id/mails', says('The newest 100 mails of a report', { params: identified }), (request) => {
    const { id } = deps.reports.get(idOf(request.params), request.principal)
    return { mails: deps.control.reports.mails(id, mailsMax).map(mailTold) }
  })

  app.get(
    '/api/reports/:id/preview',
    says('The mail as it would be now, for whoever asks', { params: identified }),
    async (request): Promise<ReportPreviewAnswer> => {
      const { subject, text, html, failed } = await deps.reports.preview(idOf(request.params), request.principal)
      return { subject, text, html, failed }
    },
  )
}

function tellerOf(deps: ApiDeps) {
  const slugOf = (id: string): string => deps.control.dashboards.list().find((one) => one.id === id)?.slug ?? id
  return (report: Report): ReportAnswer => {
    const { id, name, owner, isEnabled, definition } = report
    const [last] = deps.control.reports.mails(id, 1)
    return {
      ...definition,
      id,
      name,
      dashboard: slugOf(definition.dashboard),
      owner: deps.control.principalById(owner)?.handle,
      isEnabled,
      nextTimes: deps.reports.nextTimes(report, 3).map((ms) => isoTime(ms * 1000)),
      lastMail: last === undefined ? null : mailTold(last),
    }
  }
}

function mailTold({ dueAtMicros, route, state, attempts, endedAtMicros, note }: ReportMail): ReportMailAnswer {
  const endedAt = endedAtMicros === null ? null : isoTime(endedAtMicros)
  return { due: isoTime(dueAtMicros), route, state, attempts, endedAt, note }
}
