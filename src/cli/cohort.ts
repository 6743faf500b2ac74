// `millpond cohort …`: saved cohorts. One is made of a list of ids, of a saved query, or of a file with a question and its number, as
// the page's *Save as cohort* makes it.
import type { Command } from 'commander'

import { listIn, withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut, readText } from './context.ts'
import { UsageError } from './failure.ts'
import { say, sayList } from './say.ts'

interface CohortOptions extends GlobalOptions {
  readonly json?: boolean
  readonly description?: string
  readonly private?: boolean
  readonly ids?: string
  readonly query?: string
  readonly question?: string
}

interface Listed {
  readonly id: string
  readonly name: string
  readonly kind: string
  readonly audience: string
  readonly owner?: string
  readonly changedAt: string
}

interface Statement {
  readonly sql: string
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly value: string }[]
}

interface People {
  readonly people: readonly { readonly id: string; readonly firstAt: string; readonly events: number }[]
  readonly next: string | null
}

type Ask = <T>(command: Command, work: (client: AdminClient) => Promise<T>) => Promise<T>

export function addCohortCommand(program: Command, context: CliContext): void {
  const cohort = program.command('cohort').description('saved cohorts')
  cohort.addHelpText('after', '\nExample:\n  $ millpond cohort add "Beta testers" --ids testers.csv')
  const ask: Ask = async (command, work) =>
    withEngine(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)

  cohort
    .command('list')
    .description('list cohorts')
    .option('--json', 'print one JSON object a cohort')
    .addHelpText('after', '\nExample:\n  $ millpond cohort list')
    .action(async (options: CohortOptions, command: Command) => {
      const items = listIn<Listed>(await ask(command, async (client) => client.call('GET', '/api/cohorts')), 'cohorts')
      const rows = items.map((one) => [one.name, one.kind, one.audience, one.owner ?? '', one.changedAt])
      const names = ['cohort', 'made of', 'audience', 'owner', 'changed']
      await sayList(context, options, { items, names, rows, none: 'There are no cohorts.' })
    })

  cohort
    .command('show')
    .description('show how many people are in it now, and its SQL')
    .argument('<cohort>', 'its name or id')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ millpond cohort show "Beta testers"')
    .action(async (name: string, options: CohortOptions, command: Command) => {
      const [told, size, statement] = await ask(command, async (client) => [
        (await client.call('GET', pathOf(name))) as Listed & { readonly description: string },
        (await client.call('GET', `${pathOf(name)}/size`)) as { readonly people: number },
        (await client.call('GET', `${pathOf(name)}/sql`)) as Statement,
      ])
      const given = statement.parameters.map((one) => `-- @${one.name} ${one.type}: ${one.value}`)
      const text = [
        `${told.name}: ${size.people} people now`,
        ...(told.description === '' ? [] : [told.description]),
        '',
        ...given,
        statement.sql,
      ].join('\n')
      await say(context, options, { ...told, people: size.people, statement }, text)
    })

  addChanging(cohort, context, ask)
  addPeople(cohort, context, ask)
}

function addChanging(cohort: Command, context: CliContext, ask: Ask): void {
  cohort
    .command('add')
    .description('save a cohort of --ids, --query or --question')
    .argument('<name>', 'as people will find it')
    .option('--ids <file>', 'one id a line, or the first column of a CSV; `-` reads standard input')
    .option('--query <query>', 'a saved GoogleSQL query with one column, user_id or anonymous_id')
    .option('--question <file>', 'JSON: {"spec", "cell"}, as for POST /api/explore/people')
    .option('--description <text>', 'who they are')
    .option('--private', 'for you and administrators only')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ millpond cohort add "Big spenders" --query growth/spenders')
    .action(async (name: string, options: CohortOptions, command: Command) => {
      const definition = await definitionOf(context, options)
      const { description = '' } = options
      const body = { name, description, audience: options.private === true ? 'owner' : 'everybody', definition }
      const made = (await ask(command, async (client) => client.call('POST', '/api/cohorts', body))) as Listed
      await say(context, options, made, `Saved cohort ${made.name}.`)
    })

  cohort
    .command('remove')
    .description('remove a cohort of which no other is made')
    .argument('<cohort>', 'its name or id')
    .addHelpText('after', '\nExample:\n  $ millpond cohort remove "Beta testers"')
    .action(async (name: string, _options: CohortOptions, command: Command) => {
      await ask(command, async (client) => client.call('DELETE', pathOf(name)))
      await writeOut(context, `Removed cohort ${name}.\n`)
    })
}

function addPeople(cohort: Command, context: CliContext, ask: Ask): void {
  cohort
    .command('people')
    .description('list all people who are in it now')
    .argument('<cohort>', 'its name or id')
    .option('--json', 'print one JSON object a person')
    .addHelpText('after', '\nExample:\n  $ millpond cohort people "Beta testers" --json')
    .action(async (name: string, options: CohortOptions, command: Command) => {
      const items = await ask(command, async (client) => {
        const found: People['people'][number][] = []
        let after = ''
        for (;;) {
          const { people, next } = (await client.call('GET', `${pathOf(name)}/people?limit=500${after}`)) as People
          found.push(...people)
          if (next === null) return found
          after = `&after=${encodeURIComponent(next)}`
        }
      })
      const rows = items.map(({ id, firstAt, events }) => [id, firstAt, events])
      await sayList(context, options, { items, names: ['person', 'first seen', 'events'], rows, none: 'Nobody.' })
    })
}

function pathOf(name: string): string {
  return `/api/cohorts/${encodeURIComponent(name)}`
}

async function definitionOf(context: CliContext, { ids, query, question }: CohortOptions): Promise<object> {
  const given = [ids, query, question].filter((one) => one !== undefined)
  if (given.length !== 1) throw new UsageError('A cohort is made of one of --ids, --query and --question')
  if (query !== undefined) return { kind: 'query', query }
  if (question !== undefined) return { kind: 'question', ...parsed(question, await readText(context, question)) }
  return { kind: 'ids', ids: idsIn(await readText(context, ids ?? '-')) }
}

/** The first column; a line of names above it goes. */
function idsIn(text: string): string[] {
  const cells = text.split(/\r?\n/).map((line) => /^\s*(?:"((?:[^"]|"")*)"|([^,;\t]*))/.exec(line) ?? [])
  const found = cells.map(([, quoted, plain = '']) => (quoted ?? plain).replaceAll('""', '"').trim())
  return found.filter((id, index) => id !== '' && !(index === 0 && /^(?:id|user_id|anonymous_id)$/i.test(id)))
}

function parsed(path: string, text: string): object {
  try {
    const read: unknown = JSON.parse(text)
    if (typeof read === 'object' && read !== null && 'spec' in read && 'cell' in read) return read
  } catch {
    // Said below.
  }
  throw new UsageError(`${path} is no question: {"spec": …, "cell": …}`)
}
