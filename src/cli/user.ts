// `millpond user …`: people who sign in. A link is printed, for them alone: Millpond sends no mail.
import { type Command, Option } from 'commander'

import type { InvitedUser, User } from '../control/login-store.ts'
import { type Role, roles } from '../control/principals.ts'
import type { Settings } from '../core/settings.ts'
import { type AccessKeeper, keep, withAccessKeeper } from './access-keeper.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { roleHelp } from './person.ts'
import { shortTime } from './units.ts'
import { sayList } from './say.ts'

interface UserOptions extends GlobalOptions {
  readonly json?: boolean
  readonly email?: string
  readonly role?: Role
  readonly handle?: string
}

export function addUserCommand(program: Command, context: CliContext): void {
  const user = program.command('user').description('people who sign in to the portal')
  user.addHelpText(
    'after',
    '\nExample:\n  $ millpond user add --email ana@example.com --role analyst\n  $ millpond user list',
  )

  user
    .command('add')
    .description('invite somebody: prints a link, good once and for 7 days')
    .requiredOption('--email <address>', 'with which they sign in')
    .addOption(new Option('--role <role>', roleHelp).choices(roles).makeOptionMandatory())
    .option('--handle <handle>', 'of somebody `millpond person list` shows; else made of the address')
    .option('--json', 'print {"handle","email","role","state","ways","createdAtMicros","link"}')
    .addHelpText('after', '\nExample:\n  $ millpond user add --email ana@example.com --role support --json')
    .action(async (options: UserOptions, command: Command) => {
      const { email = '', role = 'viewer', handle } = options
      await invite(context, options, command, async (keeper) => await keeper.addUser({ email, role, handle }))
    })

  user
    .command('invite <handle>')
    .description('print a new link, also for a password that was forgotten; older links are worthless')
    .option('--json', 'the same as `user add`')
    .addHelpText('after', '\nExample:\n  $ millpond user invite ana')
    .action(async (handle: string, options: UserOptions, command: Command) => {
      await invite(context, options, command, async (keeper) => await keeper.inviteUser(handle))
    })

  user
    .command('list')
    .description('list everybody who may sign in')
    .option('--json', 'print one JSON object each')
    .addHelpText('after', '\nExample:\n  $ millpond user list')
    .action(async (options: UserOptions, command: Command) => {
      await sayAll(context, options, await keep(context, command, async (keeper) => await keeper.listUsers()))
    })

  addStateCommands(user, context)
}

function addStateCommands(user: Command, context: CliContext): void {
  for (const [name, description, said] of [
    ['disable', 'shut somebody out: sessions, tokens and keys stop at once', 'is shut out, with every token and key'],
    ['enable', 'let somebody in again; their tokens and keys work again', 'may come in again'],
  ] as const) {
    user
      .command(`${name} <handle>`)
      .description(description)
      .option('--json', 'print the user as JSON')
      .addHelpText('after', `\nExample:\n  $ millpond user ${name} ana`)
      .action(async (handle: string, options: UserOptions, command: Command) => {
        const changed = await keep(
          context,
          command,
          async (keeper) => await keeper.setUserDisabled(handle, name === 'disable'),
        )
        await writeOut(context, `${options.json === true ? JSON.stringify(changed) : `${handle} ${said}.`}\n`)
      })
  }
}

async function invite(
  context: CliContext,
  options: UserOptions,
  command: Command,
  work: (keeper: AccessKeeper) => Promise<InvitedUser>,
): Promise<void> {
  const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
  const { path, ...user } = await withAccessKeeper(context, settings, work)
  const link = addressOf(settings) + path
  const plain = `${user.email} (${user.handle}, ${user.role}) comes in by this link, once, within 7 days. It is shown only now:\n\n  ${link}`
  await writeOut(context, `${options.json === true ? JSON.stringify({ ...user, link }) : plain}\n`)
}

function addressOf({ publicUrl, host, httpPort, tlsCert }: Settings): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '')
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return `${tlsCert === undefined ? 'http' : 'https'}://${name}:${httpPort}`
}

async function sayAll(context: CliContext, options: UserOptions, users: readonly User[]): Promise<void> {
  const rows = users.map((one) => [
    one.handle,
    one.email,
    one.role,
    one.state,
    one.ways.join(', '),
    shortTime(one.createdAtMicros),
  ])
  await sayList(context, options, {
    items: users,
    names: ['handle', 'e-mail', 'role', 'state', 'comes in by', 'made'],
    rows,
    none: 'Nobody signs in yet. Invite somebody with `millpond user add`.',
  })
}
