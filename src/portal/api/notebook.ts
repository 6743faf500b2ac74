// A query as a notebook to go on with: POST /api/notebook answers an .ipynb. It holds no rows and no key.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { addressOf } from '../../query/bigquery-api/address.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { notebookOf } from './notebook-text.ts'
import { queryInput, requestOf } from './query.ts'
import { says } from './says.ts'

const notebookInput = queryInput
  .pick({ sql: true, dialect: true, parameters: true })
  .extend({ language: z.enum(['python', 'r']).default('python') })
const media = 'application/x-ipynb+json'

export function notebookRoutes(app: FastifyInstance, { publicUrl }: ApiDeps): void {
  app.post(
    '/api/notebook',
    says('A query as a Jupyter notebook, in Python or R', { body: notebookInput, media }),
    async (request, reply) => {
      const { language, ...input } = parseInput(notebookInput, request.body)
      const { sql, dialect, parameters = [] } = requestOf({ ...input, labels: {}, useCache: true }, request.principal)
      const address = addressOf(request, publicUrl)
      const notebook = notebookOf({ sql, dialect, parameters, language, address })
      return reply
        .type(media)
        .header('content-disposition', 'attachment; filename="query.ipynb"')
        .send(JSON.stringify(notebook, undefined, 1))
    },
  )
}
