// `millpond destination rules|preview|versions`: what a destination's owner says about events before they go.
import { readFile } from 'node:fs/promises'

import type { Command } from 'commander'

import { listIn } from './access.ts'
import { type CliContext, type GlobalOptions, writeOut, readText } from './context.ts'
import { type DestinationCall, pathOf } from './destination-call.ts'
import { UsageError } from './failure.ts'
import { sayList } from './say.ts'

interface Answer {
  readonly name: string
  readonly rules: object
}

interface Previewed {
  readonly type: string
  readonly name: string
  readonly status: string
  readonly reason: string
  readonly payload: readonly string[]
}

interface Version {
  readonly version: number
  readonly rules: object
  readonly changedBy: string
  readonly changedAt: string
}

interface RulesOptions extends GlobalOptions {
  readonly json?: boolean
  readonly file?: string
  readonly code?: string
  readonly clear?: boolean
  readonly events?: string
}

const rulesExample = `
Example of a file:
  {"events": {"not": ["Heartbeat"]},
   "filter": "properties.total > 0",
   "fields": {"not": ["context.ip"], "hash": ["properties.email"]},
   "mapping": "{\\"properties\\": {\\"value\\": properties.total}}"}`

export function addRulesCommands(destination: Command, context: CliContext, call: DestinationCall): void {
  const rulesOf = async (command: Command, name: string): Promise<object> => {
    const all = listIn<Answer>(await call(command, 'GET', '/api/destinations'), 'destinations')
    const found = all.find((one) => one.name === name)
    if (found === undefined) throw new UsageError(`There is no destination ${JSON.stringify(name)}`)
    return found.rules
  }

  destination
    .command('rules <name>')
    .description('print the rules of a destination, or set them')
    .option('--file <path>', 'set them to what is in a JSON file; - reads standard input')
    .option('--code <path>', 'set the function to what is in a JavaScript or TypeScript file; other rules stay')
    .option('--clear', 'take all rules away')
    .option('--json', 'print the destination')
    .addHelpText('after', `\nExample:\n  $ millpond destination rules crm --file rules.json\n${rulesExample}`)
    .action(async (name: string, options: RulesOptions, command: Command) => {
      const given = [options.file, options.code, options.clear].filter((one) => one !== undefined)
      if (given.length > 1) throw new UsageError('Give one of --file, --code and --clear')
      const old = await rulesOf(command, name)
      if (given.length === 0) {
        await writeOut(context, `${JSON.stringify(old, undefined, 2)}\n`)
        return
      }
      const rules = options.clear === true ? {} : await rulesIn(context, options, old)
      const changed = await call(command, 'PUT', pathOf(name), { rules })
      const plain = `The rules of ${name} hold from now on. \`millpond destination preview ${name}\` shows what they do.`
      await writeOut(context, `${options.json === true ? JSON.stringify(changed) : plain}\n`)
    })

  destination
    .command('preview <name>')
    .description('show what the last events would become there; nothing is sent')
    .option('--file <path>', 'with the rules of a JSON file instead of those in force; - reads standard input')
    .option('--events <number>', 'how many events, 100 at most', '20')
    .option('--json', 'print one JSON object an event')
    .addHelpText('after', '\nExample:\n  $ millpond destination preview crm --file rules.json')
    .action(async (name: string, options: RulesOptions, command: Command) => {
      const rules = options.file === undefined ? undefined : await rulesIn(context, options, {})
      const body = { eventsMax: Number(options.events), ...(rules === undefined ? {} : { rules }) }
      const { events } = (await call(command, 'POST', `${pathOf(name)}/preview`, body)) as {
        readonly events: readonly Previewed[]
      }
      const rows = events.map(({ type, name: event, status, reason, payload }) => [
        event === '' ? type : `${type} ${event}`,
        status,
        status === 'sent' ? payload.join(' ') : reason,
      ])
      const none = 'No events came lately from its sources.'
      await sayList(context, options, { items: events, names: ['event', 'would be', 'what or why'], rows, none })
    })

  destination
    .command('versions <name>')
    .description('list what a destination was set to; millpond.deliveries names the version an event went with')
    .option('--json', 'print one JSON object a version')
    .addHelpText('after', '\nExample:\n  $ millpond destination versions crm')
    .action(async (name: string, options: RulesOptions, command: Command) => {
      const answer = await call(command, 'GET', `${pathOf(name)}/versions`)
      const versions = listIn<Version>(answer, 'versions')
      const rows = versions.map(({ version, changedAt, changedBy, rules }) => [
        version,
        changedAt,
        changedBy,
        JSON.stringify(rules),
      ])
      await sayList(context, options, { items: versions, names: ['version', 'since', 'by', 'rules'], rows })
    })
}

async function rulesIn(context: CliContext, { file, code }: RulesOptions, old: object): Promise<object> {
  if (code !== undefined) return { ...old, code: await readFile(code, 'utf8') }
  const path = file ?? '-'
  const text = await readText(context, path)
  try {
    return JSON.parse(text) as object
  } catch (error) {
    throw new UsageError(`${path} is no JSON: ${error instanceof Error ? error.message : ''}`)
  }
}
