// The command line as a whole: every command, one file each, and how it ends.
import { Command, CommanderError } from 'commander'

import type { CliContext } from './context.ts'
import { addBackupCommand } from './backup.ts'
import { addDeadLettersCommand } from './dead-letters.ts'
import { addDestinationCommand } from './destination.ts'
import { addDoctorCommand } from './doctor.ts'
import { addEraseCommand } from './erase.ts'
import { addErasuresCommand } from './erasures.ts'
import { addGiveOutCommand } from './give-out.ts'
import { describeFailure, DoneWithFailure, exitCodes } from './failure.ts'
import { addGrantCommand } from './grant.ts'
import { addImportCommand } from './import.ts'
import { addKeyCommand } from './key.ts'
import { addPersonCommand } from './person.ts'
import { addPolicyCommand } from './policy.ts'
import { addQueryCommand } from './query.ts'
import { addRebuildCommand } from './rebuild.ts'
import { addRestoreCommand } from './restore.ts'
import { addRetypeCommand } from './retype.ts'
import { addAlertCommand } from './alert.ts'
import { addClientCommand } from './client.ts'
import { addCohortCommand } from './cohort.ts'
import { addDashboardCommand } from './dashboard.ts'
import { addReportCommand } from './report.ts'
import { addPlanCommand } from './plan.ts'
import { addSavedCommand } from './saved.ts'
import { addScheduleCommand } from './schedule.ts'
import { addSourceCommand } from './source.ts'
import { addStartCommand } from './start.ts'
import { addStorageCommand } from './storage.ts'
import { addStatusCommand } from './status.ts'
import { addTokenCommand } from './token.ts'
import { addUserCommand } from './user.ts'

/** Adds its command to the program. */
export type AddCommand = (program: Command, context: CliContext) => void

const commands: readonly AddCommand[] = [
  addStartCommand,
  addStatusCommand,
  addSourceCommand,
  addPlanCommand,
  addPersonCommand,
  addUserCommand,
  addTokenCommand,
  addKeyCommand,
  addClientCommand,
  addGrantCommand,
  addPolicyCommand,
  addQueryCommand,
  addSavedCommand,
  addAlertCommand,
  addCohortCommand,
  addDashboardCommand,
  addReportCommand,
  addScheduleCommand,
  addDeadLettersCommand,
  addDestinationCommand,
  addImportCommand,
  addRetypeCommand,
  addStorageCommand,
  addRebuildCommand,
  addEraseCommand,
  addErasuresCommand,
  addGiveOutCommand,
  addBackupCommand,
  addRestoreCommand,
  addDoctorCommand,
]

export function createProgram(context: CliContext): Command {
  const program = new Command('millpond')
    .description('The data infrastructure of a startup in one program.')
    .version(context.version, '--version', 'show the version')
    .option('--data <folder>', 'data folder (default: MILLPOND_DATA, or ./millpond-data)')
    .option('--config <file>', 'settings file (default: ./millpond.config.json if it is there)')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // Said once, by runCli, in our own words.
      outputError: () => undefined,
    })
    .exitOverride()
    .addHelpText('after', '\nExample:\n  $ millpond start\n  $ millpond source add web')
  for (const add of commands) add(program, context)
  return program
}

/** Runs one command line (without node and script) and resolves with the exit code: 0 done, 1 failed, 2 wrongly called. */
export async function runCli(words: readonly string[], context: CliContext): Promise<number> {
  try {
    await createProgram(context).parseAsync([...words], { from: 'user' })
    return exitCodes.ok
  } catch (error) {
    if (error instanceof CommanderError && isHelp(error)) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    if (error instanceof DoneWithFailure) return exitCodes.error
    const { line, exitCode } = describeFailure(error)
    context.stderr.write(`${line}\n`)
    return exitCode
  }
}

/** Help or version: already written. */
function isHelp(error: CommanderError): boolean {
  return ['commander.help', 'commander.helpDisplayed', 'commander.version'].includes(error.code)
}
