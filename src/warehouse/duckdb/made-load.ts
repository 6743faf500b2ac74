// One file into one made table, in one transaction: the table is made or widened if need be, rows that can't be read are counted
// and named, and more of them than allowed undo everything.
import { createReadStream } from 'node:fs'

import { messageOf, MillpondError } from '../../core/errors.ts'
import { parseType } from '../../sql/syntax/parser.ts'
import { resolveType } from '../../sql/lower/type-node.ts'
import { duckType } from '../../sql/type-names.ts'
import type { LoadedFile, LoadFileRequest, MadeColumn, MadeStore, MadeTable } from '../session.ts'
import type { Calls } from './calls.ts'
import { googleType } from './google-types.ts'
import { type Link, readRows } from './link.ts'
import { checkLoadPath, detectColumns, type LoadColumn, type LoadSource, openSource } from './load-source.ts'
import { madeCatalogName } from './made-catalog.ts'
import { quoteName } from './names.ts'
import type { DuckdbSession } from './session.ts'
import { describeStatement } from './statement.ts'

export interface LoadDeps {
  readonly store: MadeStore
  readonly session: DuckdbSession
  readonly exchangeFolder: string
  readonly nowMicros: number
}

/** Rows of which an error tells. */
const namedMax = 5

export async function loadFile(request: LoadFileRequest, signal: AbortSignal, deps: LoadDeps): Promise<LoadedFile> {
  const { session } = deps
  checkLoadPath(request.path, deps.exchangeFolder)
  const both = AbortSignal.any([signal, session.signal])
  await session.begin('read-write', both)
  try {
    const loaded = await new FileLoad(request, deps, both).run()
    await session.commit()
    return loaded
  } catch (error) {
    await session.rollback()
    throw error
  }
}

class FileLoad {
  readonly #request: LoadFileRequest
  readonly #deps: LoadDeps
  readonly #signal: AbortSignal

  constructor(request: LoadFileRequest, deps: LoadDeps, signal: AbortSignal) {
    this.#request = request
    this.#deps = deps
    this.#signal = signal
  }

