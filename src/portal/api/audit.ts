// What administrators did: newest first, page by page.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { parseInput } from './body.ts'
import type { AuditAnswer } from './account-answers.ts'
import type { ApiDeps } from './api.ts'
import { says } from './says.ts'

const auditInput = z.object({
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
  /** Id of the last entry of the page before. */
  before: z.string().max(100).optional(),
  action: z.string().max(100).optional(),
  actor: z.string().max(100).optional(),
})

export function auditRoutes(app: FastifyInstance, { control }: ApiDeps): void {
  app.get(
    '/api/audit',
    says('What administrators did, newest first', { query: auditInput }),
    (request): { entries: AuditAnswer[] } => ({
      entries: control.auditEntries(parseInput(auditInput, request.query)),
    }),
  )
}
