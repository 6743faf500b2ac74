// `millpond erase`: the rows of one person go, and stay away when tables are made again.
import type { Command } from 'commander'

import { withEngine } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'

interface EraseOptions extends GlobalOptions {
  readonly user?: string
  readonly anonymous?: string
  readonly dataset?: string
  readonly json?: boolean
}

export function addEraseCommand(program: Command, context: CliContext): void {
  program
    .command('erase')
    .description("remove a person's rows from the tables, for good")
    .option('--user <id>', 'rows with this user id')
    .option('--anonymous <id>', 'rows with this anonymous id')
    .option('--dataset <name>', 'only in this dataset')
    .option('--json', 'print {"rows"}')
    .addHelpText(
      'after',
      `
From the archive the bytes go in the next night, or in the one after they have left the buffer. Backups keep them until they
are removed; tables that are made again from those leave this person out.

Example:
  $ millpond erase --user u-1234`,
    )
    .action(async (options: EraseOptions, command: Command) => {
      const { user: userId, anonymous: anonymousId, dataset } = options
      if (userId === undefined && anonymousId === undefined)
        throw new UsageError('Say who: --user, --anonymous, or both')
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const outcome = (await withEngine(context, settings, async (client) =>
        client.call('POST', '/api/maintenance/erase', { userId, anonymousId, dataset }),
      )) as { rows: number }
      const plain = outcome.rows === 1 ? '1 row was erased.' : `${outcome.rows} rows were erased.`
      await writeOut(context, options.json === true ? `${JSON.stringify(outcome)}\n` : `${plain}\n`)
    })
}
