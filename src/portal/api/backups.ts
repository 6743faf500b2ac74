// A backup, ordered from the command line: the folder is one of this machine. On the admin socket only.
import { isAbsolute } from 'node:path'

import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { sendLines } from './lines.ts'
import { lines, says } from './says.ts'

const backupInput = z.strictObject({
  // We don't stand where whoever asks stands.
  folder: z.string().refine((path) => isAbsolute(path), { error: 'must be an absolute path' }),
})

export function backupRoutes(app: FastifyInstance, { control, backup, log }: ApiDeps): void {
  app.post(
    '/api/backups',
    says('Writes a backup to a folder of this machine; lines tell how far it is', { body: backupInput, media: lines }),
    async (request, reply) => {
      const input = parseInput(backupInput, request.body)
      control.record('backup', input.folder)
      return sendLines(reply, noted(control, input.folder, backup(input)), log)
    },
  )
}

/** A receipt of an erasure says later which backups still hold the person. */
async function* noted<Line extends object>(
  control: ApiDeps['control'],
  folder: string,
  lines: AsyncIterable<Line>,
): AsyncGenerator<Line> {
  for await (const line of lines) {
    if ('end' in line) control.erasures.noteBackup(folder)
    yield line
  }
}
