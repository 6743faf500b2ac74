// Destinations: their types, and those that were set up. Secrets go in and never come out.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { isoTime } from '../../core/clock.ts'
import type { DestinationInfo } from '../../control/destination-store.ts'
import { MillpondError } from '../../core/errors.ts'
import type { DestinationType } from '../../deliver/destinations/destination.ts'
import type { DestinationStatus } from '../../deliver/destinations/hub-messages.ts'
import { destinationTypeOf, destinationTypes } from '../../deliver/destinations/registry.ts'
import { checkSettings, splitSecrets } from '../../deliver/destinations/settings.ts'
import { parseInput } from './body.ts'
import type { ApiDeps } from './api.ts'
import { checkRules, rulesSchema } from './destination-rules.ts'
import { says } from './says.ts'

const texts = z.record(z.string().max(100), z.string().max(10_000))
const sources = z.array(z.string().min(1).max(100)).max(1000)
const newDestination = z.strictObject({
  name: z.string().max(100).optional(),
  type: z.string().max(100),
  sources: sources.default([]),
  settings: texts.default({}),
  rules: rulesSchema.default({}),
})
/** What isn't named stays as it is; an empty text takes a setting away. */
const change = z.strictObject({
  sources: sources.optional(),
  settings: texts.default({}),
  rules: rulesSchema.optional(),
})
const named = z.object({ name: z.string().max(100) })

export interface DestinationTypeAnswer extends Pick<
  DestinationType,
  'type' | 'title' | 'description' | 'settings' | 'limits' | 'repetition' | 'repetitionNote' | 'integrationNames'
> {}

export interface DestinationAnswer extends Omit<DestinationInfo, 'createdAtMicros' | 'changedAtMicros'> {
  readonly createdAt: string
  readonly changedAt: string
  /** Null: it isn't at work, or hasn't told yet. */
  readonly delivery:
    | (Omit<DestinationStatus, 'id' | 'positions' | 'readMicros'> & { readonly readUntil: string })
    | null
}

function typeAnswer(type: DestinationType): DestinationTypeAnswer {
  const { title, description, settings, limits, repetition, repetitionNote, integrationNames } = type
  return { type: type.type, title, description, settings, limits, repetition, repetitionNote, integrationNames }
}

/** Error: source-unknown. */
function checkSources({ control }: Deps, wanted: readonly string[]): void {
  const known = new Set(control.listSources().map(({ source }) => source))
  const unknown = wanted.find((source) => !known.has(source))
  if (unknown !== undefined) throw new MillpondError('source-unknown', `There is no source "${unknown}"`)
}

function answerOf({ hub }: Deps, { createdAtMicros, changedAtMicros, ...info }: DestinationInfo): DestinationAnswer {
  const status = hub.status().find(({ id }) => id === info.id)
  const isAtWork = info.state === 'active' && status !== undefined
  return {
    ...info,
    createdAt: isoTime(createdAtMicros),
    changedAt: isoTime(changedAtMicros),
    delivery: isAtWork ? deliveryOf(status) : null,
  }
}

type Deps = Pick<ApiDeps, 'control' | 'hub'>

export function destinationRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { control, hub } = deps
  app.get('/api/destination-types', says('What can be a destination, with its settings'), () => ({
    types: destinationTypes.map(typeAnswer),
  }))

  app.get('/api/destinations', says('Destinations, and how they are doing'), () => ({
    destinations: control.destinations.list().map((one) => answerOf(deps, one)),
  }))

  app.post(
    '/api/destinations',
    says('Passes on what comes in from now on', { body: newDestination, status: 201 }),
    async (request, reply) => {
      const input = parseInput(newDestination, request.body)
      const type = destinationTypeOf(input.type)
      checkSources(deps, input.sources)
      const checked = { ...input, settings: checkSettings(type, input.settings) }
      await checkRules(hub, type, checked)
      const content = { ...checked, ...splitSecrets(type, checked.settings) }
      const added = control.destinations.add(input.name ?? input.type, type.type, content)
      hub.destinationsChanged()
      return reply.code(201).send(answerOf(deps, added))
    },
  )

  app.put(
    '/api/destinations/:name',
    says('Changes settings or sources', { params: named, body: change }),
    async (request) => {
      const { name } = parseInput(named, request.params)
      const input = parseInput(change, request.body)
      const old = control.destinations.get(name)
      const type = destinationTypeOf(old.type)
      checkSources(deps, input.sources ?? [])
      const settings = { ...old.settings, ...control.destinations.secretsOf(name), ...input.settings }
      const { sources: oldSources, rules: oldRules } = old
      const { sources: wanted = oldSources, rules = oldRules } = input
      const checked = { sources: wanted, rules, settings: checkSettings(type, settings) }
      if (input.rules !== undefined) await checkRules(hub, type, checked)
      const content = { ...checked, ...splitSecrets(type, checked.settings) }
      const changed = control.destinations.change(name, content)
      hub.destinationsChanged()
      return answerOf(deps, changed)
    },
  )

  stateRoutes(app, deps)
}

function stateRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { control, hub } = deps
  const states = [
    ['disable', 'disabled', 'Stops a destination'],
    ['enable', 'active', 'Lets a destination go on from where it stopped'],
  ] as const
  for (const [verb, state, summary] of states) {
    app.post(`/api/destinations/:name/${verb}`, says(summary, { params: named }), (request) => {
      const changed = control.destinations.setState(parseInput(named, request.params).name, state)
      hub.destinationsChanged()
      return answerOf(deps, changed)
    })
  }

  app.delete(
    '/api/destinations/:name',
    says('Removes a destination', { params: named, status: 204 }),
    async (request, reply) => {
      control.destinations.remove(parseInput(named, request.params).name)
      hub.destinationsChanged()
      return reply.code(204).send()
    },
  )
}

function deliveryOf({ state, retryInMs, failures, lastError, counts, readMicros }: DestinationStatus) {
  return { state, retryInMs, failures, lastError, counts, readUntil: isoTime(readMicros) }
}
