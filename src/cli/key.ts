// `millpond key …`: service-account files, with which Google's own clients log in here.
import { unlink } from 'node:fs/promises'
import { resolve } from 'node:path'

import type { Command } from 'commander'

import type { KeyInfo, ServiceAccountKey } from '../control/key-store.ts'
import { readIntakeInfo } from '../control/lock.ts'
import type { Settings } from '../core/settings.ts'
import { keep, withAccessKeeper } from './access-keeper.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { openNew } from './new-file.ts'
import { shortTime } from './units.ts'
import { sayList } from './say.ts'

interface KeyOptions extends GlobalOptions {
  readonly json?: boolean
  readonly out?: string
  readonly publicUrl?: string
}

export function addKeyCommand(program: Command, context: CliContext): void {
  const key = program.command('key').description("service-account files for Google's BigQuery clients")
  key.addHelpText(
    'after',
    '\nExample:\n  $ millpond person add etl --service\n  $ millpond key create etl --out key.json\n  $ export GOOGLE_APPLICATION_CREDENTIALS=$PWD/key.json',
  )

  key
    .command('create <handle>')
    .description('make a key; the file is the only place where its private half is')
    .requiredOption('--out <file>', 'the file to write, for its owner alone (0600); it must not exist')
    .option('--public-url <url>', 'address under which the client reaches Millpond (default: MILLPOND_PUBLIC_URL)')
    .option('--json', 'print {"id","handle","file"}')
    .addHelpText('after', '\nExample:\n  $ millpond key create etl --out key.json')
    .action(async (handle: string, options: KeyOptions, command: Command) => {
      await createKey(context, handle, options, settingsOf(context, command.optsWithGlobals<GlobalOptions>()))
    })

  key
    .command('list')
    .description('list keys, never their secrets')
    .option('--json', 'print one JSON object a key')
    .addHelpText('after', '\nExample:\n  $ millpond key list')
    .action(async (options: KeyOptions, command: Command) => {
      await sayAll(context, options, await keep(context, command, async (keeper) => await keeper.listKeys()))
    })

  key
    .command('revoke <id>')
    .description('make a key, and what was given out for it, worthless at once')
    .option('--json', 'print {"id","revoked":true}')
    .addHelpText('after', '\nExample:\n  $ millpond key revoke 1f0c…')
    .action(async (id: string, options: KeyOptions, command: Command) => {
      await keep(context, command, async (keeper) => {
        await keeper.revokeKey(id)
      })
      await writeOut(
        context,
        `${options.json === true ? JSON.stringify({ id, revoked: true }) : `Key ${id} is revoked.`}\n`,
      )
    })
}

async function createKey(context: CliContext, handle: string, options: KeyOptions, settings: Settings): Promise<void> {
  const file = resolve(context.workingFolder, options.out ?? 'key.json')
  const address = { project: settings.query.project, publicUrl: publicUrlOf(options, settings) }
  // First, so that no key is made that nobody can write down.
  const handleOfFile = await openNew(file)
  try {
    const { info, key } = await withAccessKeeper(
      context,
      settings,
      async (keeper) => await keeper.createKey(handle, address),
    )
    await handleOfFile.writeFile(`${JSON.stringify(key, undefined, 2)}\n`)
    await handleOfFile.sync()
    const plain = `Key ${info.id} of ${handle} is in ${file}. ${addressText(key)}`
    const { id } = info
    await writeOut(context, `${options.json === true ? JSON.stringify({ id, handle, file }) : plain}\n`)
  } catch (error) {
    await unlink(file)
    throw error
  } finally {
    await handleOfFile.close()
  }
}

function addressText({ token_uri: uri }: ServiceAccountKey): string {
  return `Clients log in at ${uri}.`
}

function publicUrlOf(options: KeyOptions, settings: Settings): string {
  if (options.publicUrl !== undefined) {
    if (!/^https?:\/\/[^/?#]+(?:\/[^?#]*)?$/.test(options.publicUrl)) {
      throw new UsageError(`--public-url needs an address like https://pond.example.com, not "${options.publicUrl}"`)
    }
    return options.publicUrl.replace(/\/+$/, '')
  }
  if (settings.publicUrl !== undefined) return settings.publicUrl.replace(/\/+$/, '')
  // A Millpond that runs knows its port, whatever the settings of this shell say.
  const running = readIntakeInfo(settings.data)?.address
  if (running !== undefined) return running
  if (settings.httpPort === 0) throw new UsageError('The port is chosen at each start: give --public-url')
  // Bound to everything, or to loopback: nobody knows another name of this machine.
  const host = /^(?:0\.0\.0\.0|::)$/.test(settings.host) ? '127.0.0.1' : settings.host
  const scheme = settings.tlsCert === undefined ? 'http' : 'https'
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${settings.httpPort}`
}

async function sayAll(context: CliContext, options: KeyOptions, keys: readonly KeyInfo[]): Promise<void> {
  const rows = keys.map((one) => [
    one.id,
    one.handle,
    shortTime(one.createdAtMicros),
    shortTime(one.lastUsedAtMicros) ?? 'never',
  ])
  await sayList(context, options, {
    items: keys,
    names: ['id', 'whose', 'made', 'last used'],
    rows,
    none: 'No keys yet. Make one with `millpond key create <handle> --out key.json`.',
  })
}
