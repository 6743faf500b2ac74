// `millpond dashboard …`: dashboards as files, for git. A file holds what people decide, in one order, so that a diff shows what was
// decided anew; ids of the installation, owners and times stay out of it.
import type { Command } from 'commander'

import { listIn, withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { addEmbedCommand } from './dashboard-embed.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut, readText } from './context.ts'
import { UsageError } from './failure.ts'
import { sayList } from './say.ts'

interface Listed {
  readonly id: string
  readonly slug: string
  readonly title: string
  readonly tiles: number
  readonly owner?: string
  readonly savedAt: string
}

interface Tile {
  readonly query?: string
}

interface Answer {
  readonly version: number
  readonly slug: string
  readonly title: string
  readonly description: string
  readonly zone: string
  readonly refreshSeconds?: number
  readonly parameters: readonly object[]
  readonly tiles: readonly Tile[]
}

interface Saved {
  readonly id: string
  readonly name: string
  readonly folder: string
}

interface DashboardOptions extends GlobalOptions {
  readonly json?: boolean
}

export function addDashboardCommand(program: Command, context: CliContext): void {
  const dashboard = program.command('dashboard').description('dashboards, as files for git')
  dashboard.addHelpText(
    'after',
    '\nExample:\n  $ millpond dashboard export growth > growth.json\n  $ millpond dashboard import growth.json',
  )
  const ask = async <T>(command: Command, work: (client: AdminClient) => Promise<T>): Promise<T> =>
    withEngine(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)

  dashboard
    .command('list')
    .description('list dashboards')
    .option('--json', 'print one JSON object a dashboard')
    .addHelpText('after', '\nExample:\n  $ millpond dashboard list')
    .action(async (options: DashboardOptions, command: Command) => {
      const answer = await ask(command, async (client) => client.call('GET', '/api/dashboards'))
      const items = listIn<Listed>(answer, 'dashboards')
      const rows = items.map(({ slug, title, tiles, owner, savedAt }) => [slug, title, tiles, owner ?? '', savedAt])
      await sayList(context, options, { items, names: ['dashboard', 'title', 'tiles', 'owner', 'saved'], rows })
    })

  dashboard
    .command('export')
    .description('print a dashboard as the file that `import` reads')
    .argument('<dashboard>', 'as in its address')
    .addHelpText('after', '\nExample:\n  $ millpond dashboard export growth > growth.json')
    .action(async (slug: string, _options: DashboardOptions, command: Command) => {
      const text = await ask(command, async (client) => {
        const found = (await client.call('GET', pathOf(slug))) as Answer
        return fileText(found, listIn<Saved>(await client.call('GET', '/api/queries'), 'queries'))
      })
      await writeOut(context, text)
    })

  dashboard
    .command('import')
    .description('make a dashboard of a file, or a new version of the one that has its address')
    .argument('<file>', 'of `millpond dashboard export`; `-` reads standard input')
    .addHelpText('after', '\nExample:\n  $ millpond dashboard import growth.json')
    .action(async (path: string, _options: DashboardOptions, command: Command) => {
      const body = parsed(path, await readText(context, path))
      const { slug, version } = await ask(command, async (client) => {
        const listed = listIn<Listed>(await client.call('GET', '/api/dashboards'), 'dashboards')
        if (!listed.some((one) => one.slug === body.slug))
          return (await client.call('POST', '/api/dashboards', body)) as Answer
        const { version: newest } = (await client.call('GET', pathOf(body.slug))) as Answer
        return (await client.call('PUT', pathOf(body.slug), { ...body, version: newest })) as Answer
      })
      await writeOut(context, `Dashboard ${slug} is at version ${version}.\n`)
    })

  addEmbedCommand(dashboard, context)
}

function pathOf(slug: string): string {
  return `/api/dashboards/${encodeURIComponent(slug)}`
}

/** Saved queries under the names that they have everywhere. */
function fileText(
  { slug, title, description, zone, refreshSeconds, parameters, tiles }: Answer,
  saved: readonly Saved[],
): string {
  const named = tiles.map((tile) => {
    const found = saved.find(({ id }) => id === tile.query)
    return found === undefined ? tile : { ...tile, query: [found.folder, found.name].filter(Boolean).join('/') }
  })
  return `${JSON.stringify({ slug, title, description, zone, refreshSeconds, parameters, tiles: named }, undefined, 2)}\n`
}

function parsed(path: string, text: string): { readonly slug: string } {
  try {
    const body = JSON.parse(text) as { readonly slug?: unknown }
    if (typeof body === 'object' && typeof body.slug === 'string') return { ...body, slug: body.slug }
  } catch {
    // Said below.
  }
  throw new UsageError(`${path} is no dashboard: \`millpond dashboard export\` writes such files`)
}
