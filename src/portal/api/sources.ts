// Sources and their write keys.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { MillpondError } from '../../core/errors.ts'
import { parseInput } from './body.ts'
import type { ApiDeps } from './api.ts'

const newSource = z.strictObject({ source: z.string(), platform: z.enum(['client', 'server']).default('client') })

const named = z.object({ source: z.string() })

export function sourceRoutes(app: FastifyInstance, { control, bigquery, sourcesChanged }: ApiDeps): void {
  app.get('/api/sources', () => ({ sources: control.listSources() }))

  app.post('/api/sources', async (request, reply) => {
    const { source, platform } = parseInput(newSource, request.body)
    if (bigquery.made.catalog().datasets.some(({ dataset }) => dataset === source)) {
      throw new MillpondError('source-name-invalid', `There is a dataset ${source} already: choose another name`)
    }
    const added = await control.addSource(source, platform)
    sourcesChanged()
    return reply.code(201).send(added)
  })

  const changes = {
    rotate: (source: string) => control.rotateSource(source),
    disable: (source: string) => control.setSourceState(source, 'disabled'),
    enable: (source: string) => control.setSourceState(source, 'active'),
  }
  for (const [name, change] of Object.entries(changes)) {
    app.post(`/api/sources/:source/${name}`, async (request) => {
      const { source } = parseInput(named, request.params)
      const changed = await change(source)
      sourcesChanged()
      return changed
    })
  }
}
