// `millpond query`: SQL in, rows out. Rows stream: a result of any size passes through without being held.
import { type Command, InvalidArgumentError, Option } from 'commander'

import { withEngine } from './access.ts'
import { type AdminClient, errorFrom } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { startProgress } from './progress.ts'
import { printable, renderTable } from './table.ts'
import { bytesText } from './units.ts'

const writeBytes = 64 * 1024

type Format = 'table' | 'json' | 'csv' | 'parquet'

interface QueryOptions extends GlobalOptions {
  readonly json?: boolean
  readonly csv?: boolean
  readonly format?: Format
  readonly rows: number
  readonly dialect: 'googlesql' | 'duckdb'
  readonly param: readonly QueryParam[]
  readonly dataset?: string
  readonly dryRun?: boolean
  readonly maximumBytesBilled?: number
}

interface QueryParam {
  readonly name?: string
  readonly type: string
  readonly value: unknown
}

type Row = readonly unknown[]

interface QueryColumn {
  readonly name: string
  /** The engine's own type name. */
  readonly type: string
}

/** One line of the engine's answer: columns first, then rows, then the end or an error. */
interface QueryLine {
  readonly columns?: readonly QueryColumn[]
  readonly row?: Row
  readonly end?: { readonly rows: number; readonly affectedRows?: number }
  readonly error?: unknown
}

/** Takes a result piece by piece. `row` returns false when it wants no more. */
interface Printer {
  columns(columns: readonly QueryColumn[]): Promise<void>
  row(row: Row): Promise<boolean>
  end(): Promise<void>
}

export function addQueryCommand(program: Command, context: CliContext): void {
  program
    .command('query <sql>')
    .description('run GoogleSQL and print its rows; `-` reads the SQL from standard input')
    .addOption(
      new Option('--dialect <name>', 'language of the SQL').choices(['googlesql', 'duckdb']).default('googlesql'),
    )
    .option('--param <name:TYPE:value>', 'a parameter for @name; `:TYPE:value` is the next `?`', addParam, [])
    .option('--dataset <name>', 'dataset of tables that are named without one')
    .option('--dry-run', 'tell columns, bytes and cost; run nothing')
    .option('--maximum-bytes-billed <bytes>', 'refuse a query that would read more', parseBytes)
    .addOption(
      new Option('--format <name>', 'how rows are printed')
        .choices(['table', 'json', 'csv', 'parquet'])
        .conflicts(['json', 'csv']),
    )
    .addOption(new Option('--json', 'the same as --format json: one object a row').conflicts('csv'))
    .option('--csv', 'the same as --format csv: with a header; NULL is empty')
    .option('--rows <count>', 'rows shown in the table', parseCount, 100)
    .addHelpText(
      'after',
      `
Without a format the first rows are shown as a table.

Example:
  $ millpond query "SELECT event, COUNT(*) AS n FROM web.tracks GROUP BY event"
  $ millpond query --param day:DATE:2026-03-01 "SELECT * FROM web.signed_up WHERE DATE(timestamp) = @day"
  $ millpond query --dry-run "SELECT * FROM web.tracks"
  $ millpond query --format parquet "SELECT * FROM web.tracks" > tracks.parquet
  $ millpond query --dialect duckdb "SUMMARIZE web.tracks"`,
    )
    .action(async (sql: string, options: QueryOptions, command: Command) => {
      const text = sql === '-' ? await context.readStdin() : sql
      if (text.trim() === '') throw new UsageError('There is no SQL to run. Put it in quotes behind `millpond query`')
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      await withEngine(context, settings, async (client) => {
        const body = bodyOf(text, options)
        if (options.dryRun === true) await printDryRun(context, client, body, options)
        else if (options.format === 'parquet') await printParquet(context, client, body)
        else await runLines(context, client, ['/api/query', body], printerFor(context, options))
      })
    })
}

