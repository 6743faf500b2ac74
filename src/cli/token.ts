// `millpond token …`: tokens for people and programs that read or administer.
import { type Command, InvalidArgumentError } from 'commander'

import type { TokenInfo } from '../control/control.ts'
import { type Keeper, withKeeper } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { shortTime } from './units.ts'
import { sayList } from './say.ts'

/** As the API takes them. */
const daysMax = 3_650

interface TokenOptions extends GlobalOptions {
  readonly json?: boolean
  readonly name?: string
  readonly for?: string
  readonly days?: number
}

export function addTokenCommand(program: Command, context: CliContext): void {
  const token = program.command('token').description('tokens for the portal, the API and scripts')
  token.addHelpText('after', '\nExample:\n  $ millpond token create laptop\n  $ millpond token list')

  token
    .command('create [name]')
    .description('make a token; it is shown once and kept only as a hash')
    .option('--name <name>', 'what it is for (default: "command line")')
    .option('--for <handle>', 'who will use it (`millpond person list`); without it an administrator, the owner')
    .option('--days <n>', 'how many days it is good (default: until it is revoked)', daysOf)
    .option('--json', 'print {"id","name","handle","role","token"}')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond token create laptop\n  $ millpond token create notebook --for ana\n  $ TOKEN=$(millpond token create --json | jq -r .token)',
    )
    .action(async (word: string | undefined, options: TokenOptions, command: Command) => {
      if (word !== undefined && options.name !== undefined)
        throw new UsageError('Give the name once: as a word or with --name')
      const wanted = word ?? options.name ?? 'command line'
      const made = await keep(context, command, async (keeper) => await keeper.createToken(wanted, options))
      const { id, name, role, handle } = made.info
      const plain = `Token ${name} of ${handle} (id ${id}) is ready. It is shown only now:\n\n  ${made.token}`
      await writeOut(
        context,
        `${options.json === true ? JSON.stringify({ id, name, handle, role, token: made.token }) : plain}\n`,
      )
    })

  token
    .command('list')
    .description('list tokens, never their secrets')
    .option('--json', 'print one JSON object a token')
    .addHelpText('after', '\nExample:\n  $ millpond token list')
    .action(async (options: TokenOptions, command: Command) => {
      await sayAll(context, options, await keep(context, command, async (keeper) => await keeper.listTokens()))
    })

  token
    .command('revoke <id>')
    .description('make a token worthless, at once and for ever')
    .option('--json', 'print {"id","revoked":true}')
    .addHelpText('after', '\nExample:\n  $ millpond token revoke 4fJ2kQx81B')
    .action(async (id: string, options: TokenOptions, command: Command) => {
      await keep(context, command, async (keeper) => {
        await keeper.revokeToken(id)
      })
      await writeOut(
        context,
        `${options.json === true ? JSON.stringify({ id, revoked: true }) : `Token ${id} is revoked.`}\n`,
      )
    })
}

function daysOf(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0 && Number(text) <= daysMax) return Number(text)
  throw new InvalidArgumentError(`It must be a whole number from 1 to ${daysMax}.`)
}

async function keep<T>(context: CliContext, command: Command, work: (keeper: Keeper) => Promise<T>): Promise<T> {
  return await withKeeper(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)
}

async function sayAll(context: CliContext, options: TokenOptions, tokens: readonly TokenInfo[]): Promise<void> {
  const rows = tokens.map((token) => [
    token.id,
    token.name,
    token.handle,
    token.role,
    shortTime(token.createdAtMicros),
    shortTime(token.lastUsedAtMicros) ?? 'never',
    shortTime(token.expiresAtMicros) ?? 'revoked',
  ])
  await sayList(context, options, {
    items: tokens,
    names: ['id', 'name', 'whose', 'role', 'made', 'last used', 'good until'],
    rows,
    none: 'No tokens yet. Make one with `millpond token create`.',
  })
}
