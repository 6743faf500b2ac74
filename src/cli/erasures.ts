// `millpond erasures`: the receipt of each erasure, with what is still to be done.
import type { Command } from 'commander'

import { listIn, withEngine } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf } from './context.ts'
import { sayList } from './say.ts'
import { shortTime } from './units.ts'

interface ErasuresOptions extends GlobalOptions {
  readonly json?: boolean
}

interface Erasure {
  readonly erasedAt: string
  readonly dataset: string | null
  readonly persons: readonly string[]
  readonly rows: number
  readonly archive: 'pending' | 'done'
  readonly destinations: readonly { readonly destination: string; readonly state: string; readonly note: string }[]
  readonly backups: readonly { readonly folder: string; readonly createdAt: string; readonly state: string }[]
}

export function addErasuresCommand(program: Command, context: CliContext): void {
  program
    .command('erasures')
    .description('receipts of erasures: what is done, and what somebody must still see to')
    .option('--json', 'print one JSON object an erasure')
    .addHelpText(
      'after',
      `
Whose it was is told by hashes only. "pending" in the archive: the bytes go in the next night, or when they have left the buffer.
A backup that is not where it was made ("moved") still holds the person, unless somebody removed it.

Example:
  $ millpond erasures`,
    )
    .action(async (options: ErasuresOptions, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const answer = await withEngine(context, settings, async (client) =>
        client.call('GET', '/api/maintenance/erasures'),
      )
      const items = listIn<Erasure>(answer, 'erasures')
      await sayList(context, options, {
        items,
        names: ['erased', 'whose', 'dataset', 'rows', 'archive', 'destinations', 'backups before it'],
        rows: items.map((one) => [
          shortTime(Date.parse(one.erasedAt) * 1000),
          one.persons.map((hash) => hash.slice(0, 12)).join(' '),
          one.dataset ?? 'all',
          one.rows,
          one.archive,
          one.destinations
            .map(({ destination, state, note }) => `${destination}: ${state}${note === '' ? '' : ` (${note})`}`)
            .join('; ') || 'none',
          one.backups.map(({ folder, state }) => `${folder} (${state})`).join('; ') || 'none',
        ]),
        none: 'Nobody was erased yet.',
      })
    })
}
