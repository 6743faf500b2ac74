// `millpond doctor`: looks at everything a start depends on, and says what to do about what is wrong.
import type { Command } from 'commander'

import { type CliContext, type GlobalOptions, writeOut } from './context.ts'
import { type Check, examine } from './doctor-checks.ts'
import { DoneWithFailure } from './failure.ts'
import { paint, printable } from './table.ts'

const marks = {
  good: ['✓', 'green'],
  warning: ['!', 'yellow'],
  bad: ['✗', 'red'],
} as const

export function addDoctorCommand(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('check the machine, the settings and the data folder; changes nothing that is kept')
    .option('--json', 'print {"good","checks":[{"name","state","found","next"}]}')
    .addHelpText(
      'after',
      '\nExit code 1 if anything is bad.\n\nExample:\n  $ millpond doctor\n  $ millpond doctor --json | jq .checks',
    )
    .action(async (options: { json?: boolean }, command: Command) => {
      const checks = await examine(context, command.optsWithGlobals<GlobalOptions>())
      const good = checks.every((check) => check.state !== 'bad')
      const text = options.json === true ? JSON.stringify({ good, checks }) : renderChecks(checks, context)
      await writeOut(context, `${text}\n`)
      if (!good) throw new DoneWithFailure()
    })
}

export function renderChecks(checks: readonly Check[], context: Pick<CliContext, 'stdout'>): string {
  const width = Math.max(0, ...checks.map((check) => check.name.length))
  return checks
    .flatMap((check) => {
      const [mark, colour] = marks[check.state]
      const line = `${paint(colour, mark, context.stdout)} ${check.name.padEnd(width)}  ${printable(check.found)}`
      return check.next === undefined ? [line] : [line, `${' '.repeat(width + 4)}${printable(check.next)}`]
    })
    .join('\n')
}
