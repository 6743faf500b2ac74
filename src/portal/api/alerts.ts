// Alerts: conditions on queries, their states and history, what would have been, and the routes on which people are told. `:id` is an
// id or a name.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { conditionText } from '../../alerts/condition.ts'
import { type Alert, alertStates, type AlertRoute, routeKinds } from '../../control/alerts.ts'
import type { Principal } from '../../control/principals.ts'
import { isoTime } from '../../core/clock.ts'
import type {
  AlertAnswer,
  AlertAsked,
  AlertHistoryAnswer,
  BacktestAnswer,
  BacktestAsked,
  RouteAsked,
} from './alert-answers.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { idOf, identified, settingInput, zoneInput } from './saved-queries.ts'
import { says } from './says.ts'

const minutes = (max: number) => z.number().int().min(1).max(max)
const condition = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('threshold'), is: z.enum(['above', 'below']), value: z.number() }),
  z.strictObject({ kind: z.literal('absence') }),
  z.strictObject({
    kind: z.literal('change'),
    direction: z.enum(['up', 'down', 'either']),
    percent: z.number().positive().max(1_000_000),
    beforeMinutes: minutes(366 * 1440),
  }),
])
const routeName = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'is lower-case letters, digits and dashes, 40 at most')
const alertInput: z.ZodType<AlertAsked> = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .regex(/^[^\p{Cc}]*$/u, 'has control characters'),
  query: z.string().min(1).max(500).optional(),
  sql: z.string().min(1).max(1_000_000).optional(),
  parameters: z.record(z.string().max(128), settingInput).default({}),
  column: z.string().min(1).max(300).optional(),
  groupBy: z.string().min(1).max(300).optional(),
  condition,
  everyMinutes: minutes(1440).default(5),
  forCount: z.number().int().min(1).max(100).default(1),
  zone: zoneInput,
  routes: z.array(routeName).max(20).default([]),
  runbook: z.string().max(10_000).default(''),
  repeatMinutes: minutes(30 * 1440).optional(),
})
const muteInput = z.strictObject({
  minutes: z
    .number()
    .int()
    .min(0)
    .max(30 * 1440),
})
const backtestInput: z.ZodType<BacktestAsked> = z.strictObject({
  alert: alertInput,
  days: z.number().int().min(1).max(30).default(30),
  dryRun: z.boolean().default(false),
})
const historyLimit = 200
const routeInput: z.ZodType<RouteAsked> = z.strictObject({
  kind: z.enum(routeKinds),
  settings: z.record(z.string().max(100), z.string().max(10_000)).default({}),
  secrets: z.record(z.string().max(100), z.string().max(10_000)).default({}),
})
const routeAddress = z.object({ name: routeName })

export function alertRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const told = teller(deps)

  app.get('/api/alerts', says('Alerts and their states'), (request) => ({
    alerts: deps.control.alerts.list().map((alert) => told(alert, request.principal)),
  }))

  app.post('/api/alerts', says('Makes an alert', { body: alertInput, status: 201 }), async (request, reply) => {
    const { name, ...definition } = parseInput(alertInput, request.body)
    return reply.code(201).send(told(deps.alerts.add(name, definition, request.principal), request.principal))
  })

  app.post(
    '/api/alerts/backtest',
    says('What an alert would have found; with `dryRun` only what asking costs', { body: backtestInput }),
    async (request, reply): Promise<BacktestAnswer> => {
      const { alert, days, dryRun } = parseInput(backtestInput, request.body)
      const { name: _, ...definition } = alert
      const gone = new AbortController()
      reply.raw.once('close', () => {
        gone.abort()
      })
      const asked = { days, wantsTimes: !dryRun }
      const { times, ...cost } = await deps.alerts.backtest(definition, request.principal, asked, gone.signal)
      if (times === undefined) return cost
      return { ...cost, times: times.map(({ atMicros, ...rest }) => ({ at: isoTime(atMicros), ...rest })) }
    },
  )

  oneAlertRoutes(app, deps)
  routeRoutes(app, deps)
}

function oneAlertRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const told = teller(deps)
  const { control, clock } = deps

  app.get('/api/alerts/:id', says('One alert', { params: identified }), (request) =>
    told(control.alerts.get(idOf(request.params)), request.principal),
  )

  app.put('/api/alerts/:id', says('Changes an alert', { params: identified, body: alertInput }), (request) => {
    const { name, ...definition } = parseInput(alertInput, request.body)
    const changed = deps.alerts.change(idOf(request.params), name, definition, request.principal)
    return told(changed, request.principal)
  })

  app.delete(
    '/api/alerts/:id',
    says('Removes an alert', { params: identified, status: 204 }),
    async (request, reply) => {
      deps.alerts.remove(idOf(request.params), request.principal)
      return reply.code(204).send()
    },
  )

  app.get(
    '/api/alerts/:id/history',
    says('How its state changed, and whom it told', { params: identified }),
    (request): AlertHistoryAnswer => {
      const { id } = control.alerts.get(idOf(request.params))
      return {
        changes: control.alerts
          .changes(id, historyLimit)
          .map(({ atMicros, ...rest }) => ({ at: isoTime(atMicros), ...rest })),
        messages: control.alerts
          .messages(id, historyLimit)
          .map(({ message, route, attempts, sentAtMicros, failedAtMicros, error }) => ({
            id: message.id,
            route,
            what: message.what,
            group: message.group,
            at: message.at,
            attempts,
            sentAt: sentAtMicros === null ? null : isoTime(sentAtMicros),
            failedAt: failedAtMicros === null ? null : isoTime(failedAtMicros),
            error,
          })),
      }
    },
  )

  app.post(
    '/api/alerts/:id/mute',
    says('Tells nobody for so many minutes; 0: tells again', { params: identified, body: muteInput }),
    (request) => {
      const { minutes: wanted } = parseInput(muteInput, request.body)
      const untilMicros = wanted === 0 ? 0 : clock.nowMicros() + wanted * 60_000_000
      return told(deps.alerts.mute(idOf(request.params), untilMicros), request.principal)
    },
  )

  for (const [action, isEnabled] of [
    ['pause', false],
    ['resume', true],
  ] as const)
    app.post(
      `/api/alerts/:id/${action}`,
      says(isEnabled ? 'Looks at it again' : 'Looks at it no more', { params: identified }),
      (request) => told(deps.alerts.setEnabled(idOf(request.params), isEnabled, request.principal), request.principal),
    )

  app.post('/api/alerts/:id/test', says('Tells all its routes, as a test', { params: identified }), (request) => ({
    message: deps.alerts.test(idOf(request.params), request.principal).id,
  }))
}

function routeRoutes(app: FastifyInstance, { alerts, control }: ApiDeps): void {
  app.get('/api/alert-routes', says('Routes on which people are told'), (): { routes: readonly AlertRoute[] } => ({
    routes: control.alerts.routes(),
  }))

  app.put(
    '/api/alert-routes/:name',
    says('A route, new or changed', { params: routeAddress, body: routeInput, status: 204 }),
    async (request, reply) => {
      const { name } = parseInput(routeAddress, request.params)
      const { kind, settings, secrets } = parseInput(routeInput, request.body)
      alerts.putRoute({ name, kind, settings }, secrets)
      return reply.code(204).send()
    },
  )

  app.delete(
    '/api/alert-routes/:name',
    says('Removes a route', { params: routeAddress, status: 204 }),
    async (request, reply) => {
      control.alerts.removeRoute(parseInput(routeAddress, request.params).name)
      return reply.code(204).send()
    },
  )
}

function teller({ control, clock }: ApiDeps): (alert: Alert, by: Principal) => AlertAnswer {
  return (alert, by) => {
    const { id, name, owner, definition, isEnabled, mutedUntilMicros, nextAtMicros } = alert
    const states = control.alerts.states(id)
    const worst = alertStates.findLastIndex((state) => states.some((one) => one.state === state))
    return {
      id,
      name,
      owner: control.principalById(owner)?.handle,
      definition,
      isEnabled,
      state: alertStates[Math.max(0, worst)] ?? 'ok',
      condition: conditionText(definition.condition),
      mutedUntil: mutedUntilMicros > clock.nowMicros() ? isoTime(mutedUntilMicros) : null,
      nextAt: isoTime(nextAtMicros),
      groups: states.map(({ group, state, heldCount, value, error, sinceMicros }) => ({
        group,
        state,
        heldCount,
        value,
        error,
        since: isoTime(sinceMicros),
      })),
      isMine: owner === by.id || by.role === 'admin',
    }
  }
}
