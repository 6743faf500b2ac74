// Reads and writes the case files of this folder (README.md says how they look).
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface SqlCase {
  readonly title: string
  readonly sql: string
  /** Reason why the oracle can't confirm it; undefined: it can. */
  readonly unverified: string | undefined
  readonly expected: Expectation | undefined
  readonly line: number
}

export type Expectation =
  | { readonly kind: 'rows'; readonly types: readonly string[]; readonly rows: readonly string[] }
  /** A mistake that BigQuery reports too; the message holds the text. */
  | { readonly kind: 'error'; readonly text: string }
  /** Nothing BigQuery would refuse: Millpond says by name that it doesn't know it. */
  | { readonly kind: 'refused'; readonly text: string }

export interface CaseFile {
  readonly name: string
  readonly path: string
  /** Lines before the first case. */
  readonly head: string
  readonly cases: readonly SqlCase[]
}

export function readCaseFiles(folder: string = import.meta.dirname): CaseFile[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.test'))
  return names.sort().map((name) => readCaseFile(join(folder, name), name))
}

export function readCaseFile(path: string, name: string): CaseFile {
  const lines = readFileSync(path, 'utf8').split('\n')
  const starts = lines.flatMap((line, index) => (line.startsWith('== ') ? [index] : []))
  const head = lines.slice(0, starts[0] ?? lines.length).join('\n')
  const cases = starts.map((start, index) => readCase(lines.slice(start, starts[index + 1] ?? lines.length), start + 1))
  return { name, path, head, cases }
}

function readCase(lines: readonly string[], line: number): SqlCase {
  const [, title = '', , unverified] = /^== (.*?)\s*(\{unverified(?:: (.*))?\})?$/.exec(lines[0] ?? '') ?? []
  const arrow = lines.findIndex((one) => one.startsWith('=>'))
  const sql = lines
    .slice(1, arrow === -1 ? undefined : arrow)
    .join('\n')
    .trim()
  const isUnverified = /\{unverified/.test(lines[0] ?? '')
  return {
    title,
    sql,
    unverified: isUnverified ? (unverified ?? 'the oracle does not know it') : undefined,
    expected: arrow === -1 ? undefined : readExpectation(lines.slice(arrow)),
    line,
  }
}

function readExpectation(lines: readonly string[]): Expectation {
  const first = (lines[0] ?? '').slice(2).trim()
  const problem = /^(error|refused):\s*(.*)$/.exec(first)
  if (problem !== null) return { kind: problem[1] === 'error' ? 'error' : 'refused', text: problem[2] ?? '' }
  const rows = lines.slice(1).filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return { kind: 'rows', types: splitTypes(first), rows }
}

/** `INT64, ARRAY<STRUCT<a INT64, b STRING>>` at its outer commas. */
export function splitTypes(text: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const letter of text) {
    if (letter === '<' || letter === '(') depth += 1
    if (letter === '>' || letter === ')') depth -= 1
    if (letter === ',' && depth === 0) {
      parts.push(part.trim())
      part = ''
    } else part += letter
  }
  if (part.trim() !== '') parts.push(part.trim())
  return parts
}

export function printCaseFile(file: CaseFile): string {
  const blocks = file.cases.map(printCase)
  const head = file.head.trim()
  return `${head === '' ? '' : `${head}\n\n`}${blocks.join('\n\n')}\n`
}

function printCase(one: SqlCase): string {
  const mark = one.unverified === undefined ? '' : ` {unverified: ${one.unverified}}`
  const lines = [`== ${one.title}${mark}`, one.sql]
  if (one.expected?.kind === 'rows') lines.push(`=> ${one.expected.types.join(', ')}`, ...one.expected.rows)
  else if (one.expected !== undefined) lines.push(`=> ${one.expected.kind}: ${one.expected.text}`)
  return lines.join('\n')
}

/** Rows count as a set unless the query orders them. */
export function sameRows(sql: string, left: readonly string[], right: readonly string[]): boolean {
  if (left.length !== right.length) return false
  const isOrdered = /\border\s+by\b/i.test(sql)
  const [one, other] = isOrdered ? [left, right] : [[...left].sort(), [...right].sort()]
  return one.every((row, index) => sameRow(row, other[index] ?? ''))
}

function sameRow(left: string, right: string): boolean {
  return left === right || sameValue(JSON.parse(left), JSON.parse(right))
}

/** Floats may differ in their last digits: sums are taken in another order. */
function sameValue(left: unknown, right: unknown): boolean {
  if (typeof left === 'number' && typeof right === 'number') {
    return left === right || Math.abs(left - right) <= 1e-12 * Math.max(Math.abs(left), Math.abs(right))
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((value, index) => sameValue(value, right[index]))
  }
  return left === right
}
