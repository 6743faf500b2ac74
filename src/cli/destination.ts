// `millpond destination …`: services that collected events are passed on to.
import type { Command } from 'commander'

import { listIn, withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { type DestinationCall, pathOf } from './destination-call.ts'
import { addReplayCommands } from './destination-replay.ts'
import { addRulesCommands } from './destination-rules.ts'
import { UsageError } from './failure.ts'
import { collect, sayList } from './say.ts'

interface DestinationOptions extends GlobalOptions {
  readonly json?: boolean
  readonly name?: string
  readonly source: readonly string[]
  readonly setting: readonly string[]
}

interface TypeAnswer {
  readonly type: string
  readonly description: string
  readonly repetition: string
  readonly settings: readonly { readonly name: string; readonly isRequired: boolean; readonly description: string }[]
}

interface Answer {
  readonly name: string
  readonly type: string
  readonly sources: readonly string[]
  readonly state: string
  readonly delivery: {
    readonly state: string
    readonly lastError: string | null
    readonly readUntil: string
    readonly counts: Readonly<Record<string, number>>
  } | null
}

export function addDestinationCommand(program: Command, context: CliContext): void {
  const destination = program.command('destination').description('services that events are passed on to')
  destination.addHelpText(
    'after',
    '\nExample:\n  $ millpond destination types\n  $ millpond destination add webhook --setting url=https://example.com/events',
  )
  const call: DestinationCall = async (command, method, path, body) =>
    withEngine(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), async (client: AdminClient) =>
      client.call(method, path, body),
    )
  addLists(destination, context, call)
  addAdd(destination, context, call)
  addChanges(destination, context, call)
  addRulesCommands(destination, context, call)
  addReplayCommands(destination, context, call)
  addWhy(destination, context, call)
}

function pairsOf(words: readonly string[]): Record<string, string> {
  const pairs: Record<string, string> = {}
  for (const word of words) {
    const at = word.indexOf('=')
    if (at < 1) throw new UsageError(`Write --setting key=value, not ${JSON.stringify(word)}`)
    pairs[word.slice(0, at)] = word.slice(at + 1)
  }
  return pairs
}

function addLists(destination: Command, context: CliContext, call: DestinationCall): void {
  destination
    .command('types')
    .description('list what can be a destination, with its settings')
    .option('--json', 'print one JSON object a type')
    .addHelpText('after', '\nExample:\n  $ millpond destination types')
    .action(async (options: DestinationOptions, command: Command) => {
      const types = listIn<TypeAnswer>(await call(command, 'GET', '/api/destination-types'), 'types')
      const rows = types.map(({ type, description, settings }) => [
        type,
        description,
        settings.map(({ name, isRequired }) => (isRequired ? `${name}!` : name)).join(' '),
      ])
      await sayList(context, options, { items: types, names: ['type', 'what', 'settings (! = needed)'], rows })
    })

  destination
    .command('list')
    .description('list destinations, and how they are doing')
    .option('--json', 'print one JSON object a destination')
    .addHelpText('after', '\nExample:\n  $ millpond destination list')
    .action(async (options: DestinationOptions, command: Command) => {
      const all = listIn<Answer>(await call(command, 'GET', '/api/destinations'), 'destinations')
      const rows = all.map(({ name, type, sources, state, delivery }) => [
        name,
        type,
        sources.length === 0 ? 'all' : sources.join(' '),
        delivery?.state ?? state,
        delivery?.counts['delivered'] ?? null,
        delivery?.counts['rejected'] ?? null,
        delivery?.lastError ?? null,
      ])
      const names = ['name', 'type', 'sources', 'state', 'delivered', 'rejected', 'error']
      const none = 'No destinations yet. `millpond destination types` says what there can be.'
      await sayList(context, options, { items: all, names, rows, none })
    })
}

function addAdd(destination: Command, context: CliContext, call: DestinationCall): void {
  destination
    .command('add <type>')
    .description('pass on what comes in from now on')
    .option('--name <name>', 'of the destination (default: its type)')
    .option('--source <name>', 'only of this source; may be repeated (default: all sources)', collect, [])
    .option('--setting <key=value>', 'a setting of its type; may be repeated', collect, [])
    .option('--json', 'print the destination')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond destination add webhook --name crm --source web --setting url=https://example.com/events',
    )
    .action(async (type: string, options: DestinationOptions, command: Command) => {
      const { name, source, setting } = options
      const body = { type, sources: source, settings: pairsOf(setting), ...(name === undefined ? {} : { name }) }
      const added = (await call(command, 'POST', '/api/destinations', body)) as Answer
      await say(context, options, added, `Destination ${added.name} is ready: events go there from now on.`)
    })

  destination
    .command('change <name>')
    .description('change settings or sources; what is not named stays')
    .option('--source <name>', 'only of this source; may be repeated', collect, [])
    .option('--setting <key=value>', 'a setting of its type; may be repeated; key= takes it away', collect, [])
    .option('--json', 'print the destination')
    .addHelpText('after', '\nExample:\n  $ millpond destination change crm --setting mode=single')
    .action(async (name: string, options: DestinationOptions, command: Command) => {
      const { source, setting } = options
      const body = { settings: pairsOf(setting), ...(source.length === 0 ? {} : { sources: source }) }
      const changed = (await call(command, 'PUT', pathOf(name), body)) as Answer
      await say(context, options, changed, `Destination ${changed.name} is changed.`)
    })
}

function addWhy(destination: Command, context: CliContext, call: DestinationCall): void {
  destination
    .command('why <name> <message>')
    .description('say why an event is, or is not, at a destination; <message> is its messageId')
    .option('--json', 'print {"verdict","sentence","event","entries"}')
    .addHelpText('after', '\nExample:\n  $ millpond destination why mixpanel node-next-1700000000000-7c9e6679')
    .action(async (name: string, message: string, options: DestinationOptions, command: Command) => {
      const path = `${pathOf(name)}/why?message=${encodeURIComponent(message)}`
      const answer = (await call(command, 'GET', path)) as { readonly sentence: string }
      await writeOut(context, `${options.json === true ? JSON.stringify(answer) : answer.sentence}\n`)
    })
}

function addChanges(destination: Command, context: CliContext, call: DestinationCall): void {
  const changes = [
    ['disable', 'stop passing on; it goes on from where it stopped when it is enabled', 'is disabled'],
    ['enable', 'go on from where it stopped', 'is active'],
  ] as const
  for (const [verb, description, now] of changes) {
    destination
      .command(`${verb} <name>`)
      .description(description)
      .option('--json', 'print the destination')
      .addHelpText('after', `\nExample:\n  $ millpond destination ${verb} crm`)
      .action(async (name: string, options: DestinationOptions, command: Command) => {
        const changed = (await call(command, 'POST', `${pathOf(name)}/${verb}`)) as Answer
        await say(context, options, changed, `Destination ${changed.name} ${now}.`)
      })
  }

  destination
    .command('remove <name>')
    .description('forget a destination and its settings; its entries in millpond.deliveries stay')
    .option('--json', 'print {"name","removed":true}')
    .addHelpText('after', '\nExample:\n  $ millpond destination remove crm')
    .action(async (name: string, options: DestinationOptions, command: Command) => {
      await call(command, 'DELETE', pathOf(name))
      const text = options.json === true ? JSON.stringify({ name, removed: true }) : `Destination ${name} is removed.`
      await writeOut(context, `${text}\n`)
    })
}

async function say(context: CliContext, options: DestinationOptions, answer: Answer, plain: string): Promise<void> {
  await writeOut(context, `${options.json === true ? JSON.stringify(answer) : plain}\n`)
}
