// What lies in the warehouse, by day, month and dataset, and what BigQuery would charge for it.
import type { FastifyInstance } from 'fastify'

import type { ApiDeps } from './api.ts'

export function storageRoutes(app: FastifyInstance, { storage }: ApiDeps): void {
  app.get('/api/storage', async () => storage())
}
