// `millpond retype`: another type for a column, for the rows that are there and for those to come.
import { type Command, InvalidArgumentError } from 'commander'

import { withEngine } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'

/** The engine's own list. */
const types = ['text', 'integer', 'float', 'boolean', 'timestamp']

interface Outcome {
  readonly tables: readonly string[]
  readonly rows: number
  readonly overflowed: number
}

export function addRetypeCommand(program: Command, context: CliContext): void {
  program
    .command('retype')
    .description("give a column another type; what doesn't fit stays in the row's _overflow")
    .argument('<table>', 'dataset.table', parseTable)
    .argument('<column>', 'the column, as SQL names it')
    .argument('<type>', types.join(', '), parseType)
    .option('--json', 'print {"tables","rows","overflowed"}')
    .addHelpText('after', '\nExample:\n  $ millpond retype web.order_completed order_number text')
    .action(
      async (
        table: readonly [string, string],
        column: string,
        type: string,
        options: { json?: boolean },
        command: Command,
      ) => {
        const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
        const input = { dataset: table[0], table: table[1], column, type }
        const outcome = (await withEngine(context, settings, async (client) =>
          client.call('POST', '/api/maintenance/retype', input),
        )) as Outcome
        const names = outcome.tables.map((name) => `${table[0]}.${name}`).join(', ')
        const plain =
          `${column} is ${type} now in ${names}. Of ${outcome.rows} values ` +
          `${outcome.overflowed} didn't fit and stand in _overflow.`
        await writeOut(context, options.json === true ? `${JSON.stringify(outcome)}\n` : `${plain}\n`)
      },
    )
}

function parseTable(text: string): readonly [string, string] {
  const dot = text.indexOf('.')
  if (dot < 1 || dot === text.length - 1) throw new InvalidArgumentError('Write it as dataset.table.')
  return [text.slice(0, dot), text.slice(dot + 1)]
}

function parseType(text: string): string {
  if (types.includes(text)) return text
  throw new InvalidArgumentError(`It must be one of ${types.join(', ')}.`)
}
