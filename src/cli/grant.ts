// `millpond grant …`: which datasets and tables a member may read or write.
import type { Command } from 'commander'

import type { Grant } from '../control/principals.ts'
import { keep } from './access-keeper.ts'
import { type CliContext, type GlobalOptions } from './context.ts'
import { UsageError } from './failure.ts'
import { say, sayList } from './say.ts'

interface GrantOptions extends GlobalOptions {
  readonly json?: boolean
  readonly write?: boolean
}

const whatHelp = 'a dataset, `dataset.table`, or `*` for everything'

export function addGrantCommand(program: Command, context: CliContext): void {
  const grant = program.command('grant').description('what members may read and write')
  grant.addHelpText(
    'after',
    "\nExample:\n  $ millpond grant add ana web\n  $ millpond grant add role:support web.orders\n  $ millpond grant add '*' web.page_viewed\n  $ millpond grant list",
  )

  grant
    .command('add')
    .description('let a member read, or write')
    .argument('<handle>', "who; role:<role> is everybody of a role, '*' everybody")
    .argument('<what>', whatHelp)
    .option('--write', 'write too: rows, and with a whole dataset also its tables')
    .option('--json', 'print the grant as JSON')
    .addHelpText('after', '\nExample:\n  $ millpond grant add ana web\n  $ millpond grant add etl reports --write')
    .action(async (handle: string, what: string, options: GrantOptions, command: Command) => {
      const made = grantOf(handle, what, options)
      await keep(context, command, async (keeper) => {
        await keeper.addGrant(made)
      })
      await say(context, options, made, `${whoText(handle)} may ${made.privilege} ${what} now.`)
    })

  grant
    .command('list')
    .description('list grants')
    .option('--json', 'print one JSON object a grant')
    .addHelpText('after', '\nExample:\n  $ millpond grant list')
    .action(async (options: GrantOptions, command: Command) => {
      const { grants } = await keep(context, command, async (keeper) => await keeper.policies())
      await sayAll(context, options, grants)
    })

  grant
    .command('remove')
    .description('take a grant back, as it was given')
    .argument('<handle>', "who; role:<role> is everybody of a role, '*' everybody")
    .argument('<what>', whatHelp)
    .option('--write', 'the grant to write')
    .option('--json', 'print the grant as JSON')
    .addHelpText('after', '\nExample:\n  $ millpond grant remove ana web')
    .action(async (handle: string, what: string, options: GrantOptions, command: Command) => {
      const gone = grantOf(handle, what, options)
      await keep(context, command, async (keeper) => {
        await keeper.removeGrant(gone)
      })
      await say(context, options, gone, `${whoText(handle)} may no longer ${gone.privilege} ${what} by this grant.`)
    })
}

function grantOf(grantee: string, what: string, { write }: GrantOptions): Grant {
  const parts = what.split('.')
  const [dataset = '', table = '*'] = parts
  if (parts.length > 2 || dataset === '' || table === '') {
    throw new UsageError(`"${what}" is neither a dataset nor dataset.table`)
  }
  return { grantee, dataset, table, privilege: write === true ? 'write' : 'read' }
}

function whoText(handle: string): string {
  return handle === '*' ? 'Everybody' : handle
}

async function sayAll(context: CliContext, options: GrantOptions, grants: readonly Grant[]): Promise<void> {
  const rows = grants.map((one) => [one.grantee, one.privilege, one.dataset, one.table])
  await sayList(context, options, {
    items: grants,
    names: ['who', 'may', 'dataset', 'table'],
    rows,
    none: 'No grants yet: members see nothing. Give one with `millpond grant add <handle> <dataset>`.',
  })
}
