// `millpond query`: SQL in, rows out. Rows stream: a result of any size passes through without being held.
import { type Command, InvalidArgumentError, Option } from 'commander'

import { withEngine } from './access.ts'
import { type AdminClient, errorFrom } from './admin-client.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { UsageError } from './failure.ts'
import { startProgress } from './progress.ts'
import { renderTable } from './table.ts'

const writeBytes = 64 * 1024

interface QueryOptions extends GlobalOptions {
  readonly json?: boolean
  readonly csv?: boolean
  readonly rows: number
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
  readonly end?: { readonly rows: number }
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
    .description('run SQL and print its rows; `-` reads the SQL from standard input')
    .addOption(new Option('--json', 'print one JSON object a row').conflicts('csv'))
    .option('--csv', 'print comma-separated values with a header; NULL is empty')
    .option('--rows <count>', 'rows shown in the table', parseCount, 100)
    .addHelpText(
      'after',
      `
Without --json or --csv the first rows are shown as a table.

Example:
  $ millpond query "select event, count(*) from web.tracks group by 1"
  $ millpond query --json "select * from web.signed_up" | jq .email`,
    )
    .action(async (sql: string, options: QueryOptions, command: Command) => {
      const text = sql === '-' ? await context.readStdin() : sql
      if (text.trim() === '') throw new UsageError('There is no SQL to run. Put it in quotes behind `millpond query`')
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      await withEngine(context, settings, async (client) => {
        await runQuery(context, client, text, printerFor(context, options))
      })
    })
}

async function runQuery(context: CliContext, client: AdminClient, sql: string, printer: Printer): Promise<void> {
  // Two writers on one terminal would write over each other.
  const progress = context.stdout.isTTY === true ? undefined : await startProgress(context, 'rows')
  let rows = 0
  let ended = false
  try {
    for await (const line of client.lines('POST', '/api/query', { sql }) as AsyncGenerator<QueryLine>) {
      if (line.error !== undefined) throw errorFrom(line)
      if (line.columns !== undefined) await printer.columns(line.columns)
      if (line.end !== undefined) ended = true
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
  await printer.end()
  if (!ended) throw errorFrom(undefined, 503)
}

function printerFor(context: CliContext, options: QueryOptions): Printer {
  if (options.json === true) return jsonPrinter(context)
  if (options.csv === true) return csvPrinter(context)
  return tablePrinter(context, options.rows)
}

function jsonPrinter(context: CliContext): Printer {
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

function tablePrinter(context: CliContext, rowsMax: number): Printer {
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
      const shown = columns.map(({ name, type }) => ({
        name,
        align: isNumeric(type) ? ('right' as const) : ('left' as const),
      }))
      if (shown.length > 0) await writeOut(context, renderTable(shown, rows, context.stdout))
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
