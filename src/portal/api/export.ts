// Whole results as files: POST or GET /api/export streams Arrow, Parquet or CSV, from the same rewritten SELECT as everywhere.
import { createReadStream } from 'node:fs'
import { Readable } from 'node:stream'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import type { Job } from '../../query/contract.ts'
import { arrowStream } from '../../query/encode/arrow.ts'
import { csvChunk, csvHead } from '../../query/encode/csv.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { queryInput, requestOf } from './query.ts'
import { says } from './says.ts'

const formats = {
  parquet: 'application/vnd.apache.parquet',
  arrow: 'application/vnd.apache.arrow.stream',
  csv: 'text/csv; charset=utf-8; header=present',
} as const

const exportInput = queryInput.extend({ format: z.enum(['parquet', 'arrow', 'csv']).default('parquet') })
/** Parameters don't fit into an address: they need POST. */
const exportQuery = z.strictObject({
  sql: z.string().min(1).max(100_000),
  dialect: z.enum(['googlesql', 'duckdb']).default('googlesql'),
  dataset: z.string().min(1).max(1024).optional(),
  format: z.enum(['parquet', 'arrow', 'csv']).default('parquet'),
})

export function exportRoutes(app: FastifyInstance, { query }: ApiDeps): void {
  async function send(
    request: FastifyRequest,
    reply: FastifyReply,
    input: z.infer<typeof exportInput>,
  ): Promise<FastifyReply> {
    const gone = new AbortController()
    reply.raw.once('close', () => {
      gone.abort()
    })
    const asked = requestOf(input, request.principal)
    if (input.format === 'parquet') {
      const { path, bytes, remove } = await query.exportParquet(asked, gone.signal)
      // With the connection, or the answer's end; also when the connection went while the last bytes were written.
      if (gone.signal.aborted) await remove()
      else gone.signal.addEventListener('abort', () => void remove())
      return asFile(reply, input.format).header('content-length', bytes).send(createReadStream(path))
    }
    const result = await (await query.submit({ ...asked, usesCache: false }, gone.signal)).result()
    const bytes = input.format === 'csv' ? csvLines(result) : arrowStream(result.columns, result.chunks)
    return asFile(reply, input.format).send(Readable.from(bytes, { objectMode: false }))
  }

  app.post(
    '/api/export',
    says('A whole result as a file: Parquet, Arrow or CSV', { body: exportInput, media: formats.parquet }),
    async (request, reply) => send(request, reply, parseInput(exportInput, request.body)),
  )
  app.get(
    '/api/export',
    says('A whole result as a file, for a link', { query: exportQuery, media: formats.parquet }),
    async (request, reply) => {
      const input = parseInput(exportQuery, request.query)
      return send(request, reply, parseInput(exportInput, input))
    },
  )
}

/** Once it is known that there are rows: an error is no file. */
function asFile(reply: FastifyReply, format: keyof typeof formats): FastifyReply {
  return reply.type(formats[format]).header('content-disposition', `attachment; filename="rows.${format}"`)
}

async function* csvLines({ columns, chunks }: Awaited<ReturnType<Job['result']>>): AsyncGenerator<Buffer> {
  yield Buffer.from(csvHead(columns))
  for await (const chunk of chunks) yield Buffer.from(csvChunk(chunk, columns))
}
