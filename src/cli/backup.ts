// `millpond backup`: everything that can't be made again, into one folder, while Millpond runs or while it doesn't.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

import type { Command } from 'commander'

import { MillpondError } from '../core/errors.ts'
import { withEngineOrFolder } from './access.ts'
import { errorFrom } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { type Progress, startProgress } from './progress.ts'
import { bytesText } from './units.ts'

interface BackupOptions extends GlobalOptions {
  readonly json?: boolean
}

interface Outcome {
  readonly folder: string
  readonly files: number
  readonly bytes: number
  readonly seconds: number
  readonly archiveBeginsAt: string | null
}

export function addBackupCommand(program: Command, context: CliContext): void {
  program
    .command('backup')
    .description('copy everything that cannot be made again into a folder')
    .argument('<folder>', 'a new folder, or an empty one; best on another disk')
    .option('--json', 'print {"folder","files","bytes","seconds","archiveBeginsAt"}')
    .addHelpText(
      'after',
      `
While Millpond runs everything goes on. On the same disk the archive takes no second room (hard links), but then a broken
disk takes both: copy the folder away. It holds secrets. A backup that was broken off has no millpond-backup.json.

Example:
  $ millpond backup /mnt/backups/millpond-$(date +%F)
  $ millpond restore /mnt/backups/millpond-2026-11-22 --data ./millpond-data`,
    )
    .action(async (folderAsSaid: string, options: BackupOptions, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      if (!existsSync(join(settings.data, 'control.sqlite')))
        throw new MillpondError('backup-invalid', `There is nothing to back up: ${settings.data} is no data folder`)
      const folder = resolve(context.workingFolder, folderAsSaid)
      const { version } = context
      const outcome = await withEngineOrFolder(context, settings, {
        engine: async (client) => follow(context, client.lines('POST', '/api/backups', { folder })),
        folder: async () => follow(context, context.backupOffline(settings, { folder, version })),
      })
      await say(context, options, outcome)
    })
}

/** Errors: the one that the engine tells in a line; engine-unavailable if the answer just stops. */
async function follow(context: CliContext, lines: AsyncIterable<unknown>): Promise<Outcome> {
  let progress: Progress | undefined
  try {
    for await (const line of lines) {
      const { done, total, end, error } = line as { done?: number; total?: number; end?: Outcome; error?: unknown }
      if (error !== undefined) throw errorFrom(line)
      if (end !== undefined) return end
      if (done === undefined || total === undefined) continue
      progress ??= await startProgress(context, 'MB', megabytes(total))
      progress.update(megabytes(done), megabytes(total))
    }
  } finally {
    progress?.stop()
  }
  throw errorFrom(undefined, 503)
}

/** What a bar counts in: bytes would be a long row of figures. */
export function megabytes(bytes: number): number {
  return Math.ceil(bytes / 1e6)
}

async function say(context: CliContext, options: BackupOptions, outcome: Outcome): Promise<void> {
  if (options.json === true) {
    await writeOut(context, `${JSON.stringify(outcome)}\n`)
    return
  }
  const { folder, files, bytes, seconds, archiveBeginsAt } = outcome
  const lines = [`${folder} is a whole backup: ${files} files, ${bytesText(bytes)}, in ${seconds} s.`]
  if (archiveBeginsAt !== null)
    lines.push(`The archive begins at ${archiveBeginsAt}: older rows are in it as Parquet files.`)
  lines.push('It holds secrets: keep it as safe as the data folder, and on another disk.')
  await writeOut(context, `${lines.join('\n')}\n`)
}
