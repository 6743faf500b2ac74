// `millpond restore`: an empty data folder filled from a backup. Nothing runs on it meanwhile.
import { resolve } from 'node:path'

import type { Command } from 'commander'

import { MillpondError } from '../core/errors.ts'
import { megabytes } from './backup.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { type Progress, startProgress } from './progress.ts'
import { bytesText } from './units.ts'

interface RestoreOptions extends GlobalOptions {
  readonly verify?: boolean
  readonly json?: boolean
}

interface Outcome {
  readonly data: string
  readonly files: number
  readonly bytes: number
  readonly createdAt: string
  readonly events: number | null
  readonly seconds: number
}

interface Line {
  readonly step?: 'copying' | 'loading'
  readonly done?: number
  readonly total?: number
  readonly end?: Outcome
}

export function addRestoreCommand(program: Command, context: CliContext): void {
  program
    .command('restore')
    .description('fill an empty data folder from a backup')
    .argument('<backup>', 'folder that `millpond backup` has made')
    .option('--verify', 'only read the backup and compare every byte; nothing is restored')
    .option('--json', 'print {"data","files","bytes","createdAt","events","seconds"}')
    .addHelpText(
      'after',
      `
Files are copied and compared, then the tables are made again from archive and buffer. If it stops in between, run the same
command again: it goes on where it stopped. Until it is done nothing else starts on that folder.

Example:
  $ millpond restore /mnt/backups/millpond-2026-11-22 --data /var/lib/millpond
  $ millpond start --data /var/lib/millpond`,
    )
    .action(async (backupAsSaid: string, options: RestoreOptions, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const backup = resolve(context.workingFolder, backupAsSaid)
      const { verify } = options
      await say(context, options, await follow(context, context.restoreOffline(settings, { backup, verify })))
    })
}

async function follow(context: CliContext, lines: AsyncIterable<unknown>): Promise<Outcome> {
  let progress: Progress | undefined
  let step: Line['step']
  try {
    for await (const line of lines) {
      const { step: newStep, done = 0, total = 0, end } = line as Line
      if (end !== undefined) return end
      const inUnits = newStep === 'copying' ? megabytes : Number
      if (newStep !== step) {
        progress?.stop()
        step = newStep
        progress = await startProgress(context, step === 'copying' ? 'MB' : 'events', inUnits(total))
      }
      progress?.update(inUnits(done), inUnits(total))
    }
  } finally {
    progress?.stop()
  }
  throw new MillpondError('bug', 'BUG: a restore ended without a word')
}

async function say(context: CliContext, options: RestoreOptions, outcome: Outcome): Promise<void> {
  if (options.json === true) {
    await writeOut(context, `${JSON.stringify(outcome)}\n`)
    return
  }
  const { data, files, bytes, createdAt, events, seconds } = outcome
  const what = `${files} files, ${bytesText(bytes)}, of ${createdAt}`
  if (options.verify === true) {
    await writeOut(context, `The backup is whole and unchanged: ${what} (${seconds} s).\n`)
    return
  }
  const made = events === null ? 'its tables are made again' : `its tables are made again from ${events} events`
  await writeOut(
    context,
    `${data} is restored: ${what}; ${made}, in ${seconds} s.\nStart it with \`millpond start --data ${data}\`.\n`,
  )
}
