// A file of rows as the engine reads it: for every column of the table an expression that gives its value or raises an error.
import { resolve, sep } from 'node:path'

import type { JsFunction } from '../../sql/functions/js-function.ts'
import { MillpondError } from '../../core/errors.ts'
import type { EngineColumn, EngineType, LoadFileRequest } from '../session.ts'
import { hasUnknown, jsonValueSql } from './json-values.ts'
import type { Link } from './link.ts'
import { quoteName, quoteText } from './names.ts'
import { describeStatement } from './statement.ts'
import { leafSql, nameOf } from './wire-values.ts'

/** A column to fill. */
export interface LoadColumn extends EngineColumn {
  readonly isRequired: boolean
}

export interface LoadSource {
  /** A query; its column `n` counts the rows from 1 (but not of Parquet, where no row is bad by itself). */
  readonly rowsSql: string
  /** In the order of the columns. `given`: the file has something there. */
  readonly values: readonly { readonly sql: string; readonly given: string }[]
  /** Rows that can't be read at all: a condition, and what is told of one. */
  readonly broken: readonly { readonly when: string; readonly message: string }[]
  /** Rows that the reader itself left out; undefined: there are none. */
  readonly rejectedSql: string | undefined
}

type File = Pick<LoadFileRequest, 'path' | 'format' | 'csv' | 'ignoresUnknown'>

export function checkLoadPath(path: string, exchangeFolder: string): string {
  if (resolve(path) === path && path.startsWith(exchangeFolder + sep)) return path
  throw new MillpondError('query-refused', 'A file to load lies in the exchange folder')
}