function bodyOf(sql: string, options: QueryOptions): object {
  return {
    sql,
    dialect: options.dialect,
    ...(options.param.length === 0 ? {} : { parameters: options.param }),
    ...(options.dataset === undefined ? {} : { dataset: options.dataset }),
    ...(options.maximumBytesBilled === undefined ? {} : { maximumBytesBilled: options.maximumBytesBilled }),
  }
}

interface DryRunAnswer {
  readonly columns: readonly QueryColumn[]
  readonly bytesProcessed: number
  readonly bytesBilled: number
  readonly dollars: number
  readonly bytesOfAllColumns: number
  readonly lint: readonly { readonly message: string; readonly line: number; readonly column: number }[]
  readonly portability: string
  readonly portabilityReasons: readonly string[]
}

async function printDryRun(
  context: CliContext,
  client: AdminClient,
  body: object,
  options: QueryOptions,
): Promise<void> {
  const answer = (await client.call('POST', '/api/query', { ...body, dryRun: true })) as DryRunAnswer
  if (options.json === true || options.format === 'json') {
    await writeOut(context, `${JSON.stringify(answer)}\n`)
    return
  }
  const dollars =
    answer.dollars < 0.01 && answer.dollars > 0 ? answer.dollars.toPrecision(2) : answer.dollars.toFixed(2)
  const cannot = answer.portability === 'bigquery-only'
  const lines = [
    ...(cannot
      ? []
      : [
          `It reads ${bytesText(answer.bytesProcessed)}. BigQuery would bill ${bytesText(answer.bytesBilled)} (about $${dollars}); every column would be ${bytesText(answer.bytesOfAllColumns)}.`,
        ]),
    ...answer.lint.map(({ message, line, column }) => `${message} at [${line}:${column}]`),
    answer.portability === 'both'
      ? 'It runs here and on BigQuery.'
      : `It runs ${answer.portability === 'local-only' ? 'here only' : 'on BigQuery only'}: ${answer.portabilityReasons.join('; ')}.`,
  ]
  await writeOut(context, `${lines.map(printable).join('\n')}\n`)
  if (answer.columns.length > 0) {
    const rows = answer.columns.map(({ name, type }) => [name, type])
    await writeOut(context, renderTable([{ name: 'column' }, { name: 'type' }], rows, context.stdout))
  }
}

async function printParquet(context: CliContext, client: AdminClient, body: object): Promise<void> {
  if (context.stdout.isTTY === true)
    throw new UsageError('Parquet is not for a terminal: write it to a file with `> rows.parquet`')
  for await (const chunk of client.bytes('POST', '/api/export', { ...body, format: 'parquet' })) {
    await writeOut(context, chunk)
  }
}

/** Rows of a route that answers as POST /api/query does. */
export async function runLines(
  context: CliContext,
  client: AdminClient,
  [path, body]: readonly [string, object],
  printer: Printer,
): Promise<void> {
  // Two writers on one terminal would write over each other.
  const progress = context.stdout.isTTY === true ? undefined : await startProgress(context, 'rows')
  let rows = 0
  let ended = false
  let affectedRows: number | undefined
  try {
    for await (const line of client.lines('POST', path, body) as AsyncGenerator<QueryLine>) {
      if (line.error !== undefined) throw errorFrom(line)
      if (line.columns !== undefined) await printer.columns(line.columns)
      if (line.end !== undefined) {
        ended = true
        affectedRows = line.end.affectedRows
      }
      if (line.row !== undefined) {
        rows += 1
        progress?.update(rows)
        if (!(await printer.row(line.row))) {
          ended = true
          break
        }
      }
    }
  } finally {
    progress?.stop()
  }
  // What came so far is shown, but never as if it were everything.
  if (affectedRows === undefined) await printer.end()
  else context.stderr.write(affectedRows === 1 ? '1 row changed.\n' : `${affectedRows} rows changed.\n`)
  if (!ended) throw errorFrom(undefined, 503)
}

function printerFor(context: CliContext, options: QueryOptions): Printer {
  if (options.json === true || options.format === 'json') return jsonPrinter(context)
  if (options.csv === true || options.format === 'csv') return csvPrinter(context)
  return tablePrinter(context, options.rows)
}

