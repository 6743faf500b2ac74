// Parameters as a form, of a saved query or of a text that is still being written: POST /api/query/parameters.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { parameterForm } from '../../jobs/parameter-form.ts'
import type { ParameterFormAnswer } from './answers.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { definitionInput, settingInput, zoneInput } from './saved-queries.ts'
import { says } from './says.ts'

const formInput = z.strictObject({
  parameters: z.array(definitionInput).max(100),
  /** Where "today" is. */
  zone: zoneInput,
  /** By name: a value, or {"relative": "yesterday"}. */
  values: z.record(z.string(), settingInput).default({}),
})

export function parameterRoutes(app: FastifyInstance, { query, clock }: ApiDeps): void {
  app.post(
    '/api/query/parameters',
    says('What each parameter would be now, and what it may be chosen from', { body: formInput }),
    async (request, reply): Promise<ParameterFormAnswer> => {
      const { parameters, values, zone } = parseInput(formInput, request.body)
      const gone = new AbortController()
      reply.raw.once('close', () => {
        gone.abort()
      })
      const moment = { ms: clock.nowMicros() / 1000, zone }
      const caller = { principal: request.principal, port: 'api' as const }
      return { parameters: await parameterForm(query, { parameters, values, moment }, caller, gone.signal) }
    },
  )
}
