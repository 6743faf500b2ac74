// `millpond start`: the server, in this process, until it is told to stop.
import type { Command } from 'commander'

import { type CliContext, type GlobalOptions, settingsOf } from './context.ts'

export function addStartCommand(program: Command, context: CliContext): void {
  program
    .command('start')
    .description('start Millpond and print where it is; Ctrl-C stops it in order')
    .addHelpText(
      'after',
      `
Settings come from millpond.config.json and MILLPOND_ variables; docs/settings.md lists them all.

Example:
  $ millpond start
  $ MILLPOND_HTTP_PORT=9000 millpond start --data /var/lib/millpond`,
    )
    .action(async (_options: unknown, command: Command) => {
      await context.runIntake(settingsOf(context, command.optsWithGlobals<GlobalOptions>()))
    })
}