export function jsonPrinter(context: CliContext): Printer {
  const buffer = createBuffer(context)
  let names: readonly string[] = []
  return {
    async columns(columns) {
      names = tellApart(columns.map((column) => column.name))
    },
    async row(row) {
      // fromEntries, not assignment: a column may be called __proto__.
      await buffer.add(
        `${JSON.stringify(Object.fromEntries(names.map((name, index) => [name, row[index] ?? null])))}\n`,
      )
      return true
    },
    end: async () => await buffer.flush(),
  }
}

function csvPrinter(context: CliContext): Printer {
  const buffer = createBuffer(context)
  const line = (values: Row): string => `${values.map(csvCell).join(',')}\r\n`
  return {
    async columns(columns) {
      await buffer.add(line(columns.map((column) => column.name)))
    },
    async row(row) {
      await buffer.add(line(row))
      return true
    },
    end: async () => await buffer.flush(),
  }
}

export function tablePrinter(context: CliContext, rowsMax: number): Printer {
  const rows: Row[] = []
  let columns: readonly QueryColumn[] = []
  let more = false
  return {
    async columns(found) {
      columns = found
    },
    async row(row) {
      more = rows.length >= rowsMax
      if (!more) rows.push(row)
      return !more
    },
    async end() {
      // A statement that made or removed something has no rows, and no columns.
      if (columns.length === 0) {
        context.stderr.write('Done.\n')
        return
      }
      const shown = columns.map(({ name, type }) => ({
        name,
        align: isNumeric(type) ? ('right' as const) : ('left' as const),
      }))
      await writeOut(context, renderTable(shown, rows, context.stdout))
      const count = rows.length === 1 ? '1 row' : `${rows.length} rows`
      context.stderr.write(
        more ? `The first ${count}; --rows shows more, --json and --csv print all.\n` : `${count}.\n`,
      )
    },
  }
}

/** Many rows to one write. */
function createBuffer(context: CliContext): { add(text: string): Promise<void>; flush(): Promise<void> } {
  let waiting = ''
  const flush = async (): Promise<void> => {
    const text = waiting
    waiting = ''
    if (text !== '') await writeOut(context, text)
  }
  return {
    async add(text) {
      waiting += text
      if (waiting.length >= writeBytes) await flush()
    },
    flush,
  }
}

/** `select a, a` gives a and a_2: a JSON object can't have both under one name. */
export function tellApart(names: readonly string[]): string[] {
  const taken = new Set<string>()
  return names.map((name) => {
    let unique = name
    for (let number = 2; taken.has(unique); number += 1) unique = `${name}_${number}`
    taken.add(unique)
    return unique
  })
}

export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

function isNumeric(type: string): boolean {
  return /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL|NUMERIC|BIGNUMERIC|INT64|FLOAT64)\b/i.test(type)
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text) && Number(text) > 0) return Number(text)
  throw new InvalidArgumentError('It must be a whole number from 1 to 999999.')
}

function parseBytes(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number of bytes.')
}

/** `day:DATE:2026-03-01`, as the bq tool takes it; arrays and structs as JSON. */
function addParam(text: string, before: readonly QueryParam[]): readonly QueryParam[] {
  const found = /^([A-Za-z_]\w*)?:((?:[^:<]|<.*>)*):(.*)$/s.exec(text)
  if (found === null) throw new InvalidArgumentError('It looks like name:TYPE:value, such as day:DATE:2026-03-01.')
  const [, name = '', type = '', value = ''] = found
  const isNested = /^(ARRAY|STRUCT)</i.test(type)
  const param = {
    type: type === '' ? 'STRING' : type,
    value: isNested ? parseNested(value) : value === 'NULL' ? null : value,
  }
  return [...before, name === '' ? param : { name, ...param }]
}

function parseNested(value: string): unknown {
  try {
    return JSON.parse(value) as unknown
  } catch {
    throw new InvalidArgumentError('The value of an array or struct is JSON, such as ["a","b"].')
  }
}
