// `millpond plan …`: what a source has promised to send, as a file.
import type { Command } from 'commander'

import { withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut, readText } from './context.ts'
import { UsageError } from './failure.ts'
import { sayList } from './say.ts'

interface Answer {
  readonly version: number | null
  readonly plan: object | null
}

interface Tried {
  readonly events: number
  readonly violations: readonly {
    readonly event: string
    readonly action: string
    readonly problem: string
    readonly events: number
  }[]
}

interface PlanOptions extends GlobalOptions {
  readonly json?: boolean
}

export function addPlanCommand(program: Command, context: CliContext): void {
  const plan = program.command('plan').description('tracking plans: what a source has promised to send')
  plan.addHelpText(
    'after',
    '\nExample:\n  $ millpond plan draft web > plan.json\n  $ millpond plan try web plan.json\n  $ millpond plan set web plan.json',
  )
  const ask = async <T>(command: Command, work: (client: AdminClient) => Promise<T>): Promise<T> =>
    withEngine(context, settingsOf(context, command.optsWithGlobals<GlobalOptions>()), work)

  for (const [word, description] of [
    ['show', 'print the plan that is in force'],
    ['draft', 'print a plan made of the newest stored events'],
  ] as const)
    plan
      .command(word)
      .description(description)
      .argument('<source>')
      .addHelpText('after', `\nExample:\n  $ millpond plan ${word} web`)
      .action(async (source: string, _options: PlanOptions, command: Command) => {
        const path = word === 'show' ? pathOf(source) : `${pathOf(source)}/draft`
        const answer = (await ask(command, async (client) => client.call('GET', path))) as Answer
        if (answer.plan === null)
          throw new UsageError(`${source} has no plan: \`millpond plan draft ${source}\` makes one`)
        await writeOut(context, `${JSON.stringify(answer.plan, undefined, 2)}\n`)
      })

  plan
    .command('set')
    .description('promise what is in a file, for everything that comes from now on')
    .argument('<source>')
    .argument('<file>', '`-` reads standard input')
    .addHelpText('after', '\nExample:\n  $ millpond plan set web plan.json')
    .action(async (source: string, path: string, _options: PlanOptions, command: Command) => {
      const body = await readPlan(context, path)
      const { version } = (await ask(command, async (client) => client.call('PUT', pathOf(source), body))) as Answer
      await writeOut(context, `Version ${version ?? ''} of the plan of ${source} is in force.\n`)
    })

  plan
    .command('try')
    .description('what a plan would have against the newest stored events')
    .argument('<source>')
    .argument('<file>', '`-` reads standard input')
    .option('--json', 'print one JSON object a violation')
    .addHelpText('after', '\nExample:\n  $ millpond plan try web plan.json')
    .action(async (source: string, path: string, options: PlanOptions, command: Command) => {
      const body = await readPlan(context, path)
      const tried = (await ask(command, async (client) => client.call('POST', `${pathOf(source)}/try`, body))) as Tried
      const rows = tried.violations.map(({ event, action, problem, events }) => [event, action, problem, events])
      if (options.json !== true) await writeOut(context, `Of the newest ${tried.events} track calls:\n`)
      await sayList(context, options, { items: tried.violations, names: ['event', 'would', 'problem', 'events'], rows })
    })

  plan
    .command('off')
    .description('promise nothing any more; versions stay')
    .argument('<source>')
    .addHelpText('after', '\nExample:\n  $ millpond plan off web')
    .action(async (source: string, _options: PlanOptions, command: Command) => {
      await ask(command, async (client) => client.call('DELETE', pathOf(source)))
      await writeOut(context, `${source} has no plan any more.\n`)
    })
}

function pathOf(source: string): string {
  return `/api/sources/${encodeURIComponent(source)}/plan`
}

async function readPlan(context: CliContext, path: string): Promise<object> {
  const text = await readText(context, path)
  try {
    const plan = JSON.parse(text) as unknown
    if (typeof plan === 'object' && plan !== null) return plan
  } catch {
    // Said below.
  }
  throw new UsageError(`${path} is no plan: \`millpond plan draft <source>\` writes such a file`)
}
