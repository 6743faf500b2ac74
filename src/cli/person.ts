// `millpond person …`: who may ask, people and services.
import { type Command, Option } from 'commander'

import type { Attributes, PrincipalRecord } from '../control/principal-store.ts'
import { type Role, roles } from '../control/principals.ts'
import { keep } from './access-keeper.ts'
import { type CliContext, type GlobalOptions } from './context.ts'
import { UsageError } from './failure.ts'
import { shortTime } from './units.ts'
import { collect, say, sayList } from './say.ts'

interface PersonOptions extends GlobalOptions {
  readonly json?: boolean
  readonly role?: Role
  readonly service?: boolean
  readonly attribute?: readonly string[]
}

export const roleHelp =
  'admin sees everything, all others what grants give; what each may call is in docs/guide/access.md'

export function addPersonCommand(program: Command, context: CliContext): void {
  const person = program.command('person').description('people and services who may ask')
  person.addHelpText(
    'after',
    '\nExample:\n  $ millpond person add ana --attribute region=EU\n  $ millpond token create laptop --for ana\n  $ millpond grant add ana web',
  )

  person
    .command('add <handle>')
    .description('make somebody known; the handle is also the user name of the Postgres port')
    .addOption(new Option('--role <role>', roleHelp).choices(roles).default('member'))
    .option('--service', 'a program, not a person')
    .option('--attribute <name=value>', 'for row filters; may be repeated, also with one name', collect)
    .option('--json', 'print the new one as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond person add ana --attribute region=EU --attribute region=UK\n  $ millpond person add grafana --service',
    )
    .action(async (handle: string, options: PersonOptions, command: Command) => {
      const kind = options.service === true ? 'service' : 'person'
      const attributes = attributesOf(options.attribute ?? [])
      const made = await keep(
        context,
        command,
        async (keeper) => await keeper.addPrincipal(handle, kind, options.role ?? 'member', attributes),
      )
      const next = made.role !== 'admin' ? `; sees nothing before \`millpond grant add ${handle} <dataset>\`` : ''
      await say(context, options, made, `${handle} has the role ${made.role} now${next}.`)
    })

  person
    .command('list')
    .description('list everybody')
    .option('--json', 'print one JSON object each')
    .addHelpText('after', '\nExample:\n  $ millpond person list')
    .action(async (options: PersonOptions, command: Command) => {
      await sayAll(context, options, await keep(context, command, async (keeper) => await keeper.listPrincipals()))
    })

  addChangeCommand(person, context)

  person
    .command('remove <handle>')
    .description('make somebody unknown: tokens, keys and grants go with them, at once')
    .option('--json', 'print {"handle","removed":true}')
    .addHelpText('after', '\nExample:\n  $ millpond person remove ana')
    .action(async (handle: string, options: PersonOptions, command: Command) => {
      await keep(context, command, async (keeper) => {
        await keeper.removePrincipal(handle)
      })
      await say(
        context,
        options,
        { handle, removed: true },
        `${handle} is removed; every token and key of theirs is worthless.`,
      )
    })
}

function addChangeCommand(person: Command, context: CliContext): void {
  person
    .command('change <handle>')
    .description('give somebody another role or other attributes')
    .addOption(new Option('--role <role>', roleHelp).choices(roles))
    .option('--attribute <name=value>', 'the new value; `name=` takes it away; may be repeated', collect)
    .option('--json', 'print the changed one as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond person change ana --role admin\n  $ millpond person change ana --attribute region=US --attribute team=',
    )
    .action(async (handle: string, options: PersonOptions, command: Command) => {
      const given = attributesOf(options.attribute ?? [])
      if (options.role === undefined && Object.keys(given).length === 0) {
        throw new UsageError('Give what is to change: --role or --attribute')
      }
      const changed = await keep(context, command, async (keeper) => {
        const before = (await keeper.listPrincipals()).find((one) => one.handle === handle)
        const attributes = withoutEmpty({ ...before?.attributes, ...given })
        return await keeper.changePrincipal(handle, {
          ...(options.role === undefined ? {} : { role: options.role }),
          ...(Object.keys(given).length === 0 ? {} : { attributes }),
        })
      })
      await say(
        context,
        options,
        changed,
        `${handle} has the role ${changed.role}; attributes: ${attributeText(changed)}.`,
      )
    })
}

/** The same name again makes a list. */
function attributesOf(words: readonly string[]): Attributes {
  const found: Record<string, string | string[]> = {}
  for (const word of words) {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? []
    if (name === undefined || value === undefined) throw new UsageError(`--attribute needs name=value, not "${word}"`)
    const before = Object.hasOwn(found, name) ? found[name] : undefined
    Object.defineProperty(found, name, {
      value: before === undefined ? value : [...[before].flat(), value],
      enumerable: true,
      configurable: true,
    })
  }
  return found
}

function withoutEmpty(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== ''))
}

function attributeText({ attributes }: PrincipalRecord): string {
  const texts = Object.entries(attributes).map(([name, value]) => `${name}=${[value].flat().join(',')}`)
  return texts.length === 0 ? 'none' : texts.join(' ')
}

async function sayAll(
  context: CliContext,
  options: PersonOptions,
  principals: readonly PrincipalRecord[],
): Promise<void> {
  const rows = principals.map((one) => [
    one.handle,
    one.kind,
    one.role,
    attributeText(one),
    shortTime(one.createdAtMicros),
  ])
  await sayList(context, options, {
    items: principals,
    names: ['handle', 'kind', 'role', 'attributes', 'made'],
    rows,
  })
}
