// `millpond storage`: what fills the pond, and what BigQuery would charge for keeping it.
import { type Command, Option } from 'commander'

import { withEngine } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { renderTable } from './table.ts'
import { bytesText } from './units.ts'

interface StorageOptions extends GlobalOptions {
  readonly json?: boolean
  readonly by: 'dataset' | 'day' | 'month' | 'table'
}

interface Amount {
  readonly dataset: string
  readonly table?: string
  readonly day?: string
  readonly month?: string
  readonly rows: number
  readonly bytes: number
  readonly share?: number
  readonly bytesPerRow?: number
  readonly dollarsPerMonth?: number
}

interface StorageAnswer {
  readonly datasets: readonly Amount[]
  readonly days: readonly Amount[]
  readonly months: readonly Amount[]
  readonly largest: readonly Amount[]
  readonly bytes: number
  readonly dollarsPerMonth: number
}

export function addStorageCommand(program: Command, context: CliContext): void {
  program
    .command('storage')
    .description("show what fills the warehouse, by BigQuery's size rules")
    .addOption(
      new Option('--by <what>', 'how it is summed up').choices(['table', 'dataset', 'day', 'month']).default('table'),
    )
    .option('--json', 'print everything as one JSON object')
    .addHelpText(
      'after',
      `
Sizes are logical bytes, as BigQuery counts and bills them; the disk holds less. They are measured every night.

Example:
  $ millpond storage
  $ millpond storage --by month`,
    )
    .action(async (options: StorageOptions, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      await withEngine(context, settings, async (client) => {
        const answer = (await client.call('GET', '/api/storage')) as StorageAnswer
        if (options.json === true) await writeOut(context, `${JSON.stringify(answer)}\n`)
        else await print(context, answer, options.by)
      })
    })
}

async function print(context: CliContext, answer: StorageAnswer, by: StorageOptions['by']): Promise<void> {
  const amounts = { dataset: answer.datasets, day: answer.days, month: answer.months, table: answer.largest }[by]
  const rows = amounts.map((one) => {
    const name = one.table === undefined ? one.dataset : `${one.dataset}.${one.table}`
    const when = one.day ?? one.month
    const cells = [...(when === undefined ? [] : [when]), name, one.rows, bytesText(one.bytes)]
    if (by === 'table') cells.push(`${((one.share ?? 0) * 100).toFixed(1)} %`, bytesText(one.bytesPerRow ?? 0))
    if (by === 'dataset') cells.push(`$${(one.dollarsPerMonth ?? 0).toFixed(2)}`)
    return cells
  })
  const right = { align: 'right' } as const
  const more = { table: ['share', 'a row'], dataset: ['BigQuery, a month'], day: [], month: [] }[by]
  const columns = [
    ...(by === 'day' || by === 'month' ? [{ name: by }] : []),
    { name: by === 'table' ? 'table' : 'dataset' },
    { name: 'rows', ...right },
    { name: 'bytes', ...right },
    ...more.map((name) => ({ name, ...right })),
  ]
  await writeOut(context, renderTable(columns, rows, context.stdout))
  const dollars = answer.dollarsPerMonth.toFixed(2)
  context.stderr.write(
    `${bytesText(answer.bytes)} in all; BigQuery would charge about $${dollars} a month for keeping it.\n`,
  )
}
