// `millpond report …`: dashboards that are mailed by the clock.
import type { Command } from 'commander'

import { listIn, withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { sayList } from './say.ts'

interface Mail {
  readonly due: string
  readonly route: string
  readonly state: string
  readonly note: string
}

interface Answer {
  readonly id: string
  readonly name: string
  readonly dashboard: string
  readonly cron: string
  readonly zone: string
  readonly routes: readonly string[]
  readonly owner?: string
  readonly isEnabled: boolean
  readonly nextTimes: readonly string[]
  readonly lastMail: Mail | null
}

interface ReportOptions extends GlobalOptions {
  readonly cron: string
  readonly zone: string
  readonly route: readonly string[]
  readonly skipEmpty?: boolean
  readonly json?: boolean
}

type Ask = <T>(command: Command, work: (client: AdminClient) => Promise<T>) => Promise<T>

export function addReportCommand(program: Command, context: CliContext): void {
  const report = program.command('report').description('dashboards, mailed by the clock')
  report.addHelpText(
    'after',
    '\nExample:\n  $ millpond report add "Growth, weekly" growth --cron "0 8 * * 1" --zone Asia/Taipei --route founders',
  )
  const ask: Ask = async (command, work) =>
    withEngine(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)
  addAdd(report, context, ask)
  addShowing(report, context, ask)
  for (const [word, told, description] of [
    ['send', 'is on its way; `millpond report show` says what became of it', 'send a report now'],
    ['pause', 'is paused', 'send no more until it is resumed'],
    ['resume', 'is sent again', 'send a paused report again'],
  ] as const)
    report
      .command(word)
      .description(description)
      .argument('<report>', 'its name or id')
      .addHelpText('after', `\nExample:\n  $ millpond report ${word} "Growth, weekly"`)
      .action(async (name: string, _options: ReportOptions, command: Command) => {
        await ask(command, async (client) => client.call('POST', `${pathOf(name)}/${word}`))
        await writeOut(context, `${name} ${told}.\n`)
      })
  report
    .command('remove')
    .description('remove a report with its history')
    .argument('<report>', 'its name or id')
    .addHelpText('after', '\nExample:\n  $ millpond report remove "Growth, weekly"')
    .action(async (name: string, _options: ReportOptions, command: Command) => {
      await ask(command, async (client) => client.call('DELETE', pathOf(name)))
      await writeOut(context, `${name} is removed.\n`)
    })
}

function addAdd(report: Command, context: CliContext, ask: Ask): void {
  report
    .command('add')
    .description('mail a dashboard by the clock')
    .argument('<name>', 'of the report')
    .argument('<dashboard>', 'as in its address')
    .requiredOption('--cron <fields>', 'minute hour day month weekday: "0 8 * * 1"')
    .option('--zone <zone>', 'IANA name', 'UTC')
    .requiredOption('--route <route...>', 'e-mail routes: `millpond alert route add`')
    .option('--skip-empty', 'send nothing when no tile has rows')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond report add "Growth, weekly" growth --cron "0 8 * * 1" --route founders',
    )
    .action(async (name: string, dashboard: string, options: ReportOptions, command: Command) => {
      const { cron, zone, route: routes, skipEmpty } = options
      const body = { name, dashboard, cron, zone, routes, skipsEmpty: skipEmpty === true }
      const made = (await ask(command, async (client) => client.call('POST', '/api/reports', body))) as Answer
      const text = `${made.name} is mailed next at ${made.nextTimes[0] ?? 'no time'}.\n`
      await writeOut(context, options.json === true ? `${JSON.stringify(made)}\n` : text)
    })
}

function addShowing(report: Command, context: CliContext, ask: Ask): void {
  report
    .command('list')
    .description('list reports')
    .option('--json', 'print one JSON object a report')
    .addHelpText('after', '\nExample:\n  $ millpond report list')
    .action(async (options: ReportOptions, command: Command) => {
      const items = listIn<Answer>(await ask(command, async (client) => client.call('GET', '/api/reports')), 'reports')
      const rows = items.map(({ name, dashboard, cron, zone, routes, isEnabled, nextTimes, lastMail }) => [
        name,
        dashboard,
        `${cron} ${zone}`,
        routes.join(' '),
        isEnabled ? (nextTimes[0] ?? 'never') : 'paused',
        lastMail === null ? '' : `${lastMail.state} ${lastMail.due}`,
      ])
      await sayList(context, options, { items, names: ['report', 'dashboard', 'when', 'to', 'next', 'last'], rows })
    })

  report
    .command('show')
    .description('the next times, and what became of each mail')
    .argument('<report>', 'its name or id')
    .option('--json', 'print one JSON object a mail')
    .addHelpText('after', '\nExample:\n  $ millpond report show "Growth, weekly"')
    .action(async (name: string, options: ReportOptions, command: Command) => {
      const [found, mails] = await ask(command, async (client) =>
        Promise.all([client.call('GET', pathOf(name)), client.call('GET', `${pathOf(name)}/mails`)]),
      )
      const items = listIn<Mail>(mails, 'mails')
      const rows = items.map(({ due, route, state, note }) => [due, route, state, note])
      if (options.json !== true)
        await writeOut(context, `Next: ${(found as Answer).nextTimes.join(', ') || 'paused'}\n\n`)
      await sayList(context, options, { items, names: ['of', 'to', 'state', 'note'], rows })
    })
}

function pathOf(name: string): string {
  return `/api/reports/${encodeURIComponent(name)}`
}
