// `millpond import`: history out of files, into a source of a running Millpond.
import { setTimeout } from 'node:timers/promises'

import { type Command, Option } from 'commander'

import { DoneWithFailure, UsageError } from './failure.ts'
import { MillpondError } from '../core/errors.ts'
import { socketPaths } from '../core/socket-paths.ts'
import type { Settings } from '../core/settings.ts'
import { withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { openJournal } from './import/journal.ts'
import { parseMap } from './import/mapping.ts'
import { startImportProgress } from './import/progress.ts'
import { Report, type Verdicts } from './import/report.ts'
import { ImportRun, type ImportOptions } from './import/run.ts'
import { createSender, type Sender } from './import/sender.ts'
import { findFiles, type ImportFormat, importFormats } from './import/source-file.ts'
import { startProgress } from './progress.ts'

interface Options extends GlobalOptions {
  readonly source: string
  readonly format?: ImportFormat
  readonly event?: string
  readonly map?: readonly string[]
  readonly dryRun?: boolean
  readonly restart?: boolean
  /** False: don't wait until the tables have it. */
  readonly wait: boolean
  readonly json?: boolean
}

export function addImportCommand(program: Command, context: CliContext): void {
  program
    .command('import <paths...>')
    .description('bring history in from files and folders: archives of Segment, exports, NDJSON, CSV, Parquet')
    .requiredOption('--source <name>', 'source that gets the events')
    .addOption(
      new Option('--format <format>', 'what the files are, if their first lines mislead').choices(importFormats),
    )
    .option('--event <name>', 'what the events are called, or the column that says it')
    .option(
      '--map <field=column...>',
      'which column is timestamp, event, userId, anonymousId, messageId, type, properties',
    )
    .option('--dry-run', 'read everything, show what would come, send nothing')
    .option('--restart', 'read files again that came in an earlier run')
    .option('--no-wait', 'end as soon as everything is on disk, before the tables have it')
    .option('--json', 'print one JSON object at the end')
    .addHelpText(
      'after',
      `
A run that was stopped is gone on with by the same command. Events keep their ids, so nothing comes in twice;
docs/guide/import-history.md says how.

Example:
  $ millpond import --source web segment-logs/
  $ millpond import --source shop orders.csv --event "Order Completed" --map timestamp=paid_at userId=customer`,
    )
    .action(async (paths: string[], options: Options, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const importOptions = {
        map: parseMap(options.map ?? []),
        event: options.event,
        format: options.format,
        restart: options.restart === true,
        batchEventsMax: settings.screen.batchEventsMax,
      }
      if (options.event === '') throw new UsageError('--event needs a name')
      if (options.dryRun === true) await dryRun(context, paths, options, importOptions)
      else await importAll(context, settings, { paths, options, importOptions })
    })
}

interface Work {
  readonly paths: readonly string[]
  readonly options: Options
  readonly importOptions: ImportOptions
}

async function dryRun(
  context: CliContext,
  paths: readonly string[],
  options: Options,
  importOptions: ImportOptions,
): Promise<void> {
  const outcome = await readAll(context, paths, importOptions, undefined)
  if (options.json === true)
    await writeOut(context, `${JSON.stringify(outcome.report.toJson(options.source, undefined))}\n`)
  else {
    const { events, files, skipped } = outcome.report
    const said = `Would send ${events} events of ${files} files to ${options.source}, and skip ${skipped} lines.`
    await writeOut(context, `${[...outcome.shown, said].join('\n')}\n`)
  }
  failIfBad(outcome.report, false)
}

async function importAll(context: CliContext, settings: Settings, work: Work): Promise<void> {
  await withEngine(context, settings, async (client) => {
    const { options } = work
    const before = await verdictsOf(client, options.source)
    const stop = new AbortController()
    const onSignal = (): void => {
      stop.abort()
    }
    // Once: whoever presses again really means it, and loses nothing but the note of the last second.
    process.once('SIGINT', onSignal)
    process.once('SIGTERM', onSignal)
    const startedMs = context.clock.monotonicMs()
    const sender = await createSender({
      socketPath: socketPaths(settings.data).admin,
      source: options.source,
      clock: context.clock,
      pause,
      signal: stop.signal,
    })
    try {
      const journal = await openJournal(settings.data, options.source)
      const { report } = await readAll(context, work.paths, work.importOptions, {
        sender,
        journal,
        signal: stop.signal,
      })
      const seconds = (context.clock.monotonicMs() - startedMs) / 1000
      const isStopped = stop.signal.aborted
      const verdicts =
        options.wait && !isStopped
          ? await verdictsSince(context, client, {
              before,
              options,
              sequence: sender.lastSequence(),
              signal: stop.signal,
            })
          : undefined
      await say(context, options, report, { seconds, verdicts, isStopped })
      failIfBad(report, isStopped)
    } finally {
      process.off('SIGINT', onSignal)
      process.off('SIGTERM', onSignal)
      await sender.close()
    }
  })
}

async function readAll(
  context: CliContext,
  paths: readonly string[],
  options: ImportOptions,
  target: { sender: Sender; journal: Awaited<ReturnType<typeof openJournal>>; signal: AbortSignal } | undefined,
): Promise<{ report: Report; shown: readonly string[] }> {
  const files = await findFiles(paths)
  if (files.length === 0) throw new MillpondError('import-unreadable', `There is no file in ${paths.join(', ')}`)
  const shown: string[] = []
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const progress = await startImportProgress(context, bytes)
  const report = new Report(progress.say)
  try {
    const run = new ImportRun(options, {
      sender: target?.sender,
      journal: target?.journal,
      report,
      progress,
      monotonicMs: () => context.clock.monotonicMs(),
      signal: target?.signal ?? new AbortController().signal,
      show: (event) => shown.push(event),
    })
    await run.run(files)
  } finally {
    progress.stop()
  }
  return { report, shown }
}

async function say(
  context: CliContext,
  options: Options,
  report: Report,
  end: { seconds: number; verdicts: Verdicts | undefined; isStopped: boolean },
): Promise<void> {
  if (options.json === true) {
    await writeOut(context, `${JSON.stringify(report.toJson(options.source, end.verdicts))}\n`)
    return
  }
  const lines = report.summary(options.source, end.seconds, end.verdicts)
  if (end.isStopped) lines.push('Stopped before the end. The same command goes on from here.')
  await writeOut(context, `${lines.join('\n')}\n`)
}

/** Errors: import-unreadable if nothing at all was readable; otherwise only the exit code says that a part is missing. */
function failIfBad(report: Report, isStopped: boolean): void {
  const { events, skipped, filesUnreadable } = report
  if (events === 0 && (skipped > 0 || filesUnreadable > 0)) {
    throw new MillpondError('import-unreadable', 'Nothing could be read. The lines above say why')
  }
  if (filesUnreadable > 0 || isStopped) throw new DoneWithFailure()
}

/** Not of the clock, whose timers let a process end. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => undefined)
}

const askAgainMs = 300

interface Since {
  readonly before: Verdicts
  readonly options: Options
  readonly sequence: number
  readonly signal: AbortSignal
}

/** Undefined: the engine went away meanwhile, or the caller won't wait. What was sent is safe all the same. */
async function verdictsSince(context: CliContext, client: AdminClient, since: Since): Promise<Verdicts | undefined> {
  try {
    await waitUntilLoaded(context, client, since.sequence, since.signal)
    if (since.signal.aborted) return undefined
    return difference(await verdictsOf(client, since.options.source), since.before)
  } catch (error) {
    if (error instanceof MillpondError && error.code === 'engine-unavailable') return undefined
    throw error
  }
}

/** Until the tables have what was sent, so that the summary can say what became of it. */
async function waitUntilLoaded(
  context: CliContext,
  client: AdminClient,
  sequence: number,
  signal: AbortSignal,
): Promise<void> {
  const progress = await startProgress(context, 'bytes still to be loaded')
  try {
    while (!signal.aborted) {
      const { streams } = (await client.call('GET', '/api/status')) as StatusPart
      const stream = streams.find((one) => one.stream === 'engine')
      if (stream === undefined || stream.loadedSequence >= sequence) return
      progress.update(stream.waitingBytes)
      await context.wait(askAgainMs)
    }
  } finally {
    progress.stop()
  }
}

interface StatusPart {
  readonly streams: readonly { stream: string; loadedSequence: number; waitingBytes: number }[]
  readonly ledger: readonly (Verdicts & { readonly source: string })[]
}

async function verdictsOf(client: AdminClient, source: string): Promise<Verdicts> {
  const { ledger } = (await client.call('GET', '/api/status')) as StatusPart
  const line = ledger.find((one) => one.source === source)
  return line ?? { stored: 0, flagged: 0, duplicates: 0, quarantined: 0 }
}

function difference(now: Verdicts, before: Verdicts): Verdicts {
  return {
    stored: now.stored - before.stored,
    flagged: now.flagged - before.flagged,
    duplicates: now.duplicates - before.duplicates,
    quarantined: now.quarantined - before.quarantined,
  }
}
