// History comes in: batches of events that `millpond import` read from files. Each becomes one record of stream `engine`,
// like a request of a sender, but marked as an import: its times are never clamped, and nothing is forwarded.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import { MillpondError } from '../../core/errors.ts'
import type { RequestMeta } from '../../core/event.ts'
import { isNestedDeeperThan } from '../../core/json-text.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { says } from './says.ts'

/** What the buffer takes, as far as an import fills it. */
export interface ImportRecord {
  readonly kind: 'segment'
  readonly source: string
  readonly receivedAtMicros: number
  readonly count: number
  readonly meta: string
  readonly body: Uint8Array
}

/** Well below what a frame of the buffer holds; parsing it stops everything else in this thread for about 50 ms. */
const batchBytesMax = 8 * 1024 * 1024
/** Somewhat too much is read and then refused: an answer in the middle of a body may be lost on its way. */
const bodyBytesMax = 2 * batchBytesMax
/** The screen refuses events far below it. 8 MiB of brackets would cost hundreds of megabytes to be parsed. */
const depthMax = 1000

const named = z.object({ source: z.string() })

const ndjson = 'application/x-ndjson'
/** As JSON, or its events as lines. */
const said = says('History comes in: a batch of events', {
  params: named,
  body: z.object({ batch: z.array(z.record(z.string(), z.unknown())) }),
  bodyMedia: ['application/json'],
  answer: z.strictObject({ events: z.number(), sequence: z.number().nullable() }),
})

const meta: RequestMeta = { call: 'batch', via: 'server', import: true }

export function importRoutes(app: FastifyInstance, deps: Pick<ApiDeps, 'control' | 'append' | 'clock'>): void {
  // A scope of its own, because here alone the bytes of a body count: they become the record as they are.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser(
      ['application/json', ndjson],
      { parseAs: 'buffer', bodyLimit: bodyBytesMax },
      (_request, body, done) => {
        done(null, body)
      },
    )
    scope.post('/api/imports/:source/batches', { ...said, bodyLimit: bodyBytesMax }, async (request) => {
      const { source } = parseInput(named, request.params)
      if (!deps.control.listSources().some((one) => one.source === source)) {
        throw new MillpondError('source-unknown', `There is no source \`${source}\`.`)
      }
      const isLines = request.headers['content-type']?.startsWith(ndjson) === true
      const { body, count } = readBatch(request.body, isLines)
      if (count === 0) return { events: 0, sequence: null }
      const receivedAtMicros = deps.clock.nowMicros()
      const sequence = await deps.append({
        kind: 'segment',
        source,
        receivedAtMicros,
        count,
        meta: JSON.stringify(meta),
        body,
      })
      return { events: count, sequence }
    })
  })
}

/** Error: request-invalid. The count must be what the screen will find, or the ledger would not sum. */
function readBatch(sent: unknown, isLines: boolean): { body: Uint8Array; count: number } {
  if (!Buffer.isBuffer(sent)) throw new MillpondError('request-invalid', 'The body is missing.')
  if (sent.length > batchBytesMax) throw new MillpondError('request-invalid', 'A batch is at most 8 MiB.')
  const body = isLines ? Buffer.from(`{"batch":[${linesOf(sent.toString()).join(',')}]}`) : sent
  const { batch } = parseObject(body)
  if (!Array.isArray(batch)) throw new MillpondError('request-invalid', '`batch` must be an array of events.')
  return { body, count: batch.length }
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '')
}

function parseObject(body: Buffer): { readonly batch?: unknown } {
  const text = body.toString()
  if (isNestedDeeperThan(text, depthMax)) {
    throw new MillpondError('request-invalid', `The body nests deeper than ${depthMax} levels.`)
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Said below, without the bytes that a message of the parser quotes.
  }
  throw new MillpondError('request-invalid', 'The body is no JSON object.')
}
