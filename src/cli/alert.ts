// `millpond alert …`: alerts and the routes on which people are told. Alerts are written in the portal or over the API, where a
// back-test shows what they would have found.
import type { Command } from 'commander'

import { listIn, withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { sayList } from './say.ts'

interface AlertOptions extends GlobalOptions {
  readonly json?: boolean
  readonly minutes: string
  readonly setting: readonly string[]
  readonly secret: readonly string[]
}

interface Answer {
  readonly id: string
  readonly name: string
  readonly state: string
  readonly condition: string
  readonly owner?: string
  readonly isEnabled: boolean
  readonly mutedUntil: string | null
  readonly nextAt: string
}

interface Route {
  readonly name: string
  readonly kind: string
  readonly settings: Readonly<Record<string, string>>
  readonly secretNames: readonly string[]
}

type Ask = <T>(command: Command, work: (client: AdminClient) => Promise<T>) => Promise<T>

export function addAlertCommand(program: Command, context: CliContext): void {
  const alert = program.command('alert').description('alerts, and whom they tell')
  alert.addHelpText('after', '\nExample:\n  $ millpond alert list\n  $ millpond alert mute "Errors" --minutes 60')
  const ask: Ask = async (command, work) =>
    withEngine(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)

  alert
    .command('list')
    .description('list alerts and their states')
    .option('--json', 'print one JSON object an alert')
    .addHelpText('after', '\nExample:\n  $ millpond alert list')
    .action(async (options: AlertOptions, command: Command) => {
      const items = listIn<Answer>(await ask(command, async (client) => client.call('GET', '/api/alerts')), 'alerts')
      const rows = items.map((one) => [
        one.name,
        one.isEnabled ? one.state : 'paused',
        one.condition,
        one.owner ?? '',
        one.mutedUntil ?? '',
        one.nextAt,
      ])
      await sayList(context, options, {
        items,
        names: ['alert', 'state', 'condition', 'owner', 'muted until', 'next'],
        rows,
      })
    })

  alert
    .command('mute')
    .description('tell nobody for a while; --minutes 0 tells again')
    .argument('<alert>', 'its name or id')
    .option('--minutes <n>', 'for so long', '60')
    .addHelpText('after', '\nExample:\n  $ millpond alert mute "Errors" --minutes 60')
    .action(async (name: string, options: AlertOptions, command: Command) => {
      const minutes = Number(options.minutes)
      if (!Number.isInteger(minutes) || minutes < 0)
        throw new UsageError(`"${options.minutes}" is no number of minutes`)
      const told = (await ask(command, async (client) =>
        client.call('POST', `/api/alerts/${encodeURIComponent(name)}/mute`, { minutes }),
      )) as Answer
      const text = told.mutedUntil === null ? 'tells again' : `is muted until ${told.mutedUntil}`
      await writeOut(context, `${told.name} ${text}.\n`)
    })

  alert
    .command('test')
    .description('tell all routes of an alert, as a test')
    .argument('<alert>', 'its name or id')
    .addHelpText('after', '\nExample:\n  $ millpond alert test "Errors"')
    .action(async (name: string, _options: AlertOptions, command: Command) => {
      await ask(command, async (client) => client.call('POST', `/api/alerts/${encodeURIComponent(name)}/test`))
      await writeOut(context, 'Queued. The history of the alert says what became of it.\n')
    })

  addRouteCommand(alert, context, ask)
}

function addRouteCommand(alert: Command, context: CliContext, ask: Ask): void {
  const route = alert.command('route').description('routes on which people are told')
  route
    .command('list')
    .description('list routes, without their secrets')
    .option('--json', 'print one JSON object a route')
    .addHelpText('after', '\nExample:\n  $ millpond alert route list')
    .action(async (options: AlertOptions, command: Command) => {
      const answer = await ask(command, async (client) => client.call('GET', '/api/alert-routes'))
      const items = listIn<Route>(answer, 'routes')
      const rows = items.map(({ name, kind, settings, secretNames }) => [
        name,
        kind,
        Object.entries(settings)
          .map((pair) => pair.join('='))
          .join(' '),
        secretNames.join(' '),
      ])
      await sayList(context, options, { items, names: ['route', 'kind', 'settings', 'secrets'], rows })
    })

  route
    .command('add')
    .description('a new route, or another of this name; secrets that are not given stay')
    .argument('<name>', 'lower-case letters, digits and dashes')
    .argument('<kind>', 'email, slack or webhook')
    .option('--setting <name=value>', 'to and from of email; allowPrivateNetwork=true; may be repeated', collect, [])
    .option(
      '--secret <name=value>',
      'smtpUrl of email, url of slack and webhook, secret of webhook; may be repeated',
      collect,
      [],
    )
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond alert route add chat slack --secret url=https://hooks.slack.com/services/…',
    )
    .action(async (name: string, kind: string, options: AlertOptions, command: Command) => {
      const body = { kind, settings: pairs(options.setting), secrets: pairs(options.secret) }
      await ask(command, async (client) => client.call('PUT', `/api/alert-routes/${encodeURIComponent(name)}`, body))
      await writeOut(context, `Route ${name} is kept.\n`)
    })

  route
    .command('remove')
    .description('remove a route that no alert uses')
    .argument('<name>', 'of the route')
    .addHelpText('after', '\nExample:\n  $ millpond alert route remove chat')
    .action(async (name: string, _options: AlertOptions, command: Command) => {
      await ask(command, async (client) => client.call('DELETE', `/api/alert-routes/${encodeURIComponent(name)}`))
      await writeOut(context, `Route ${name} is gone.\n`)
    })
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=')
      if (at < 1) throw new UsageError(`"${text}" should be name=value`)
      return [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}
