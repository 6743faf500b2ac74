// Answers of unknown length go out as NDJSON, one object a line, at the pace of the reader.
import { Readable } from 'node:stream'

import type { FastifyReply } from 'fastify'

import type { Log } from '../../core/log.ts'
import { errorAnswer } from './error-answer.ts'

/** Lines are gathered up to about this size, since a write per row costs more than the row. */
const chunkBytes = 64 * 1024
/** … but a line that tells of progress must not wait for a thousand others. */
const flushIntervalMs = 200

/** Sends every object as a line. An error after the first line becomes the last line: {"error":{code,message}}. */
export async function sendLines(reply: FastifyReply, lines: AsyncIterable<object>, log: Log): Promise<FastifyReply> {
  return reply.type('application/x-ndjson').send(Readable.from(chunked(lines, log), { objectMode: false }))
}

async function* chunked(lines: AsyncIterable<object>, log: Log): AsyncGenerator<Buffer> {
  let text = ''
  let sentAtMs = performance.now()
  try {
    for await (const line of lines) {
      text += `${JSON.stringify(line)}\n`
      if (text.length < chunkBytes && performance.now() - sentAtMs < flushIntervalMs) continue
      yield Buffer.from(text)
      text = ''
      sentAtMs = performance.now()
    }
  } catch (error) {
    const { status, body } = errorAnswer(error)
    if (status >= 500) log.error({ err: error }, 'A request failed behind its first lines.')
    text += `${JSON.stringify(body)}\n`
  }
  if (text !== '') yield Buffer.from(text)
}
