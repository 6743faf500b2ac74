// What a report says: HTML that every mail program shows (tables, nothing to load, nothing that runs), the same as plain text, and each
// chart as an attached picture. Most mail programs leave SVG out of a page, so the numbers stand in the mail itself.
import { draw } from '../charts/draw.ts'
import { textOf } from '../charts/cells.ts'
import type { Chart, ChartData, ChartRows } from '../charts/chart.ts'
import { chartDataOf } from '../charts/data.ts'
import { formatNumber } from '../charts/format.ts'
import { svgText } from '../charts/svg-text.ts'
import { escapedHtml } from '../core/html.ts'

export interface ReportTile {
  readonly id: string
  readonly title: string
  readonly chart: Chart
  /** Undefined: it could not be asked; `error` says why. */
  readonly rows: ChartRows | undefined
  readonly error?: string | undefined
}

export interface ReportParts {
  readonly title: string
  /** When its tiles were asked. */
  readonly asOf: string
  /** Parameters as they were resolved. */
  readonly values: readonly (readonly [name: string, value: string])[]
  /** Somebody else has saved a newer version, for whom the report's owner's rights are not. */
  readonly older?: { readonly shown: number; readonly newest: number } | undefined
  /** Of the dashboard; '' where nobody knows it. */
  readonly address: string
  readonly tiles: readonly ReportTile[]
}

export interface ReportContent {
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly attachments: readonly { readonly filename: string; readonly contentType: string; readonly content: string }[]
  /** No tile has rows. */
  readonly isEmpty: boolean
  readonly failed: readonly string[]
}

/** A table in a mail, or what of it is read. */
interface Table {
  readonly names: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Of the first series, from 0 to 1: a bar. */
  readonly shares?: readonly number[]
  /** Rows that were left out. */
  readonly more: number
}

const rowsMax = 20
const columnsMax = 8
const picture = { width: 640, height: 280 }

export function reportContent({ title, asOf, values, older, address, tiles }: ReportParts): ReportContent {
  const failed = tiles.filter(({ rows }) => rows === undefined).map((tile) => tile.title || tile.id)
  const said = tiles.map((tile) => ({ tile, ...contentOf(tile) }))
  const notes = [
    `Data as of ${asOf}`,
    ...values.map(([name, value]) => `${name}: ${value}`),
    ...(older === undefined
      ? []
      : [`version ${older.shown}: somebody else saved version ${older.newest}; save the report anew to mail that one`]),
  ]
  const failure = failed.length === 0 ? [] : [`Could not be asked: ${failed.join(', ')}`]
  const link = address === '' ? [] : [address]
  return {
    subject: `${title}, ${asOf.slice(0, 10)}`.replaceAll(/\s+/g, ' ').slice(0, 300),
    text: [title, ...notes, ...failure, '', ...said.flatMap(({ text }) => [text, '']), ...link].join('\n'),
    html: page(
      title,
      notes,
      failure,
      said.map(({ html }) => html),
      address,
    ),
    attachments: said.flatMap(({ tile }) => pictureOf(tile)),
    isEmpty: tiles.every(({ rows }) => rows?.count === 0),
    failed,
  }
}

function contentOf({ id, title, chart, rows, error = '' }: ReportTile): {
  readonly text: string
  readonly html: string
} {
  const name = title || id
  const say = (text: string, html: string) => ({
    text: `${name}\n${text}`,
    html: `<h2 style="font-size:15px;margin:24px 0 6px">${escapedHtml(name)}</h2>${html}`,
  })
  const plain = (text: string) => say(text, `<p style="margin:0;color:#5b6270">${escapedHtml(text)}</p>`)
  if (rows === undefined) return plain(error)
  if (rows.count === 0) return plain('No rows.')
  const data = chart.kind === 'table' ? undefined : chartDataOf(rows, chart)
  if (chart.kind === 'number' && data !== undefined) {
    const value = formatNumber(data.series[0]?.values.at(-1) ?? 0, chart.format)
    return say(value, `<p style="margin:0;font-size:28px;font-weight:600">${escapedHtml(value)}</p>`)
  }
  const table = data === undefined ? tableOfRows(rows) : tableOfData(data, chart)
  return say(textTable(table), htmlTable(table))
}

