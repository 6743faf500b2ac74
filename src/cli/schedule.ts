// `millpond schedule …`: saved queries by the clock.
import { type Command, InvalidArgumentError, Option } from 'commander'

import { listIn, withEngine } from './access.ts'
import type { AdminClient } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { addEach, addParamSetting, type Settings } from './param-setting.ts'
import { bytesText } from './units.ts'
import { collect, sayList } from './say.ts'

interface ScheduleOptions extends GlobalOptions {
  readonly json?: boolean
  readonly cron: string
  readonly zone: string
  readonly target: string
  readonly mode: string
  readonly partition?: string
  readonly scope: readonly string[]
  readonly key: readonly string[]
  readonly param: Settings
  readonly each: Settings
  readonly forEach?: string
  readonly test: readonly object[]
  readonly warn: readonly object[]
  readonly missed: string
  readonly lookBack: number
  readonly queryVersion?: number
  readonly from: string
  readonly to: string
  readonly dryRun?: boolean
  readonly runTime?: string
}

type Answer = Readonly<Record<string, unknown>>
type Ask = (command: Command, method: 'GET' | 'POST' | 'DELETE', path: string, body?: object) => Promise<unknown>

export function addScheduleCommand(program: Command, context: CliContext): void {
  const schedule = program.command('schedule').description('saved queries by the clock')
  schedule.addHelpText('after', '\nExample:\n  $ millpond schedule list\n  $ millpond schedule show daily-actives')
  const ask: Ask = async (command, method, path, body) => {
    const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
    return withEngine(context, settings, async (client: AdminClient) =>
      client.call(method, `/api/schedules${path}`, body),
    )
  }
  addAdd(schedule, context, ask)
  addShow(schedule, context, ask)
  addChanges(schedule, context, ask)
  addBackfill(schedule, context, ask)
}

function addAdd(schedule: Command, context: CliContext, ask: Ask): void {
  schedule
    .command('add')
    .description('run a saved query by the clock and keep its rows in a table')
    .argument('<name>', 'of the schedule')
    .argument('<query>', 'the saved query: its id, or `folder/name`')
    .requiredOption('--cron <five fields>', 'when: "30 2 * * *"')
    .requiredOption('--target <dataset.table>', 'where the rows go')
    .addOption(
      new Option('--mode <mode>', 'what becomes of the rows that are there')
        .choices(['replace', 'append', 'replace-partition', 'merge'])
        .default('append'),
    )
    .option('--zone <name>', 'time zone', 'UTC')
    .option('--partition <column=day>', 'column, and with replace-partition its day: day=yesterday')
    .option(
      '--scope <column>',
      'replace only rows with the value of the parameter of this name; may be repeated',
      collect,
      [],
    )
    .option('--key <column>', 'key of merge; may be repeated', collect, [])
    .option('--param <name=value>', 'a value, or a relative date; may be repeated', addParamSetting, {})
    .option('--each <name=[…]>', 'a run for each value of a JSON array; may be repeated', addEach, {})
    .option('--for-each <query>', 'a run for each row of another saved query')
    .option('--query-version <n>', 'this version, not the latest verified', parseWhole)
    .option(
      '--test <test>',
      'not_null:a,b · unique:a · rows:1-1000 · freshness:a:24 · anomaly; failing fails the run',
      addTest,
      [],
    )
    .option('--warn <test>', 'the same, but only told', addTest, [])
    .addOption(
      new Option('--missed <policy>', 'of times at which nothing ran').choices(['all', 'last', 'skip']).default('last'),
    )
    .option('--look-back <days>', 'days to run again for late rows', parseWhole, 0)
    .option('--json', 'print it as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond schedule add actives growth/actives --cron "30 2 * * *" --target daily.actives --mode replace-partition --partition day=yesterday',
    )
    .action(async (name: string, query: string, options: ScheduleOptions, command: Command) => {
      const made = (await ask(command, 'POST', '', bodyOf(name, query, options))) as Answer
      await writeOut(
        context,
        options.json === true
          ? `${JSON.stringify(made)}\n`
          : `Scheduled ${name}; \`millpond schedule show ${name}\` tells when.\n`,
      )
    })
}

function bodyOf(name: string, query: string, options: ScheduleOptions): object {
  const [dataset, table, ...more] = options.target.split('.')
  if (dataset === undefined || table === undefined || more.length > 0)
    throw new UsageError(`"${options.target}" should be dataset.table`)
  const [column, day = 'today'] = options.partition?.split('=') ?? []
  const partition = column === undefined ? {} : { partition: { column, day, scope: options.scope } }
  return {
    name,
    query,
    ...(options.queryVersion === undefined ? {} : { version: options.queryVersion }),
    cron: options.cron,
    zone: options.zone,
    parameters: { ...options.param, ...options.each },
    ...(options.forEach === undefined ? {} : { forEach: options.forEach }),
    target: { dataset, table, mode: options.mode, keys: options.key, ...partition },
    tests: [...options.test, ...options.warn.map((test) => ({ ...test, severity: 'warn' }))],
    missed: options.missed,
    lookbackDays: options.lookBack,
  }
}

