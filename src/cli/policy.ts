// `millpond policy …`: columns that members see masked, and rows that don't exist for them.
import { type Command, Option } from 'commander'

import type { ColumnMask, MaskKind, Policies, RowFilter } from '../control/principals.ts'
import { withEngine } from './access.ts'
import { keep, warningsIn } from './access-keeper.ts'
import { type CliContext, type GlobalOptions, settingsOf } from './context.ts'
import { UsageError } from './failure.ts'
import { collect, say, sayList } from './say.ts'

interface PolicyOptions extends GlobalOptions {
  readonly json?: boolean
  readonly as?: MaskKind
  readonly except?: readonly string[]
}

const exceptHelp = 'a handle, or role:<role>, that sees the real values; may be repeated. Administrators always do'

export function addPolicyCommand(program: Command, context: CliContext): void {
  const policy = program.command('policy').description('column masks and row filters for members')
  policy.addHelpText(
    'after',
    `\nExample:\n  $ millpond policy mask 'web.*.email' --as hash --except ana\n  $ millpond policy filter web.orders 'region IN UNNEST(@region)'\n  $ millpond policy list`,
  )

  policy
    .command('mask <column>')
    .description(
      'show members something else than the values of `dataset.table.column`; `dataset.*.column`: in every table',
    )
    .addOption(
      new Option(
        '--as <kind>',
        'nothing: NULL; hash: SHA-256; default: empty, 0, false or 1970; last4: XXXX and the end',
      )
        .choices(['nothing', 'hash', 'default', 'last4'])
        .default('nothing'),
    )
    .option('--except <handle>', exceptHelp, collect)
    .option('--json', 'print the mask as JSON')
    .addHelpText(
      'after',
      "\nExample:\n  $ millpond policy mask 'web.*.email' --as hash\n  $ millpond policy mask shop.orders.card --as last4",
    )
    .action(async (place: string, options: PolicyOptions, command: Command) => {
      const mask: ColumnMask = { ...maskPlace(place), kind: options.as ?? 'nothing', exempt: options.except ?? [] }
      const warnings = await keep(context, command, async (keeper) => await keeper.putMask(mask))
      await say(context, options, mask, `Members see ${place} as ${mask.kind} now.`)
      warn(context, warnings)
    })

  policy
    .command('filter <table> <condition>')
    .description('let members see only the rows of `dataset.table` for which a GoogleSQL condition is TRUE')
    .option('--except <handle>', exceptHelp, collect)
    .option('--json', 'print the filter as JSON')
    .addHelpText(
      'after',
      "\n@name in the condition is an attribute of whoever asks (several values: IN UNNEST(@name)),\nSESSION_USER() their handle. The condition is checked against the table, so Millpond must run.\n\nExample:\n  $ millpond policy filter web.orders 'region = @region'",
    )
    .action(async (place: string, predicate: string, options: PolicyOptions, command: Command) => {
      const [dataset = '', table = ''] = partsOf(place, 2)
      const filter: RowFilter = { dataset, table, predicate, exempt: options.except ?? [] }
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const made = await withEngine(
        context,
        settings,
        async (client) => await client.call('POST', '/api/policies/filters', filter),
      )
      await say(context, options, filter, `Members see only rows of ${place} where ${predicate}.`)
      warn(context, warningsIn(made))
    })

  addListCommand(policy, context)
  addRemoveCommand(policy, context)
}

function addListCommand(policy: Command, context: CliContext): void {
  policy
    .command('list')
    .description('list masks and filters')
    .option('--json', 'print one JSON object each')
    .addHelpText('after', '\nExample:\n  $ millpond policy list')
    .action(async (options: PolicyOptions, command: Command) => {
      await sayAll(context, options, await keep(context, command, async (keeper) => await keeper.policies()))
    })
}

function addRemoveCommand(policy: Command, context: CliContext): void {
  policy
    .command('remove <place>')
    .description('take back the mask of `dataset.table.column`, or the filter of `dataset.table`')
    .option('--json', 'print {"place","removed":true}')
    .addHelpText('after', "\nExample:\n  $ millpond policy remove 'web.*.email'\n  $ millpond policy remove web.orders")
    .action(async (place: string, options: PolicyOptions, command: Command) => {
      await keep(context, command, async (keeper) => {
        if (place.split('.').length === 3) await keeper.removeMask(maskPlace(place))
        else {
          const [dataset = '', table = ''] = partsOf(place, 2)
          await keeper.removeFilter({ dataset, table })
        }
      })
      await say(context, options, { place, removed: true }, `Members see ${place} as it is now.`)
    })
}

function maskPlace(place: string): Pick<ColumnMask, 'dataset' | 'table' | 'column'> {
  const [dataset = '', table = '', column = ''] = partsOf(place, 3)
  return { dataset, table, column }
}

function partsOf(place: string, count: 2 | 3): string[] {
  const parts = place.split('.')
  if (parts.length === count && parts.every((part) => part !== '')) return parts
  throw new UsageError(`"${place}" should be ${count === 2 ? 'dataset.table' : 'dataset.table.column'}`)
}

function warn(context: CliContext, warnings: readonly string[]): void {
  for (const warning of warnings) context.stderr.write(`Warning: ${warning}.\n`)
}

async function sayAll(context: CliContext, options: PolicyOptions, { masks, filters }: Policies): Promise<void> {
  const rows = [
    ...masks.map((one) => [`${one.dataset}.${one.table}.${one.column}`, one.kind, one.exempt.join(' ')]),
    ...filters.map((one) => [`${one.dataset}.${one.table}`, `rows where ${one.predicate}`, one.exempt.join(' ')]),
  ]
  await sayList(context, options, {
    items: [...masks, ...filters],
    names: ['place', 'members see', 'except'],
    rows,
    none: 'No masks and no filters: members see all of what is granted to them.',
  })
}