function tableOfRows({ columns, values, count }: ChartRows): Table {
  const shown = Math.min(count, rowsMax)
  const names = columns.slice(0, columnsMax).map(({ name }) => name)
  const rows = Array.from({ length: shown }, (_none, row) =>
    names.map((_name, column) => textOf(values[column]?.[row])),
  )
  return { names, rows, more: count - shown }
}

/** Of times the newest, of others the first: what a chart's reader looks at. */
function tableOfData({ along, labels, timesMs, series }: ChartData, { format, zone = 'UTC' }: Chart): Table {
  const from = timesMs === undefined ? 0 : Math.max(0, labels.length - rowsMax)
  const places = labels.slice(from, from + rowsMax).map((_label, index) => from + index)
  const shown = series.slice(0, columnsMax - 1)
  const labelOf = (place: number): string => {
    const ms = timesMs?.[place]
    return ms === undefined ? (labels[place] ?? '') : timeText(ms, zone)
  }
  const rows = places.map((place) => [
    labelOf(place),
    ...shown.map(({ values }) => {
      const value = values[place]
      return value === undefined ? '–' : formatNumber(value, format)
    }),
  ])
  const firsts = places.map((place) => Math.max(0, shown[0]?.values[place] ?? 0))
  const most = Math.max(...firsts)
  return {
    names: [along, ...shown.map(({ name }) => name)],
    rows,
    ...(most > 0 && { shares: firsts.map((value) => value / most) }),
    more: labels.length - places.length,
  }
}

/** A day, or a day and a minute. */
function timeText(ms: number, zone: string): string {
  const parts = new Intl.DateTimeFormat('sv', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' }).format(ms)
  return parts.replace(/ 00:00$/, '')
}

function htmlTable({ names, rows, shares, more }: Table): string {
  const cell = 'padding:3px 12px 3px 0;border-bottom:1px solid #e4e6e9;text-align:left;vertical-align:middle'
  const head = names.map((name) => `<th style="${cell};font-weight:500;color:#5b6270">${escapedHtml(name)}</th>`)
  const lines = rows.map((row, index) => {
    const cells = row.map((text) => `<td style="${cell}">${escapedHtml(text)}</td>`)
    const share = shares?.[index]
    return `<tr>${cells.join('')}${share === undefined ? '' : `<td style="${cell}">${bar(share)}</td>`}</tr>`
  })
  const rest = more > 0 ? `<p style="margin:4px 0 0;color:#5b6270">${more} more rows</p>` : ''
  return `<table role="table" style="border-collapse:collapse;font-size:13px"><thead><tr>${head.join('')}</tr></thead><tbody>${lines.join('')}</tbody></table>${rest}`
}

function bar(share: number): string {
  const pixels = Math.round(share * 160)
  return `<div style="background:#0b6573;height:10px;width:${pixels}px;line-height:10px;font-size:1px">&nbsp;</div>`
}

function textTable({ names, rows, more }: Table): string {
  const widths = names.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(names), ...rows.map(line), ...(more > 0 ? [`${more} more rows`] : [])].join('\n')
}

function pictureOf({ id, title, chart, rows }: ReportTile): ReportContent['attachments'][number][] {
  if (rows === undefined || rows.count === 0 || chart.kind === 'table' || chart.kind === 'number') return []
  const drawing = draw(rows, chart, picture, title || id)
  if (drawing === undefined) return []
  return [{ filename: `${id}.svg`, contentType: 'image/svg+xml', content: svgText(drawing, 'light') }]
}

function page(
  title: string,
  notes: readonly string[],
  failure: readonly string[],
  tiles: readonly string[],
  address: string,
): string {
  const link =
    address === ''
      ? ''
      : `<p style="margin:28px 0 0"><a href="${escapedHtml(address)}" style="color:#0b6573">Open the dashboard</a></p>`
  const wrong = failure.map((text) => `<p style="margin:8px 0 0;color:#b3261e">${escapedHtml(text)}</p>`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapedHtml(title)}</title></head>
<body style="margin:0;padding:24px;background:#ffffff;color:#16181d;font:14px/1.5 -apple-system,'Segoe UI',Arial,sans-serif">
<h1 style="font-size:20px;margin:0">${escapedHtml(title)}</h1>
<p style="margin:4px 0 0;color:#5b6270">${notes.map(escapedHtml).join(' · ')}</p>${wrong.join('')}
${tiles.join('\n')}
${link}
</body></html>
`
}