  get #target(): string {
    return `${madeCatalogName}.${quoteName(this.#request.dataset)}.${quoteName(this.#request.table)}`
  }

  async run(): Promise<LoadedFile> {
    const { dataset, table, write } = this.#request
    const names = await this.#shape()
    if (write === 'if-empty') {
      const isFilled = await this.#inLink(async (link) => readRows(link, `SELECT 1 FROM ${this.#target} LIMIT 1`))
      if (isFilled.length > 0)
        throw new MillpondError('table-exists', `Already Exists: Table ${dataset}.${table} has rows`)
    }
    if (write === 'truncate') await this.#inLink(async (link) => link.api.run(`DELETE FROM ${this.#target}`))
    const loaded = await this.#fill(names)
    const { store, session } = this.#deps
    store.touch(session, dataset, table)
    return loaded
  }

  /** Makes the table what the file needs; gives the columns to fill, in the file's order where that counts. */
  async #shape(): Promise<readonly string[]> {
    const { store, session, nowMicros } = this.#deps
    const { dataset, table, create, columns: wanted, detects, write } = this.#request
    const catalog = store.catalog(session)
    if (!catalog.datasets.some((one) => one.dataset === dataset)) throw unknown(`dataset ${dataset}`)
    const present = catalog.tables.find((one) => one.dataset === dataset && one.table === table)
    if (present !== undefined && present.kind !== 'table') {
      throw new MillpondError('made-unwritable', `${dataset}.${table} is a view`)
    }
    if (present === undefined && create === 'never') throw unknown(`table ${dataset}.${table}`)
    const columns = wanted?.map(withArrayType) ?? (detects ? await this.#detect() : undefined)
    if (present === undefined) {
      if (columns === undefined) throw new MillpondError('query-invalid', 'No schema specified on job or table.')
      const times = { createdAtMicros: nowMicros, changedAtMicros: nowMicros }
      await this.#make({ dataset, table, kind: 'table', columns, clustering: [], options: {}, ...times })
      return columns.map(({ name }) => name)
    }
    if (columns === undefined) return present.columns.map(({ name }) => name)
    if (write === 'truncate' && !isSameShape(columns, present.columns)) {
      await this.#make({ ...present, columns, changedAtMicros: nowMicros })
      return columns.map(({ name }) => name)
    }
    return this.#widen(present, columns)
  }

  async #detect(): Promise<readonly MadeColumn[]> {
    const found = await this.#inLink(async (link) => detectColumns(link, this.#request))
    return found.map(({ name, type }) => {
      const isRepeated = type.kind === 'LIST'
      // Text that looks like a time is an instant to BigQuery; a Parquet file says which of the two it means.
      const isInstant = type.kind === 'TIMESTAMP' && this.#request.format !== 'parquet'
      const typeText = isInstant ? 'TIMESTAMP' : googleType(type, name)
      return { name, type: typeText, mode: isRepeated ? 'REPEATED' : 'NULLABLE' }
    })
  }

  async #make(table: MadeTable): Promise<void> {
    const { store, session } = this.#deps
    const shape = table.columns.map((column) => {
      return `${quoteName(column.name)} ${duckTypeOf(column)}${column.mode === 'REQUIRED' ? ' NOT NULL' : ''}`
    })
    const ddl = [`CREATE OR REPLACE TABLE ${this.#target} (${shape.join(', ')})`]
    await store.change(session, ddl, { kind: 'put-table', table })
  }

  /** New columns are added, if the caller wants that; the names of those that the file has. */
  async #widen(present: MadeTable, columns: readonly MadeColumn[]): Promise<readonly string[]> {
    const { store, session, nowMicros } = this.#deps
    const { addsColumns, ignoresUnknown, columns: wanted } = this.#request
    const byName = new Map(present.columns.map((column) => [column.name.toLowerCase(), column]))
    const added = columns.filter(({ name }) => !byName.has(name.toLowerCase()))
    const names = columns.map(({ name }) => byName.get(name.toLowerCase())?.name ?? name)
    if (added.length === 0) return names
    if (!addsColumns) {
      if (ignoresUnknown && wanted === undefined) return names.filter((name) => byName.has(name.toLowerCase()))
      const message = `Provided Schema does not match Table ${present.dataset}.${present.table}. Cannot add fields`
      throw new MillpondError('query-invalid', `${message} (field: ${added[0]?.name})`)
    }
    const ddl = added.map(
      (column) => `ALTER TABLE ${this.#target} ADD COLUMN ${quoteName(column.name)} ${duckTypeOf(column)}`,
    )
    const nullable = added.map((column) => ({
      ...column,
      mode: column.mode === 'REQUIRED' ? ('NULLABLE' as const) : column.mode,
    }))
    const table = { ...present, columns: [...present.columns, ...nullable], changedAtMicros: nowMicros }
    await store.change(session, ddl, { kind: 'put-table', table })
    return names
  }

  async #fill(names: readonly string[]): Promise<LoadedFile> {
    const columns = await this.#columns(names)
    const source = await this.#inLink(async (link) => openSource(link, this.#request, columns))
    const { rowsSql, values, rejectedSql } = source
    const list = names.map(quoteName).join(', ')
    if (this.#request.format === 'parquet') {
      const sql = `INSERT INTO ${this.#target} (${list}) SELECT ${values.map((value) => value.sql).join(', ')} FROM (${rowsSql})`
      return { rows: await this.#changed(sql), badRecords: 0 }
    }
    const good = goodSql(source, columns)
    const taken = values.map((_, index) => `v${index}`).join(', ')
    const rows = await this.#changed(
      `INSERT INTO ${this.#target} (${list}) SELECT ${taken} FROM (${good}) WHERE bad IS NULL`,
    )
    // The engine steps over a last line that is no whole object, without a word.
    const isJson = this.#request.format === 'json'
    const read = isJson ? await countLines(this.#request.path) : await this.#count(`SELECT count(*) FROM (${rowsSql})`)
    const rejected = rejectedSql === undefined ? 0 : await this.#count(rejectedSql)
    const badRecords = read - rows + rejected
    if (badRecords > this.#request.badRecordsMax) throw await this.#tooMany(badRecords, source, good, columns)
    return { rows, badRecords }
  }

  async #columns(names: readonly string[]): Promise<LoadColumn[]> {
    const list = names.map(quoteName).join(', ')
    const { columns } = await this.#inLink(async (link) =>
      describeStatement(link, { sql: `SELECT ${list} FROM ${this.#target}` }),
    )
    const { store, session } = this.#deps
    const { dataset, table } = this.#request
    const known = store.catalog(session).tables.find((one) => one.dataset === dataset && one.table === table)
    const required = new Set(known?.columns.filter(({ mode }) => mode === 'REQUIRED').map(({ name }) => name))
    return columns.map((column) => ({ ...column, isRequired: required.has(column.name) }))
  }

  async #tooMany(
    badRecords: number,
    source: LoadSource,
    good: string,
    columns: readonly LoadColumn[],
  ): Promise<MillpondError> {
    const first = this.#request.format === 'csv' ? this.#request.csv.skipRows : 0
    const found = await this.#inLink(async (link) =>
      readRows(link, `SELECT n, bad FROM (${good}) WHERE bad IS NOT NULL ORDER BY n LIMIT ${namedMax}`),
    )
    const told: string[] = []
    for (const [n, bad] of found) {
      const row = Number(n)
      const message = source.broken[Number(bad)]?.message ?? (await this.#why(source, row, Number(bad) - 1000, columns))
      told.push(`row ${row + first}: ${message}`)
    }
    if (source.rejectedSql !== undefined && told.length < namedMax) {
      const rejected = await this.#inLink(async (link) =>
        readRows(link, `SELECT line, min(error_message) FROM load_rejects GROUP BY 1 ORDER BY 1 LIMIT ${namedMax}`),
      )
      for (const [line, message] of rejected) told.push(`line ${String(line)}: ${String(message)}`)
    }
    if (told.length === 0) told.push('the last line is no whole JSON object')
    const head = `Error while reading data: ${badRecords} bad rows, more than ${this.#request.badRecordsMax} allowed`
    return new MillpondError('query-invalid', `${head}. ${told.slice(0, namedMax).join('; ')}`)
  }

  /** The error that the value raises. */
  async #why(source: LoadSource, row: number, index: number, columns: readonly LoadColumn[]): Promise<string> {
    const column = columns[index]
    const value = source.values[index]
    if (column === undefined || value === undefined) return 'it can not be read'
    // A side way, since an error would end the transaction: the message is made as a value.
    const sql = `SELECT ${value.given} AS given FROM (${source.rowsSql}) WHERE n = ${row}`
    const [found] = await this.#inLink(async (link) => readRows(link, sql))
    if (found?.[0] !== true) return `Missing required field: ${column.name}`
    const text =
      this.#request.format === 'csv'
        ? `c${index}`
        : `struct_extract(r, '${column.name.replaceAll("'", "''")}')::VARCHAR`
    const shown = await this.#inLink(async (link) =>
      readRows(link, `SELECT (${text})[:100] FROM (${source.rowsSql}) WHERE n = ${row}`),
    )
    return `Could not parse ${String(shown[0]?.[0])} as ${googleType(column.type, column.name)} for field ${column.name}`
  }

  async #count(sql: string): Promise<number> {
    return Number((await this.#inLink(async (link) => readRows(link, sql)))[0]?.[0] ?? 0)
  }

  async #changed(sql: string): Promise<number> {
    return this.#count(sql)
  }

  async #inLink<Result>(work: (link: Link) => Promise<Result>): Promise<Result> {
    return this.#deps.session.inWrite(
      async (link: Link, calls: Calls) => calls.run(async () => work(link), this.#signal),
      this.#signal,
    )
  }
}

