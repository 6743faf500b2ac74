// What lies in the warehouse, by day, month and dataset, and what BigQuery would charge for it.
import type { FastifyInstance } from 'fastify'

import type { ApiDeps } from './api.ts'
import { says } from './says.ts'

export function storageRoutes(app: FastifyInstance, { storage }: ApiDeps): void {
  app.get('/api/storage', says('What lies in the warehouse, and what BigQuery would charge for it'), async () =>
    storage(),
  )
}
