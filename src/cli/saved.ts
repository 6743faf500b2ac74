// `millpond saved …`: SQL with a name, parameters and versions.
import { type Command, InvalidArgumentError } from 'commander'

import { listIn, withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { addParamSetting, type Settings } from './param-setting.ts'
import { jsonPrinter, runLines, tablePrinter } from './query.ts'
import { printable } from './table.ts'
import { sayList } from './say.ts'

interface SavedOptions extends GlobalOptions {
  readonly json?: boolean
  readonly param: Settings
  readonly description?: string
  readonly zone: string
  readonly rows: number
}

interface SavedAnswer {
  readonly id: string
  readonly name: string
  readonly folder: string
  readonly version: number
  readonly owner: string
  readonly verifiedBy?: string
  readonly sql: string
  readonly changedAt: string
}

const idHelp = 'its id, or `folder/name`'

export function addSavedCommand(program: Command, context: CliContext): void {
  const saved = program.command('saved').description('saved queries')
  saved.addHelpText(
    'after',
    '\nExample:\n  $ millpond saved list\n  $ millpond saved run growth/actives --param day=yesterday',
  )
  const ask = async <T>(command: Command, work: (client: AdminClient) => Promise<T>): Promise<T> =>
    withEngine(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)

  saved
    .command('list')
    .description('list saved queries')
    .option('--json', 'print one JSON object a query')
    .addHelpText('after', '\nExample:\n  $ millpond saved list')
    .action(async (options: SavedOptions, command: Command) => {
      const answer = await ask(command, async (client) => client.call('GET', '/api/queries'))
      const queries = listIn<SavedAnswer>(answer, 'queries')
      const rows = queries.map((one) => [pathOf(one), one.version, one.verifiedBy ?? '', one.owner, one.changedAt])
      const names = ['query', 'version', 'verified by', 'owner', 'changed']
      await sayList(context, options, { items: queries, names, rows })
    })

  saved
    .command('show')
    .description('print the SQL of a saved query')
    .argument('<query>', idHelp)
    .option('--json', 'print all of it as JSON')
    .addHelpText('after', '\nExample:\n  $ millpond saved show growth/actives')
    .action(async (id: string, options: SavedOptions, command: Command) => {
      const found = (await ask(command, async (client) => client.call('GET', savedPath(id)))) as SavedAnswer
      await writeOut(context, `${options.json === true ? JSON.stringify(found) : printable(found.sql)}\n`)
    })

  saved
    .command('run')
    .description('run a saved query and print its rows')
    .argument('<query>', idHelp)
    .option(
      '--param <name=value>',
      'a value, or a relative date (yesterday, 7 days ago); may be repeated',
      addParamSetting,
      {},
    )
    .option('--json', 'print one JSON object a row')
    .addHelpText('after', '\nExample:\n  $ millpond saved run growth/actives --param day=2026-03-01')
    .action(async (id: string, options: SavedOptions, command: Command) => {
      const printer = options.json === true ? jsonPrinter(context) : tablePrinter(context, 100)
      await ask(command, async (client) =>
        runLines(context, client, [`${savedPath(id)}/run`, { parameters: options.param }], printer),
      )
    })

  addSaveCommand(saved, context, ask)
}

type Ask = <T>(command: Command, work: (client: AdminClient) => Promise<T>) => Promise<T>

function addSaveCommand(saved: Command, context: CliContext, ask: Ask): void {
  saved
    .command('save')
    .description('save a query, or a new version of it; it is verified, since you own this Millpond')
    .argument('<path>', '`folder/name`')
    .argument('<sql>', 'GoogleSQL; `-` reads it from standard input')
    .option('--param <name:TYPE[:default]>', 'a parameter; may be repeated', addDefinition, [])
    .option('--description <text>', 'what it is for')
    .option('--zone <name>', 'where "today" is', 'UTC')
    .option('--json', 'print it as JSON')
    .addHelpText('after', '\nExample:\n  $ millpond saved save growth/actives --param day:DATE:yesterday "SELECT …"')
    .action(async (path: string, text: string, options: SavedOptions, command: Command) => {
      const sql = text === '-' ? await context.readStdin() : text
      if (sql.trim() === '') throw new UsageError('There is no SQL to save')
      const slash = path.lastIndexOf('/')
      const body = {
        name: path.slice(slash + 1),
        folder: slash < 0 ? '' : path.slice(0, slash),
        description: options.description ?? '',
        sql,
        parameters: options.param,
        zone: options.zone,
      }
      const made = await ask(command, async (client) => {
        const queries = listIn<SavedAnswer>(await client.call('GET', '/api/queries'), 'queries')
        const old = queries.find((one) => pathOf(one) === path)
        const kept = (await (old === undefined
          ? client.call('POST', '/api/queries', body)
          : client.call('PUT', savedPath(old.id), body))) as SavedAnswer
        await client.call('POST', `${savedPath(kept.id)}/verify`, { version: kept.version })
        return kept
      })
      await writeOut(
        context,
        `${options.json === true ? JSON.stringify(made) : `Saved ${path}, version ${made.version}.`}\n`,
      )
    })
}

function pathOf({ folder, name }: SavedAnswer): string {
  return folder === '' ? name : `${folder}/${name}`
}

function savedPath(id: string): string {
  return `/api/queries/${encodeURIComponent(id)}`
}

/** `day:DATE:yesterday`. */
function addDefinition(text: string, before: readonly object[]): readonly object[] {
  const found = /^([A-Za-z_]\w*):([^:]+)(?::(.*))?$/s.exec(text)
  if (found === null)
    throw new InvalidArgumentError('It looks like name:TYPE or name:TYPE:default, such as day:DATE:yesterday.')
  const [, name = '', type, value] = found
  return [
    ...before,
    { name, type, ...(value === undefined ? {} : { default: addParamSetting(`x=${value}`, {})['x'] }) },
  ]
}
