// `millpond give-out`: everything that is kept of one person, for whoever asked for it.
import { rename, rm } from 'node:fs/promises'

import type { Command } from 'commander'

import { MillpondError } from '../core/errors.ts'
import { withEngine } from './access.ts'
import { errorFrom } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { openNew } from './new-file.ts'

interface GiveOutOptions extends GlobalOptions {
  readonly user?: string
  readonly anonymous?: string
  readonly device?: string
  readonly reason?: string
  readonly out?: string
}

/** The last line says that it is the last: of a page, it is short. */
const lastLineBytesMax = 64 * 1024

export function addGiveOutCommand(program: Command, context: CliContext): void {
  program
    .command('give-out')
    .description('everything that is kept of one person, one JSON object a line')
    .option('--user <id>', 'whose user id this is')
    .option('--anonymous <id>', 'whose browser or app this is')
    .option('--device <id>', 'whose device this is')
    .option('--reason <text>', 'for the receipt that this leaves')
    .option('--out <file>', 'the file to write, for its owner alone (0600); it must not exist')
    .addHelpText(
      'after',
      `
Ids that belong to the same person are looked at, too. The first line says which, the last how many lines there are.
What destinations and backups have is not in it, nor is what was kept out of the tables (\`millpond dead-letters list\`).

Example:
  $ millpond give-out --user u-1234 --reason "asked by mail on 3 March" --out u-1234.ndjson`,
    )
    .action(async (options: GiveOutOptions, command: Command) => {
      const address = addressOf(options)
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const reason = options.reason === undefined ? '' : `?reason=${encodeURIComponent(options.reason)}`
      const path = `/api/people/${encodeURIComponent(address)}/export${reason}`
      await withEngine(context, settings, async (client) => {
        const bytes = checked(client.bytes('GET', path))
        if (options.out === undefined) for await (const part of bytes) await writeOut(context, part)
        else await writeOut(context, `${options.out} has ${await writeNew(options.out, bytes)} lines.\n`)
      })
    })
}

function addressOf({ user, anonymous, device }: GiveOutOptions): string {
  const given = Object.entries({ user, anonymous, device }).filter(([, id]) => id !== undefined && id !== '')
  const [first] = given
  if (first === undefined || given.length > 1)
    throw new UsageError('Say who: --user, --anonymous or --device, one of them')
  return `${first[0]}:${String(first[1])}`
}

/** Passes the bytes on; returns the number of lines. Rejects unless the last line is the last. */
async function* checked(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, number> {
  let tail = Buffer.alloc(0)
  for await (const part of bytes) {
    tail = Buffer.concat([tail, part]).subarray(-lastLineBytesMax)
    yield part
  }
  const text = tail.toString().trimEnd()
  const last = JSON.parse(text.slice(text.lastIndexOf('\n') + 1)) as {
    kind?: unknown
    lines?: unknown
    error?: unknown
  }
  if (last.error !== undefined) throw errorFrom(last)
  if (last.kind !== 'end') throw new MillpondError('engine-unavailable', 'The answer broke off; nothing of it is whole')
  return Number(last.lines)
}

/** All of the file or none of it. Lines in it, without the first and the last. */
async function writeNew(file: string, bytes: AsyncGenerator<Uint8Array, number>): Promise<number> {
  // The name is taken first, so that nobody's file is replaced at the end.
  await (await openNew(file)).close()
  const part = `${file}.part`
  // Of a try that was killed.
  await rm(part, { force: true })
  const target = await openNew(part)
  try {
    let step = await bytes.next()
    for (; step.done !== true; step = await bytes.next()) await target.write(step.value)
    await target.sync()
    await rename(part, file)
    return step.value
  } catch (error) {
    await rm(part, { force: true })
    await rm(file, { force: true })
    throw error
  } finally {
    await target.close()
  }
}