/** Lines that aren't empty. */
async function countLines(path: string): Promise<number> {
  let lines = 0
  let isEmpty = true
  for await (const piece of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0
    while (from < piece.length) {
      const found = piece.indexOf(10, from)
      const end = found < 0 ? piece.length : found
      if (isEmpty && !isBlank(piece, from, end)) isEmpty = false
      from = end + 1
      if (found < 0) break
      if (!isEmpty) lines += 1
      isEmpty = true
    }
  }
  return isEmpty ? lines : lines + 1
}

function isBlank(bytes: Buffer, from: number, to: number): boolean {
  for (let index = from; index < to; index += 1) {
    const byte = bytes[index]
    if (byte !== 32 && byte !== 13 && byte !== 9) return false
  }
  return true
}

/** Every row with its values, and `bad`: the number of what broke it, 1000 and more for a column. */
function goodSql({ rowsSql, values, broken }: LoadSource, columns: readonly LoadColumn[]): string {
  const list = values.map((value, index) => `TRY(${value.sql}) AS v${index}, ${value.given} AS g${index}`)
  const whole = broken.map(({ when }, index) => `WHEN ${when} THEN ${index}`)
  const each = columns.map(({ isRequired }, index) => {
    const isMissing = isRequired ? `v${index} IS NULL` : `v${index} IS NULL AND g${index}`
    return `WHEN ${isMissing} THEN ${1000 + index}`
  })
  const first = whole.length === 0 ? 'NULL::INTEGER' : `CASE ${whole.join(' ')} END`
  return `SELECT *, coalesce(w, CASE ${each.join(' ')} END) AS bad FROM (SELECT n, ${first} AS w, ${list.join(', ')} FROM (${rowsSql}))`
}

function duckTypeOf({ name, type }: MadeColumn): string {
  try {
    return duckType(resolveType(parseType(type)).type)
  } catch (error) {
    throw new MillpondError('query-invalid', `Column ${name} has the type ${type}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** A repeated column may be told by the type of its elements. */
function withArrayType(column: MadeColumn): MadeColumn {
  const isElement = column.mode === 'REPEATED' && !/^ARRAY</i.test(column.type)
  return isElement ? { ...column, type: `ARRAY<${column.type}>` } : column
}

function isSameShape(one: readonly MadeColumn[], other: readonly MadeColumn[]): boolean {
  const shape = (columns: readonly MadeColumn[]): string =>
    JSON.stringify(columns.map((column) => [column.name, duckTypeOf(column), column.mode]))
  return shape(one) === shape(other)
}

function unknown(what: string): MillpondError {
  return new MillpondError('table-unknown', `There is no ${what}`)
}