/** A path is a pattern to the engine; inside of brackets a sign stands for itself. */
function fileText(path: string): string {
  return quoteText(path.replaceAll(/[*?[]/g, '[$&]'))
}

/** Of one row: every thread of the reader holds some of them. */
const rowBytesMax = 16 * 1024 ** 2

export async function openSource(link: Link, file: File, columns: readonly LoadColumn[]): Promise<LoadSource> {
  if (file.format === 'json') return jsonSource(file, columns)
  return file.format === 'csv' ? csvSource(file, columns) : parquetSource(link, file, columns)
}

/** Numbers with more digits than a double has become text, before the engine's own reader rounds them. */
export const exactJson: JsFunction = {
  name: 'bq_js_exact_json',
  parameters: ['VARCHAR'],
  result: 'VARCHAR',
  call: (text: string) => {
    try {
      return JSON.stringify(JSON.parse(text, exactNumber))
    } catch {
      return text
    }
  },
}

function exactNumber(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const isLong = typeof value === 'number' && context?.source !== undefined && context.source.length > 15
  return isLong ? context.source : value
}

function jsonSource({ path, ignoresUnknown }: File, columns: readonly LoadColumn[]): LoadSource {
  const structure = quoteText(JSON.stringify(Object.fromEntries(columns.map(({ name }) => [name, 'JSON']))))
  const isLong = `regexp_matches(j::VARCHAR, '[0-9.]{16,}')`
  const rowsSql = `SELECT n, j, from_json(j, ${structure}) AS p,
      CASE WHEN ${isLong} THEN from_json(bq_js_exact_json(j::VARCHAR)::JSON, ${structure}) ELSE p END AS r
    FROM (SELECT row_number() OVER () AS n, json AS j FROM read_json_objects(${fileText(path)},
      format = 'newline_delimited', ignore_errors = true, maximum_object_size = ${rowBytesMax}))`
  const broken = [
    { when: 'j IS NULL', message: 'it is no JSON' },
    { when: `json_type(j) <> 'OBJECT'`, message: 'it is no JSON object' },
  ]
  const names = columns.map(({ name }) => name)
  if (!ignoresUnknown) {
    const message = 'it has a field that is no column of the table'
    broken.push({ when: `json_type(j) = 'OBJECT' AND ${hasUnknown('j', names, 0)}`, message })
  }
  const values = columns.map(({ name, type }) => {
    const cell = `struct_extract(${type.kind === 'JSON' ? 'p' : 'r'}, ${quoteText(name)})`
    return { sql: jsonValueSql(cell, type, { path: name, ignoresUnknown, depth: 0 }), given: `${cell} IS NOT NULL` }
  })
  return { rowsSql, values, broken, rejectedSql: undefined }
}

/** Of files without a null marker: a text that no cell holds, so that the reader makes nothing NULL by itself. */
const noMarker = '\u0001\u0002no marker\u0002\u0001'

function csvSource({ path, csv }: File, columns: readonly LoadColumn[]): LoadSource {
  const nested = columns.find(({ type }) => type.kind === 'LIST' || type.kind === 'STRUCT')
  if (nested !== undefined) {
    throw new MillpondError('query-invalid', `A CSV file holds no records and arrays: column ${nested.name}`)
  }
  const cells = columns.map((_, index) => `c${index}`)
  const options = [
    'header = false, auto_detect = false, strict_mode = true, ignore_errors = true, store_rejects = true, rejects_limit = 0',
    `rejects_table = 'load_rejects', rejects_scan = 'load_scans', skip = ${csv.skipRows}, max_line_size = ${rowBytesMax}, buffer_size = ${2 * rowBytesMax}`,
    `delim = ${quoteText(csv.delimiter)}, quote = ${quoteText(csv.quote)}, escape = ${quoteText(csv.quote)}`,
    `nullstr = ${quoteText(csv.nullMarker === '' ? noMarker : csv.nullMarker)}, null_padding = ${csv.allowsJaggedRows}`,
    `encoding = ${quoteText(csv.encoding === 'UTF-8' ? 'utf-8' : 'latin-1')}`,
    // With padding, the reader can't find line ends inside of quotes beside other threads.
    `parallel = ${!csv.allowsJaggedRows}, columns = {${cells.map((cell) => `${quoteText(cell)}: 'VARCHAR'`).join(', ')}}`,
  ]
  const rowsSql = `SELECT row_number() OVER () AS n, * FROM read_csv(${fileText(path)}, ${options.join(', ')})`
  const values = columns.map(({ type }, index) => {
    const isText = type.kind === 'VARCHAR' || type.kind === 'BLOB'
    const cell = isText || csv.nullMarker !== '' ? `c${index}` : `nullif(trim(c${index}), '')`
    return { sql: leafSql(cell, type), given: `${cell} IS NOT NULL` }
  })
  const broken = csv.allowsQuotedNewlines
    ? []
    : [
        {
          when: `(${cells.map((cell) => `coalesce(contains(${cell}, chr(10)), false)`).join(' OR ')})`,
          message: 'it has a line feed in quotes (allowQuotedNewlines)',
        },
      ]
  return { rowsSql, values, broken, rejectedSql: 'SELECT count(DISTINCT line) FROM load_rejects' }
}

/** Values have types already: only what loses nothing is converted. */
async function parquetSource(link: Link, { path }: File, columns: readonly LoadColumn[]): Promise<LoadSource> {
  const table = `read_parquet(${fileText(path)})`
  const { columns: found } = await describeStatement(link, { sql: `SELECT * FROM ${table}` })
  const byName = new Map(found.map((column) => [column.name.toLowerCase(), column]))
  const values = columns.map(({ name, type }) => {
    const own = byName.get(name.toLowerCase())
    if (own === undefined) return { sql: `NULL::${nameOf(type)}`, given: 'false' }
    const cell = quoteName(own.name)
    if (!fits(own.type, type)) {
      const message = `Column ${name} is ${nameOf(own.type)} in the file, and ${nameOf(type)} in the table`
      throw new MillpondError('query-invalid', message)
    }
    const value = `${cell}::${nameOf(type)}`
    return { sql: type.kind === 'LIST' ? `coalesce(${value}, [])` : value, given: `${cell} IS NOT NULL` }
  })
  return { rowsSql: `SELECT * FROM ${table}`, values, broken: [], rejectedSql: undefined }
}

const integers = new Set(['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'])
const wider: Readonly<Record<string, readonly string[]>> = {
  FLOAT: ['DOUBLE'],
  VARCHAR: ['JSON'],
  JSON: ['VARCHAR'],
  UUID: ['VARCHAR'],
  TIMESTAMP: ['TIMESTAMPTZ'],
  TIMESTAMPTZ: ['TIMESTAMP'],
  DATE: ['TIMESTAMP', 'TIMESTAMPTZ'],
}

/** A value too large for the table's type is an error of the cast, never another value. */
function fits(from: EngineType, to: EngineType): boolean {
  if (from.kind === 'NULL') return true
  if (from.kind === 'LIST' && to.kind === 'LIST') return fits(from.element, to.element)
  if (from.kind === 'STRUCT' && to.kind === 'STRUCT') {
    return (
      from.fields.length === to.fields.length &&
      from.fields.every(({ name, type }) => {
        const other = to.fields.find((field) => field.name.toLowerCase() === name.toLowerCase())
        return other !== undefined && fits(type, other.type)
      })
    )
  }
  if (from.kind === 'DECIMAL' && to.kind === 'DECIMAL') return from.scale <= to.scale
  if (from.kind === to.kind) return true
  if (integers.has(from.kind)) return to.kind === 'BIGINT' || to.kind === 'DECIMAL' || to.kind === 'HUGEINT'
  return (wider[from.kind] ?? []).includes(to.kind)
}

/** Names and types that the file itself tells, or that its first rows look like. */
export async function detectColumns(link: Link, file: File): Promise<readonly EngineColumn[]> {
  const text = fileText(file.path)
  const { csv } = file
  const tables = {
    json: `read_json(${text}, format = 'newline_delimited', maximum_object_size = ${rowBytesMax})`,
    csv: `read_csv(${text}, delim = ${quoteText(csv.delimiter)}, quote = ${quoteText(csv.quote)}, skip = ${Math.max(0, csv.skipRows - 1)})`,
    parquet: `read_parquet(${text})`,
  }
  return (await describeStatement(link, { sql: `SELECT * FROM ${tables[file.format]}` })).columns
}
