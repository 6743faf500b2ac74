// `millpond dead-letters …`: events kept out of their tables, why, and letting them in after all.
import { type Command, InvalidArgumentError, Option } from 'commander'

import { MillpondError } from '../core/errors.ts'
import { quarantineReasons } from '../core/event.ts'
import { listIn, withEngine } from './access.ts'
import { errorFrom } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { type Progress, startProgress } from './progress.ts'
import { printable } from './table.ts'
import { sayList } from './say.ts'

/** The engine's own bound. */
const limitMax = 10_000

interface ListOptions extends GlobalOptions {
  readonly source?: string
  readonly reason?: string
  readonly limit: number
  readonly replayed?: boolean
  readonly json?: boolean
}

interface ReplayOptions extends GlobalOptions {
  readonly id?: readonly string[]
  readonly source?: string
  readonly reason?: string
  readonly to?: string
  readonly all?: boolean
  readonly json?: boolean
}

export function addDeadLettersCommand(program: Command, context: CliContext): void {
  const letters = program.command('dead-letters').description('events that were kept, but not in their tables')
  letters.addHelpText(
    'after',
    '\nExample:\n  $ millpond dead-letters list --source web\n  $ millpond dead-letters replay --reason key_disabled',
  )

  letters
    .command('list')
    .description('list dead letters, newest first; docs/dead-letters.md explains each reason')
    .option('--source <name>', 'only of this source')
    .addOption(new Option('--reason <reason>', 'only with this reason').choices(quarantineReasons))
    .option('--limit <count>', 'at most so many', parseLimit, 50)
    .option('--replayed', 'those that were replayed, too')
    .option('--json', 'print one JSON object a letter')
    .addHelpText('after', '\nExample:\n  $ millpond dead-letters list --source web --reason event_too_large')
    .action(async (options: ListOptions, command: Command) => {
      const query = new URLSearchParams({ limit: String(options.limit) })
      if (options.source !== undefined) query.set('source', options.source)
      if (options.reason !== undefined) query.set('reason', options.reason)
      if (options.replayed === true) query.set('replayed', 'true')
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const found = await withEngine(context, settings, async (client) =>
        listIn<Record<string, unknown>>(
          await client.call('GET', `/api/dead-letters?${query.toString()}`),
          'deadLetters',
        ),
      )
      await sayAll(context, options, found)
    })

  letters
    .command('replay')
    .description('send dead letters down the road again, once what kept them out is mended')
    .option('--id <id...>', 'these letters')
    .option('--source <name>', 'all of this source')
    .addOption(new Option('--reason <reason>', 'all with this reason').choices(quarantineReasons))
    .option('--all', 'all there are')
    .option('--to <name>', 'into this source instead of their own')
    .option('--json', 'print {"replayed","total","skipped"}')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond dead-letters replay --source web --reason key_disabled\n  $ millpond dead-letters replay --id 17 18 --to web',
    )
    .action(async (options: ReplayOptions, command: Command) => {
      await replay(context, options, command.optsWithGlobals<GlobalOptions>())
    })
}

async function replay(context: CliContext, options: ReplayOptions, globals: GlobalOptions): Promise<void> {
  const { id: ids, source, reason, to, all } = options
  const chosen = { ids, source, reason }
  const isChosen = Object.values(chosen).some((value) => value !== undefined)
  if (!isChosen && all !== true)
    throw new UsageError('Say which: --id, --source, --reason, or --all for every dead letter')
  if (isChosen && all === true)
    throw new UsageError('--all means every dead letter: leave out --id, --source and --reason')
  const outcome = await withEngine(context, settingsOf(context, globals), async (client) => {
    const progress = await startProgress(context, 'letters', 0)
    try {
      const lines = client.lines('POST', '/api/dead-letters/replay', { ...chosen, to })
      return await followReplay(lines, progress)
    } finally {
      progress.stop()
    }
  })
  await sayOutcome(context, options, outcome)
}

interface ReplayOutcome {
  readonly replayed: number
  readonly total: number
  /** The first ones; the engine doesn't list them all. */
  readonly skipped: readonly { readonly id: string; readonly why: string }[]
  /** False: the answer just stopped. */
  readonly isWhole: boolean
}

/** Errors: the one that the engine tells in a line. */
async function followReplay(lines: AsyncIterable<unknown>, progress: Progress): Promise<ReplayOutcome> {
  let outcome: ReplayOutcome = { replayed: 0, total: 0, skipped: [], isWhole: false }
  for await (const line of lines) {
    const { done, total, end, error } = line as {
      done?: number
      total?: number
      end?: Pick<ReplayOutcome, 'replayed' | 'skipped'>
      error?: unknown
    }
    if (error !== undefined) throw errorFrom(line)
    if (end !== undefined) outcome = { ...outcome, ...end, isWhole: true }
    if (done === undefined) continue
    outcome = { ...outcome, replayed: done, total: total ?? done }
    progress.update(outcome.replayed, outcome.total)
  }
  return outcome
}

/** Errors: engine-unavailable if the answer is not whole, source-unknown if letters have no source to go to. */
async function sayOutcome(context: CliContext, options: ReplayOptions, outcome: ReplayOutcome): Promise<void> {
  const { replayed, total, skipped, isWhole } = outcome
  if (options.json === true) {
    await writeOut(context, `${JSON.stringify({ replayed, total, skipped })}\n`)
  } else {
    const reasons = skipped.map(({ id, why }) => `Skipped ${printable(id)}: ${printable(why)}.\n`)
    const plain =
      isWhole && total === 0
        ? 'No dead letter fits; nothing was replayed.'
        : `Replayed ${replayed} of ${total} dead letters.`
    await writeOut(context, `${plain}\n${reasons.join('')}`)
  }
  if (!isWhole) throw errorFrom(undefined, 503)
  const left = total - replayed
  if (left === 0) return
  const were = left === 1 ? '1 dead letter was' : `${left} dead letters were`
  throw new MillpondError('source-unknown', `${were} skipped. Name a source that receives them with --to.`)
}

async function sayAll(
  context: CliContext,
  options: ListOptions,
  letters: readonly Record<string, unknown>[],
): Promise<void> {
  const names = [...new Set(letters.flatMap((letter) => Object.keys(letter)))]
  const rows = letters.map((letter) => names.map((name) => letter[name]))
  await sayList(context, options, { items: letters, names, rows, none: 'No dead letters.' })
}

function parseLimit(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= limitMax) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 to 10000.')
}
