// Sources and their write keys.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { MillpondError } from '../../core/errors.ts'
import type { SourceAnswer } from './answers.ts'
import { parseInput } from './body.ts'
import type { ApiDeps } from './api.ts'
import { says } from './says.ts'

const newSource = z.strictObject({ source: z.string(), platform: z.enum(['client', 'server']).default('client') })

const sourceAnswer: z.ZodType<SourceAnswer> = z.strictObject({
  source: z.string(),
  platform: z.enum(['client', 'server']),
  state: z.enum(['active', 'disabled']),
  createdAtMicros: z.number(),
  writeKey: z.string(),
})
const sourcesAnswer = z.strictObject({
  sources: z.array(sourceAnswer),
  budgets: z.strictObject({ tablesPerSourceMax: z.number(), columnsPerTableMax: z.number() }),
})

const named = z.object({ source: z.string() })

export function sourceRoutes(app: FastifyInstance, { control, bigquery, sourcesChanged, budgets }: ApiDeps): void {
  app.get('/api/sources', says('Sources with their write keys', { answer: sourcesAnswer }), () => {
    const { tablesPerSourceMax, columnsPerTableMax } = budgets
    return { sources: control.listSources(), budgets: { tablesPerSourceMax, columnsPerTableMax } }
  })

  app.post(
    '/api/sources',
    says('Adds a source', { body: newSource, answer: sourceAnswer, status: 201 }),
    async (request, reply) => {
      const { source, platform } = parseInput(newSource, request.body)
      if (bigquery.made.catalog().datasets.some(({ dataset }) => dataset === source)) {
        throw new MillpondError('source-name-invalid', `There is a dataset ${source} already: choose another name`)
      }
      const added = await control.addSource(source, platform)
      sourcesChanged()
      return reply.code(201).send(added)
    },
  )

  const changes = [
    ['rotate', 'Gives a source a new write key', (source: string) => control.rotateSource(source)],
    [
      'disable',
      'Closes a source: what comes waits in quarantine',
      (source: string) => control.setSourceState(source, 'disabled'),
    ],
    ['enable', 'Opens a source again', (source: string) => control.setSourceState(source, 'active')],
  ] as const
  for (const [name, summary, change] of changes) {
    app.post(
      `/api/sources/:source/${name}`,
      says(summary, { params: named, answer: sourceAnswer }),
      async (request) => {
        const { source } = parseInput(named, request.params)
        const changed = await change(source)
        sourcesChanged()
        return changed
      },
    )
  }
}
