// `millpond dashboard embed`: lets pages of others show a dashboard.
import type { Command } from 'commander'

import { withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'

interface Answer {
  readonly isOn: boolean
  readonly as?: string
  readonly origins?: readonly string[]
  readonly path: string
  readonly secret?: string
}

interface EmbedOptions extends GlobalOptions {
  readonly as?: string
  readonly origin?: readonly string[]
  readonly rotate?: boolean
  readonly off?: boolean
  readonly json?: boolean
}

export function addEmbedCommand(dashboard: Command, context: CliContext): void {
  dashboard
    .command('embed')
    .description('let pages of others show a dashboard; without options, say how it stands')
    .argument('<dashboard>', 'as in its address')
    .option('--as <service>', 'whose rights its tiles ask with')
    .option('--origin <origin...>', 'of the pages that may show it: https://app.example.com')
    .option('--rotate', 'make a new secret; what the old one has signed opens nothing')
    .option('--off', 'end it, at once')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ millpond dashboard embed growth --as site --origin https://app.example.com')
    .action(async (slug: string, options: EmbedOptions, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const answer = await withEngine(context, settings, async (client) => changed(client, slug, options))
      await writeOut(context, options.json === true ? `${JSON.stringify(answer)}\n` : textOf(slug, answer))
    })
}

async function changed(client: AdminClient, slug: string, { as, origin, rotate, off }: EmbedOptions): Promise<Answer> {
  const path = `/api/dashboards/${encodeURIComponent(slug)}/embed`
  if (off === true) await client.call('DELETE', path)
  else if (rotate === true) return (await client.call('POST', `${path}/rotate`)) as Answer
  else if (as !== undefined || origin !== undefined) {
    if (as === undefined || origin === undefined) throw new UsageError('Say both: --as <service> and --origin <origin>')
    return (await client.call('PUT', path, { as, origins: origin })) as Answer
  }
  return (await client.call('GET', path)) as Answer
}

function textOf(slug: string, { isOn, as = '', origins = [], path, secret }: Answer): string {
  if (!isOn) return `${slug} is no longer shown, or never was, in pages of others.\n`
  const lines = [`${path} is shown in pages of ${origins.join(', ')}, with the rights of ${as}.`]
  if (secret !== undefined) lines.push(`Secret, shown this once: ${secret}`)
  return `${lines.join('\n')}\n`
}
