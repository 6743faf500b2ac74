// `millpond rebuild`: the tables made again from the archive, while Millpond runs or while it doesn't.
import type { Command } from 'commander'

import { MillpondError } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'
import { errorFrom } from './admin-client.ts'
import { withEngineOrFolder } from './access.ts'
import { type CliContext, type GlobalOptions, type OfflineRebuild, settingsOf, writeOut } from './context.ts'
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
  /** There was no warehouse whose rows could be kept. */
  readonly isFromNothing?: boolean
}

export function addRebuildCommand(program: Command, context: CliContext): void {
  program
    .command('rebuild')
    .description('make the tables again from the archive, compare them with the present ones, and swap')
    .option('--dataset <name>', 'only the tables of this dataset')
    .option('--force', 'swap even if the ids differ')
    .option('--json', 'print {"events","seconds","archiveBeginsAt","differences","isFromNothing"}')
    .addHelpText(
      'after',
      `
While Millpond runs everything goes on: collecting, loading, queries. Ctrl-C gives up and changes nothing. Rows from before
the archive begins are kept as they are. While nothing runs and the warehouse is lost, all tables are made from the archive.

Example:
  $ millpond rebuild
  $ millpond rebuild --dataset web`,
    )
    .action(async (options: RebuildOptions, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const { dataset, force } = options
      const outcome = await withEngineOrFolder(context, settings, {
        engine: async (client) => follow(context, client.lines('POST', '/api/maintenance/rebuild', { dataset, force })),
        folder: async () => followOffline(context, settings, { dataset, force }),
      })
      await say(context, options, outcome)
    })
}

/** The work is ours: Ctrl-C ends it in order, so that nothing is left of it. Error: query-cancelled. */
async function followOffline(context: CliContext, settings: Settings, request: OfflineRebuild): Promise<Outcome> {
  const stop = new AbortController()
  const { signal } = stop
  const onSignal = (): void => {
    stop.abort()
  }
  // Once: whoever presses again really means it, and leaves `rebuild/` to the next start.
  process.once('SIGINT', onSignal)
  process.once('SIGTERM', onSignal)
  try {
    return await follow(context, context.rebuildOffline(settings, { ...request, signal }), signal)
  } finally {
    process.off('SIGINT', onSignal)
    process.off('SIGTERM', onSignal)
  }
}

/** Errors: the one that the engine tells in a line; engine-unavailable if the answer just stops. */
async function follow(context: CliContext, lines: AsyncIterable<unknown>, signal?: AbortSignal): Promise<Outcome> {
  const progress = await startProgress(context, 'events', 0)
  try {
    for await (const line of lines) {
      const { done, total, end, error } = line as { done?: number; total?: number; end?: Outcome; error?: unknown }
      if (error !== undefined) throw errorFrom(line)
      // It was done before anybody could give it up.
      if (end !== undefined) return end
      if (signal?.aborted === true) break
      if (done !== undefined) progress.update(done, total)
    }
  } finally {
    progress.stop()
  }
  if (signal?.aborted === true) {
    throw new MillpondError('query-cancelled', 'The rebuild was given up, and nothing was changed')
  }
  throw errorFrom(undefined, 503)
}

async function say(context: CliContext, options: RebuildOptions, outcome: Outcome): Promise<void> {
  if (options.json === true) {
    const { isFromNothing = false } = outcome
    await writeOut(context, `${JSON.stringify({ ...outcome, isFromNothing })}\n`)
    return
  }
  const { events, seconds, archiveBeginsAt, differences, isFromNothing } = outcome
  const what = options.dataset === undefined ? 'All tables' : `The tables of ${options.dataset}`
  const lines = [`${what} were made again from ${events} events in ${seconds} s.`]
  if (archiveBeginsAt !== null) {
    const before = isFromNothing === true ? 'lost unless a backup has them' : 'the old ones'
    lines.push(`The archive begins at ${archiveBeginsAt}: rows from before are ${before}.`)
  }
  for (const one of differences)
    lines.push(`${one.table}: ${one.rowsBefore} rows before, ${one.rowsRebuilt} now, with other ids.`)
  await writeOut(context, `${lines.join('\n')}\n`)
}
