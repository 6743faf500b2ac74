// Answers of unknown length go out as NDJSON, one object a line, at the pace of the reader.
import { Readable } from 'node:stream'

import type { FastifyReply } from 'fastify'

import { MillpondError, messageOf } from '../../core/errors.ts'

/** Lines are gathered up to about this size, since a write per row costs more than the row. */
const chunkBytes = 64 * 1024

/** Sends every object as a line. An error after the first line becomes the last line: {"error":{code,message}}. */
export async function sendLines(reply: FastifyReply, lines: AsyncIterable<object>): Promise<FastifyReply> {
  return reply.type('application/x-ndjson').send(Readable.from(chunked(lines), { objectMode: false }))
}

async function* chunked(lines: AsyncIterable<object>): AsyncGenerator<Buffer> {
  let text = ''
  try {
    for await (const line of lines) {
      text += `${JSON.stringify(line)}\n`
      if (text.length < chunkBytes) continue
      yield Buffer.from(text)
      text = ''
    }
  } catch (error) {
    const code = error instanceof MillpondError ? error.code : 'bug'
    text += `${JSON.stringify({ error: { code, message: messageOf(error) } })}\n`
  }
  if (text !== '') yield Buffer.from(text)
}
