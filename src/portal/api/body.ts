// One way to read a request's body or query: a zod schema, and an error that names the field.
import type { z } from 'zod'

import { MillpondError } from '../../core/errors.ts'

/** Error: request-invalid. */
export function parseInput<Output>(schema: z.ZodType<Output>, input: unknown): Output {
  const result = schema.safeParse(input ?? {})
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const field = issue === undefined || issue.path.length === 0 ? 'The body' : `\`${issue.path.join('.')}\``
  throw new MillpondError('request-invalid', `${field}: ${issue?.message ?? 'is not valid'}.`)
}
