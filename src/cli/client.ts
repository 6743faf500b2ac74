// `millpond client …`: programs that people sign in to with their account here (OpenID Connect).
import type { Command } from 'commander'

import { listIn, withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { sayList } from './say.ts'

interface Answer {
  readonly id: string
  readonly name: string
  readonly redirects: readonly string[]
  readonly isPublic: boolean
  readonly createdAt: string
  readonly secret?: string
}

interface ClientOptions extends GlobalOptions {
  readonly redirect: readonly string[]
  readonly public?: boolean
  readonly json?: boolean
}

export function addClientCommand(program: Command, context: CliContext): void {
  const client = program.command('client').description('programs that people sign in to with their account here')
  client.addHelpText(
    'after',
    '\nExample:\n  $ millpond client add jupyterhub --redirect https://hub.example.com/hub/oauth_callback',
  )
  const ask = async <T>(command: Command, work: (admin: AdminClient) => Promise<T>): Promise<T> =>
    withEngine(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)

  client
    .command('add <name>')
    .description('add a program; its secret is printed once')
    .requiredOption('--redirect <url...>', 'where the browser comes back to; compared letter by letter')
    .option('--public', 'it can keep no secret: an app, a page')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond client add grafana --redirect https://grafana.example.com/login/generic_oauth',
    )
    .action(async (name: string, options: ClientOptions, command: Command) => {
      const body = { name, redirects: options.redirect, isPublic: options.public === true }
      const added = (await ask(command, async (admin) => admin.call('POST', '/api/clients', body))) as Answer
      const { id, secret } = added
      const lines = [`Client id: ${id}`, ...(secret === undefined ? [] : [`Secret, shown this once: ${secret}`])]
      await writeOut(context, options.json === true ? `${JSON.stringify(added)}\n` : `${lines.join('\n')}\n`)
    })

  client
    .command('list')
    .description('list them, never their secrets')
    .option('--json', 'print one JSON object a program')
    .addHelpText('after', '\nExample:\n  $ millpond client list')
    .action(async (options: ClientOptions, command: Command) => {
      const items = listIn<Answer>(await ask(command, async (admin) => admin.call('GET', '/api/clients')), 'clients')
      const rows = items.map(({ id, name, redirects, createdAt }) => [id, name, redirects.join(' '), createdAt])
      await sayList(context, options, { items, names: ['id', 'name', 'redirects', 'added'], rows })
    })

  client
    .command('remove <id>')
    .description('remove one; what was given out to it is worthless')
    .addHelpText('after', '\nExample:\n  $ millpond client remove jupyterhub-4kX0aQ2b')
    .action(async (id: string, _options: ClientOptions, command: Command) => {
      await ask(command, async (admin) => admin.call('DELETE', `/api/clients/${encodeURIComponent(id)}`))
      await writeOut(context, `Application ${id} is removed.\n`)
    })

  client
    .command('rotate-key')
    .description('sign ID tokens with a new key from now on')
    .addHelpText('after', '\nExample:\n  $ millpond client rotate-key')
    .action(async (_options: ClientOptions, command: Command) => {
      await ask(command, async (admin) => admin.call('POST', '/api/clients/rotate-key'))
      await writeOut(context, 'ID tokens are signed with a new key from now on.\n')
    })
}
