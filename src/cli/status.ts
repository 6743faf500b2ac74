// `millpond status`: what a running Millpond says about itself, as it says it.
import type { Command } from 'commander'

import { withEngine } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf, writeOut } from './context.ts'
import { paint, printable, renderTable } from './table.ts'
import { bytesText, shortTime } from './units.ts'
import { isObject } from '../core/json-object.ts'

export function addStatusCommand(program: Command, context: CliContext): void {
  program
    .command('status')
    .description('show whether Millpond runs, what waits, and whether the ledger sums')
    .option('--json', 'print one JSON object')
    .addHelpText('after', '\nExample:\n  $ millpond status\n  $ millpond status --json | jq .')
    .action(async (options: { json?: boolean }, command: Command) => {
      const settings = settingsOf(context, command.optsWithGlobals<GlobalOptions>())
      const status = await withEngine(context, settings, async (client) => await client.call('GET', '/api/status'))
      await writeOut(context, options.json === true ? `${JSON.stringify(status)}\n` : renderStatus(status, context))
    })
}

/** Objects become sections, lists of objects tables, the rest lines of name and value. */
export function renderStatus(status: unknown, context: Pick<CliContext, 'stdout'>): string {
  const lines: string[] = []
  addSection('', status, lines, context)
  return `${lines.join('\n').trim()}\n`
}

function addSection(title: string, value: unknown, lines: string[], context: Pick<CliContext, 'stdout'>): void {
  if (!isObject(value)) {
    lines.push(`${title}: ${plain(value)}`)
    return
  }
  if (title !== '') lines.push('', paint('bold', printable(title), context.stdout))
  const entries = Object.entries(value)
  const simple = entries.filter(([, inner]) => !isObject(inner) && !isTable(inner))
  const shown = simple.map(([name, inner]) => readable(name, inner))
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  for (const [name, text] of shown) lines.push(`${name.padEnd(width)}  ${text}`)
  for (const [name, inner] of entries) {
    const path = title === '' ? name : `${title}.${name}`
    if (isObject(inner)) addSection(path, inner, lines, context)
    if (isTable(inner)) {
      const names = [...new Set(inner.flatMap((row) => Object.keys(row)))]
      const rows = inner.map((row) => names.map((column) => row[column]))
      lines.push('', paint('bold', printable(path), context.stdout))
      lines.push(
        renderTable(
          names.map((column) => ({ name: column })),
          rows,
          context.stdout,
        ).trimEnd(),
      )
    }
  }
}

/** `startedAtMicros: 1760000000000000` is for programs; people read `started at  2025-10-09 08:53:20Z`. */
function readable(name: string, value: unknown): [name: string, text: string] {
  const words = (ending: string): string =>
    printable(name)
      .slice(0, name.length - ending.length)
      .replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  // 0 = never: nobody reads 1970 out of it.
  if (name.endsWith('AtMicros') && typeof value === 'number')
    return [words('Micros'), value === 0 ? '-' : (shortTime(value) ?? '-')]
  if (name.endsWith('Bytes') && typeof value === 'number') return [words('Bytes'), bytesText(value)]
  if (name.endsWith('Ms') && typeof value === 'number') return [words('Ms'), `${Math.round(value)} ms`]
  return [words(''), plain(value)]
}

function plain(value: unknown): string {
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? '-'))
}

function isTable(value: unknown): value is Record<string, unknown>[] {
  return Array.isArray(value) && value.length > 0 && value.every(isObject)
}