function addShow(schedule: Command, context: CliContext, ask: Ask): void {
  schedule
    .command('list')
    .description('list schedules')
    .option('--json', 'print one JSON object a schedule')
    .addHelpText('after', '\nExample:\n  $ millpond schedule list')
    .action(async (options: ScheduleOptions, command: Command) => {
      const found = listIn<Answer>(await ask(command, 'GET', ''), 'schedules')
      const rows = found.map((one) => {
        const target = one['target'] as Answer
        const state = one['isEnabled'] === true ? 'on' : 'paused'
        return [
          one['name'],
          one['cron'],
          one['zone'],
          `${String(target['dataset'])}.${String(target['table'])}`,
          target['mode'],
          state,
        ]
      })
      await sayList(context, options, {
        items: found,
        names: ['name', 'cron', 'zone', 'target', 'mode', 'state'],
        rows,
      })
    })

  schedule
    .command('show')
    .description('show when a schedule runs next, with which values, and what a month of it costs')
    .argument('<name>', 'name or id')
    .option('--json', 'print the schedule and what comes as JSON')
    .addHelpText('after', '\nExample:\n  $ millpond schedule show daily-actives')
    .action(async (name: string, options: ScheduleOptions, command: Command) => {
      const next = (await ask(command, 'GET', `${pathOf(name)}/next`)) as Answer
      if (options.json === true) {
        const found = (await ask(command, 'GET', pathOf(name))) as Answer
        return writeOut(context, `${JSON.stringify({ ...found, ...next })}\n`)
      }
      const rows = listIn<Answer>(next, 'next').map(({ runTime, values, bytes }) => [
        runTime,
        JSON.stringify(values),
        bytesText(Number(bytes)),
      ])
      await sayList(context, options, { items: [], names: ['runs at', 'values', 'bytes billed'], rows })
      const dollars = Number(next['dollarsAMonth']).toFixed(2)
      await writeOut(
        context,
        `A month: ${String(next['runsAMonth'])} runs, ${bytesText(Number(next['bytesAMonth']))}, about $${dollars} on BigQuery.\n`,
      )
    })

  schedule
    .command('runs')
    .description('list the runs of a schedule, newest first')
    .argument('<name>', 'name or id')
    .option('--json', 'print one JSON object a run')
    .addHelpText('after', '\nExample:\n  $ millpond schedule runs daily-actives')
    .action(async (name: string, options: ScheduleOptions, command: Command) => {
      const runs = listIn<Answer>(await ask(command, 'GET', `${pathOf(name)}/runs`), 'runs')
      const rows = runs.map((run) => {
        const error = run['error'] as Answer | undefined
        const told = error === undefined ? (run['warnings'] as string[] | undefined)?.join('; ') : error['message']
        return [run['runTime'], run['state'], run['cause'], run['attempt'], run['rows'] ?? '', told ?? '']
      })
      await sayList(context, options, {
        items: runs,
        names: ['run time', 'state', 'cause', 'attempt', 'rows', 'what it says'],
        rows,
      })
    })
}

function addChanges(schedule: Command, context: CliContext, ask: Ask): void {
  const changes = [
    ['pause', 'plan no more runs', 'is paused'],
    ['resume', 'go on from now', 'goes on'],
    ['run', 'run it once, now', 'runs'],
    ['remove', 'remove a schedule; its table stays', 'is gone'],
  ] as const
  for (const [what, description, told] of changes) {
    const command = schedule.command(what).description(description).argument('<name>', 'name or id')
    if (what === 'run') command.option('--run-time <time>', 'as if it were due then: 2026-03-01T02:30:00Z')
    command
      .addHelpText('after', `\nExample:\n  $ millpond schedule ${what} daily-actives`)
      .action(async (name: string, options: ScheduleOptions, command: Command) => {
        if (what === 'remove') await ask(command, 'DELETE', pathOf(name))
        else
          await ask(
            command,
            'POST',
            `${pathOf(name)}/${what}`,
            options.runTime === undefined ? {} : { runTime: options.runTime },
          )
        await writeOut(context, `${name} ${told}.\n`)
      })
  }
}

function addBackfill(schedule: Command, context: CliContext, ask: Ask): void {
  schedule
    .command('backfill')
    .description('run every due time of past days, oldest first')
    .argument('<name>', 'name or id')
    .requiredOption('--from <date>', 'first day, in the zone of the schedule')
    .requiredOption('--to <date>', 'last day')
    .option('--dry-run', 'tell how many runs and what they cost; run nothing')
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  $ millpond schedule backfill daily-actives --from 2026-01-01 --to 2026-02-28 --dry-run',
    )
    .action(async (name: string, options: ScheduleOptions, command: Command) => {
      const { from, to, dryRun = false } = options
      const told = (await ask(command, 'POST', `${pathOf(name)}/backfill`, { from, to, dryRun })) as Answer
      if (options.json === true) return writeOut(context, `${JSON.stringify(told)}\n`)
      const cost = `${bytesText(Number(told['bytes']))}, about $${Number(told['dollars']).toFixed(2)} on BigQuery`
      await writeOut(context, `${String(told['runs'])} runs${dryRun ? ' would read' : ' wait; they read'} ${cost}.\n`)
    })
}

function pathOf(name: string): string {
  return `/${encodeURIComponent(name)}`
}

function parseWhole(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

function addTest(text: string, before: readonly object[]): readonly object[] {
  const [kind = '', what = '', hours = ''] = text.split(':')
  const columns = what.split(',').map((column) => column.trim())
  if ((kind === 'not_null' || kind === 'unique') && what !== '') return [...before, { kind, columns }]
  if (kind === 'anomaly' && what === '') return [...before, { kind }]
  if (kind === 'freshness' && /^\d+$/.test(hours)) return [...before, { kind, column: what, hoursMax: Number(hours) }]
  const bounds = /^(\d*)-(\d*)$/.exec(what)
  if (kind !== 'rows' || bounds === null)
    throw new InvalidArgumentError('It is not_null:a,b, unique:a, rows:1-1000, freshness:a:24 or anomaly.')
  const [, min = '', max = ''] = bounds
  return [...before, { kind, ...(min === '' ? {} : { min: Number(min) }), ...(max === '' ? {} : { max: Number(max) }) }]
}
