// SQL in, rows out: POST /api/query answers NDJSON: {"job":"…","columns":[…]}, then {"row":[…]} lines, then {"end":{…}}. With
// "dryRun": true one object instead: what the query would give and cost.
import type { FastifyInstance, FastifyReply } from 'fastify'
import { z } from 'zod'

import { isoTime } from '../../core/clock.ts'
import type { Job, JobInfo, JobResult, QueryParameter, QueryRequest } from '../../query/contract.ts'
import { columnType } from '../../query/encode/column-type.ts'
import { jsonValue } from '../../query/encode/json-value.ts'
import { parameterOf } from '../../query/parameters.ts'
import { typeName } from '../../sql/type-names.ts'
import type { SqlType } from '../../sql/types.ts'
import type { DryRunAnswer, JobAnswer, QueryColumnAnswer, QueryEndAnswer } from './answers.ts'
import { parseInput } from './body.ts'
import { sendLines } from './lines.ts'
import type { ApiDeps } from './api.ts'
import { lines, says } from './says.ts'

const sqlLengthMax = 1_000_000
const parameterInput = z.strictObject({
  /** Absent: positional, in order. */
  name: z.string().min(1).max(128).optional(),
  /** GoogleSQL: INT64, ARRAY<STRING>, …. */
  type: z.string().min(1).max(10_000),
  value: z.unknown(),
})
export const queryInput = z.strictObject({
  sql: z.string().min(1).max(sqlLengthMax),
  dialect: z.enum(['googlesql', 'duckdb']).default('googlesql'),
  parameters: z.array(parameterInput).max(10_000).default([]),
  dataset: z.string().min(1).max(1024).optional(),
  labels: z.record(z.string(), z.string()).default({}),
  maximumBytesBilled: z.number().int().min(0).optional(),
  useCache: z.boolean().default(true),
  dryRun: z.boolean().default(false),
  /** With dryRun: bytes by table, column and day, too. */
  plan: z.boolean().default(false),
})

/** live: waiting and running. */
const jobsWanted = z.object({ state: z.enum(['live', 'done']).optional() })
const identified = z.object({ id: z.string() })

type QueryInput = Omit<z.infer<typeof queryInput>, 'dryRun' | 'plan'>

export function requestOf(input: QueryInput, principal: QueryRequest['principal']): QueryRequest {
  return {
    sql: input.sql,
    dialect: input.dialect,
    parameters: input.parameters.map(({ name, type, value }): QueryParameter => parameterOf(name, type, value)),
    principal,
    port: 'api',
    labels: input.labels,
    defaultDataset: input.dataset,
    bytesBilledMax: input.maximumBytesBilled,
    usesCache: input.useCache,
  }
}

export function queryRoutes(app: FastifyInstance, { query, log }: ApiDeps): void {
  app.post(
    '/api/query',
    says('Rows of a query, as lines; with `dryRun` one object: columns and cost', { body: queryInput, media: lines }),
    async (request, reply) => {
      const input = parseInput(queryInput, request.body)
      const asked = requestOf(input, request.principal)
      if (input.dryRun) {
        const { columns, undeclaredParameters, ...rest } = await query.dryRun({ ...asked, wantsPlan: input.plan })
        const told = { ...rest, columns: columns.map(named), undeclaredParameters: undeclaredParameters.map(named) }
        return told satisfies DryRunAnswer
      }
      return answerRows({ query, log }, asked, reply)
    },
  )

  app.get('/api/jobs', says('Your jobs: waiting, running and ended', { query: jobsWanted }), (request) => {
    const { state } = parseInput(jobsWanted, request.query)
    const wanted = query
      .jobs(request.principal)
      .filter((job) => state === undefined || (job.state === 'done') === (state === 'done'))
    return { jobs: wanted.slice(0, 1000).map(listed) }
  })

  app.delete('/api/jobs/:id', says('Cancels a job', { params: identified, status: 204 }), async (request, reply) => {
    const { id } = parseInput(identified, request.params)
    await query.cancel(id, request.principal)
    return reply.code(204).send()
  })
}

/** Its rows as lines. */
export async function answerRows(
  { query, log }: Pick<ApiDeps, 'query' | 'log'>,
  asked: QueryRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const gone = new AbortController()
  // A person who closes the connection no longer waits: the engine must not either.
  reply.raw.once('close', () => {
    gone.abort()
  })
  const job = await query.submit(asked, gone.signal)
  // Before the first line goes out: what is wrong with the query has a status of its own.
  const result = await job.result()
  return sendLines(reply, linesOf(job, result), log)
}

function named<Name>({ name, sqlType }: { readonly name: Name; readonly sqlType: SqlType | undefined }): {
  readonly name: Name
  readonly type: string | undefined
} {
  return { name, type: sqlType && typeName(sqlType) }
}

function listed(job: JobInfo): JobAnswer {
  const { createdAtMicros, startedAtMicros, endedAtMicros, ...rest } = job
  return {
    ...rest,
    createdAt: isoTime(createdAtMicros),
    startedAt: startedAtMicros === undefined ? null : isoTime(startedAtMicros),
    endedAt: endedAtMicros === undefined ? null : isoTime(endedAtMicros),
  }
}

async function* linesOf(job: Job, result: Awaited<ReturnType<Job['result']>>): AsyncGenerator<object> {
  const { columns, chunks } = result
  yield {
    job: job.id,
    columns: columns.map(columnTold),
  }
  const types = columns.map(({ type }) => type)
  for await (const chunk of chunks) {
    for (let row = 0; row < chunk.rowCount; row += 1) {
      yield { row: types.map((type, index) => jsonValue(chunk.columns[index]?.[row] ?? null, type)) }
    }
  }
  const { statistics } = await job.ended
  yield {
    end: {
      rows: statistics?.rows ?? 0,
      statementType: statistics?.statementType,
      affectedRows: statistics?.affectedRows,
      bytesProcessed: statistics?.bytesProcessed,
      cacheHit: statistics?.cacheHit,
    } satisfies QueryEndAnswer,
  }
}

function columnTold(column: JobResult['columns'][number]): QueryColumnAnswer {
  return { name: column.name, type: columnType(column) }
}
