// What a route says of itself, at its place: one sentence, and the schemas that its handler parses with. The OpenAPI document is made
// of nothing else (openapi.ts), and a test asks every route under /api for it.
import type { z } from 'zod'

export interface Says {
  /** What it does, in a few words. */
  readonly summary: string
  /** Absent: the parts of the address are texts. */
  readonly params?: z.ZodType
  readonly query?: z.ZodType
  readonly body?: z.ZodType
  /** What comes with 2xx. Absent: an object whose shape is not promised; with status 204 nothing. */
  readonly answer?: z.ZodType
  /** Of success; absent: 200. */
  readonly status?: 200 | 201 | 202 | 204 | 303
  /** Of the answer; absent: JSON. */
  readonly media?: string
  /** Of the body; absent: JSON. */
  readonly bodyMedia?: readonly string[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly says?: Says
  }
}

export const lines = 'application/x-ndjson'
export const eventStream = 'text/event-stream'

/** The second argument of a route: `app.get('/api/…', says('…', { query, answer }), handler)`. */
export function says(summary: string, rest: Omit<Says, 'summary'> = {}): { readonly config: { readonly says: Says } } {
  return { config: { says: { summary, ...rest } } }
}
