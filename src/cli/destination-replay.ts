// `millpond destination replay …`: events of the past, sent to a destination once more.
import type { Command } from 'commander'

import { listIn } from './access.ts'
import { type CliContext, type GlobalOptions, writeOut } from './context.ts'
import { type DestinationCall, pathOf } from './destination-call.ts'
import { UsageError } from './failure.ts'
import { startProgress } from './progress.ts'
import { collect, sayList } from './say.ts'

interface Counts {
  readonly matched: number
  readonly there: number
  readonly toSend: number
  readonly delivered: number
  readonly rejected: number
  readonly skipped: number
  readonly expired: number
  readonly unconfirmed: number
}

interface Replay {
  readonly id: string
  readonly state: 'counting' | 'counted' | 'running' | 'done' | 'cancelled'
  readonly from: string
  readonly to: string
  readonly again: boolean
  readonly counted: Counts | null
  readonly ran: Counts | null
  readonly twice: number
  readonly lastError: string | null
}

interface ReplayOptions extends GlobalOptions {
  readonly json?: boolean
  readonly from: string
  readonly to?: string
  readonly person?: string
  readonly event: readonly string[]
  readonly again?: boolean
  readonly rate?: string
  readonly yes?: boolean
}

const lookEveryMs = 500

export function addReplayCommands(destination: Command, context: CliContext, call: DestinationCall): void {
  destination
    .command('replay <name>')
    .description('send events of the past once more; without --yes it only counts them')
    .requiredOption('--from <time>', 'events received from then on, e.g. 2026-11-01 or 2026-11-01T10:00:00Z')
    .option('--to <time>', 'events received before then (default: now)')
    .option('--person <id>', 'only of this user id or anonymous id')
    .option('--event <name>', 'only events of this name; may be repeated', collect, [])
    .option('--again', 'also what the ledger says is there already')
    .option('--rate <number>', 'events a second at most (default: 500); what comes in now goes first')
    .option('--yes', 'send what was counted, and wait until it is done')
    .option('--json', 'print the replay')
    .addHelpText('after', '\nExample:\n  $ millpond destination replay mixpanel --from 2026-11-20 --to 2026-11-21')
    .action(async (name: string, options: ReplayOptions, command: Command) => {
      const { from, to, person, event, again, rate } = options
      const body = {
        from,
        ...(to === undefined ? {} : { to }),
        ...(person === undefined ? {} : { person }),
        ...(event.length === 0 ? {} : { events: event }),
        ...(again === true ? { again } : {}),
        ...(rate === undefined ? {} : { eventsPerSecond: Number(rate) }),
      }
      const ask = { context, call, command, name }
      const added = (await call(command, 'POST', replaysOf(name), body)) as Replay
      const counted = await ended(ask, added.id, 'counting')
      if (options.yes !== true || counted.state !== 'counted') {
        await tell(context, options, counted, `${countedText(counted)}\n${nextText(name, counted)}`)
        return
      }
      await call(command, 'POST', `${replaysOf(name)}/${counted.id}/start`)
      const ran = await ended(ask, counted.id, 'running')
      await tell(context, options, ran, `${countedText(counted)}\n${ranText(ran)}`)
    })

  for (const [verb, description, said] of [
    ['replay-start', 'send what a replay has counted', 'is running; `destination replays` shows how far it is'],
    ['replay-cancel', 'end a replay; what it has sent is there', 'is cancelled'],
  ] as const)
    destination
      .command(`${verb} <name> <replay>`)
      .description(description)
      .option('--json', 'print the replay')
      .addHelpText('after', `\nExample:\n  $ millpond destination ${verb} mixpanel 5hT0qLw2XyZa`)
      .action(async (name: string, replay: string, options: ReplayOptions, command: Command) => {
        const path = `${replaysOf(name)}/${encodeURIComponent(replay)}/${verb.slice('replay-'.length)}`
        await tell(context, options, (await call(command, 'POST', path)) as Replay, `Replay ${replay} ${said}.`)
      })

  destination
    .command('replays <name>')
    .description('list replays of a destination, newest first')
    .option('--json', 'print one JSON object a replay')
    .addHelpText('after', '\nExample:\n  $ millpond destination replays mixpanel')
    .action(async (name: string, options: ReplayOptions, command: Command) => {
      const all = listIn<Replay>(await call(command, 'GET', replaysOf(name)), 'replays')
      const rows = all.map(({ id, state, from, to, counted, ran }) => [
        id,
        state,
        from,
        to,
        counted?.toSend ?? null,
        ran?.delivered ?? null,
        ran?.rejected ?? null,
      ])
      const names = ['replay', 'state', 'from', 'to', 'to send', 'delivered', 'rejected']
      await sayList(context, options, { items: all, names, rows, none: `Nothing was replayed to ${name} yet.` })
    })
}

interface Ask {
  readonly context: CliContext
  readonly call: DestinationCall
  readonly command: Command
  readonly name: string
}

/** Looks until the replay isn't in that state any more. */
async function ended({ context, call, command, name }: Ask, id: string, state: Replay['state']): Promise<Replay> {
  const progress = await startProgress(context, state === 'counting' ? 'events counted' : 'events sent')
  try {
    for (;;) {
      const found = listIn<Replay>(await call(command, 'GET', replaysOf(name)), 'replays').find((one) => one.id === id)
      if (found === undefined) throw new UsageError(`The replay ${id} is gone`)
      if (found.state !== state) return found
      if (state === 'counting' && found.lastError !== null)
        throw new UsageError(`It could not be counted: ${found.lastError}`)
      progress.update((state === 'counting' ? found.counted?.matched : found.ran?.delivered) ?? 0)
      await context.wait(lookEveryMs)
    }
  } finally {
    progress.stop()
  }
}

function countedText({ counted, again, twice }: Replay): string {
  if (counted === null) return 'It was cancelled before it was counted.'
  const { matched, there, toSend, skipped, rejected, expired } = counted
  const lines = [
    `${matched} events are meant.`,
    `  ${there} are there already${again ? ', and are sent again' : ': left out'}.`,
    `  ${toSend} would be sent.`,
  ]
  if (skipped > 0) lines.push(`  ${skipped} are not meant for it (rules, consent, integrations).`)
  if (expired > 0) lines.push(`  ${expired} are older than it takes.`)
  if (rejected > 0) lines.push(`  ${rejected} it would refuse.`)
  if (twice > 0) lines.push(`  Careful: ${twice} would count twice there.`)
  return lines.join('\n')
}

function nextText(name: string, { id, counted }: Replay): string {
  if (counted === null || counted.toSend === 0) return 'There is nothing to send.'
  return `\`millpond destination replay-start ${name} ${id}\` sends them.`
}

function ranText({ state, ran }: Replay): string {
  if (ran === null) return `The replay is ${state}.`
  const { delivered, rejected, skipped, expired, unconfirmed } = ran
  const rest = [
    [rejected, 'rejected'],
    [skipped, 'skipped'],
    [expired, 'expired'],
    [unconfirmed, 'unconfirmed'],
  ] as const
  const others = rest.filter(([count]) => count > 0).map(([count, word]) => `${count} ${word}`)
  return [`${delivered} delivered`, ...others].join(', ') + '.'
}

async function tell(context: CliContext, options: ReplayOptions, replay: Replay, plain: string): Promise<void> {
  await writeOut(context, `${options.json === true ? JSON.stringify(replay) : plain}\n`)
}

function replaysOf(name: string): string {
  return `${pathOf(name)}/replays`
}
