// `millpond rebuild`: the tables made again from the archive, while Millpond runs or while it doesn't.
import type { Command } from 'commander'

import { errorFrom } from './admin-client.ts'
import { withEngineOrFolder } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { startProgress } from './progress.ts'

interface RebuildOptions extends GlobalOptions {
  readonly dataset?: string
  readonly force?: boolean
  readonly json?: boolean
}

interface Outcome {
  readonly events: number
  readonly seconds: number
  readonly archiveBeginsAt: string | null
  readonly differences: readonly { readonly table: string; readonly rowsBefore: number; readonly rowsRebuilt: number }[]
}

export function addRebuildCommand(program: Command, context: CliContext): void {
  program
    .command('rebuild')
    .description('make the tables again from the archive, compare them with the present ones, and swap')
    .option('--dataset <name>', 'only the tables of this dataset')
    .option('--force', 'swap even if the ids differ')
    .option('--json', 'print {"events","seconds","archiveBeginsAt","differences"}')
    .addHelpText(
      'after',
      `
While Millpond runs everything goes on: collecting, loading, queries. Ctrl-C gives up and changes nothing. Rows from before
the archive begins are kept as they are.

Example:
  $ millpond rebuild
  $ millpond rebuild --dataset web`,
    )
    .action(async (options: RebuildOptions, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const { dataset, force } = options
      const outcome = await withEngineOrFolder(context, settings, {
        engine: async (client) => follow(context, client.lines('POST', '/api/maintenance/rebuild', { dataset, force })),
        folder: async () => follow(context, context.rebuildOffline(settings, { dataset, force })),
      })
      await say(context, options, outcome)
    })
}

/** Errors: the one that the engine tells in a line; engine-unavailable if the answer just stops. */
async function follow(context: CliContext, lines: AsyncIterable<unknown>): Promise<Outcome> {
  const progress = await startProgress(context, 'events', 0)
  try {
    for await (const line of lines) {
      const { done, total, end, error } = line as { done?: number; total?: number; end?: Outcome; error?: unknown }
      if (error !== undefined) throw errorFrom(line)
      if (end !== undefined) return end
      if (done !== undefined) progress.update(done, total)
    }
  } finally {
    progress.stop()
  }
  throw errorFrom(undefined, 503)
}

async function say(context: CliContext, options: RebuildOptions, outcome: Outcome): Promise<void> {
  if (options.json === true) {
    await writeOut(context, `${JSON.stringify(outcome)}\n`)
    return
  }
  const { events, seconds, archiveBeginsAt, differences } = outcome
  const what = options.dataset === undefined ? 'All tables' : `The tables of ${options.dataset}`
  const lines = [`${what} were made again from ${events} events in ${seconds} s.`]
  if (archiveBeginsAt !== null)
    lines.push(`The archive begins at ${archiveBeginsAt}: rows from before are the old ones.`)
  for (const one of differences)
    lines.push(`${one.table}: ${one.rowsBefore} rows before, ${one.rowsRebuilt} now, with other ids.`)
  await writeOut(context, `${lines.join('\n')}\n`)
}
