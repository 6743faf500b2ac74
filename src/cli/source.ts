// `millpond source …`: who may send, and with which write key.
import { type Command, Option } from 'commander'

import type { Source, SourcePlatform } from '../control/control.ts'
import { type Keeper, withKeeper } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { shortTime } from './units.ts'
import { sayList } from './say.ts'

interface SourceOptions extends GlobalOptions {
  readonly json?: boolean
  readonly platform?: SourcePlatform
}

export function addSourceCommand(program: Command, context: CliContext): void {
  const source = program.command('source').description('sources and their write keys')
  source.addHelpText('after', '\nExample:\n  $ millpond source add web\n  $ millpond source list')

  source
    .command('add <name>')
    .description('make a source and its write key; the name is also its dataset in SQL')
    .addOption(
      new Option('--platform <platform>', 'client: the key ships in an app and is public; server: it stays with you')
        .choices(['client', 'server'])
        .default('client'),
    )
    .option('--json', 'print {"source","writeKey"}')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond source add web\n  $ millpond source add backend --platform server --json',
    )
    .action(async (name: string, options: SourceOptions, command: Command) => {
      const made = await keep(
        context,
        command,
        async (keeper) => await keeper.addSource(name, options.platform ?? 'client'),
      )
      await sayKey(context, options, made, `Source ${made.source} is ready. Its write key:`)
    })

  source
    .command('list')
    .description('list sources with their current write keys')
    .option('--json', 'print one JSON object a source')
    .addHelpText('after', '\nExample:\n  $ millpond source list')
    .action(async (options: SourceOptions, command: Command) => {
      await sayAll(context, options, await keep(context, command, async (keeper) => await keeper.listSources()))
    })

  source
    .command('rotate <name>')
    .description('give a source a new write key; events under the old one are kept, in quarantine')
    .option('--json', 'print {"source","writeKey"}')
    .addHelpText('after', '\nExample:\n  $ millpond source rotate web')
    .action(async (name: string, options: SourceOptions, command: Command) => {
      const made = await keep(context, command, async (keeper) => await keeper.rotateSource(name))
      await sayKey(context, options, made, `Source ${made.source} has a new write key; the old one no longer counts:`)
    })

  addStateCommand(source, context, 'disable', 'keep what a source sends in quarantine, out of its tables')
  addStateCommand(source, context, 'enable', 'let a disabled source in again')
}

function addStateCommand(
  source: Command,
  context: CliContext,
  action: 'disable' | 'enable',
  description: string,
): void {
  source
    .command(`${action} <name>`)
    .description(description)
    .option('--json', 'print {"source","state"}')
    .addHelpText('after', `\nExample:\n  $ millpond source ${action} web`)
    .action(async (name: string, options: SourceOptions, command: Command) => {
      const state = action === 'disable' ? 'disabled' : 'active'
      const changed = await keep(context, command, async (keeper) => await keeper.setSourceState(name, state))
      const { source, state: now } = changed
      const plain =
        now === 'active'
          ? `Source ${source} is active.`
          : `Source ${source} is disabled; what it sends is kept in quarantine.`
      await writeOut(context, `${options.json === true ? JSON.stringify({ source, state: now }) : plain}\n`)
    })
}

async function keep<T>(context: CliContext, command: Command, work: (keeper: Keeper) => Promise<T>): Promise<T> {
  return await withKeeper(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)
}

async function sayKey(context: CliContext, options: SourceOptions, made: Source, plain: string): Promise<void> {
  const { source, writeKey } = made
  await writeOut(
    context,
    options.json === true ? `${JSON.stringify({ source, writeKey })}\n` : `${plain}\n\n  ${writeKey}\n`,
  )
}

async function sayAll(context: CliContext, options: SourceOptions, sources: readonly Source[]): Promise<void> {
  const rows = sources.map((source) => [
    source.source,
    source.platform,
    source.state,
    source.writeKey,
    shortTime(source.createdAtMicros),
  ])
  await sayList(context, options, {
    items: sources,
    names: ['source', 'platform', 'state', 'write key', 'made'],
    rows,
    none: 'No sources yet. Make one with `millpond source add web`.',
  })
}
