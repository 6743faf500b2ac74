// COPY table FROM STDIN: rows become INSERTs of many rows each, in one transaction, as texts that the engine casts. Only made datasets take them; who may write is
// the road's to say.
import type { SqlType } from '../../../sql/types.ts'
import { PgError, states } from '../sqlstate.ts'
import { type ArrayItem, readArray } from '../values/arrays.ts'
import { readParameter } from '../values/parameters.ts'
import { oids } from '../values/oids.ts'
import type { Zone } from '../values/time-text.ts'
import { CopyLines, type CopyRow } from './copy-lines.ts'
import type { CopyOptions } from './copy-statement.ts'

export interface CopyTarget {
  readonly dataset: string
  readonly table: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
}

const batchRowsMax = 20_000
const batchLettersMax = 4 * 1024 * 1024

export class CopyIn {
  readonly #target: CopyTarget
  readonly #options: CopyOptions
  readonly #zone: Zone
  readonly #insert: (rows: string) => Promise<void>
  readonly #lines: CopyLines
  #batch: string[] = []
  #letters = 0
  #needsHeader: boolean
  #line = 0
  rows = 0

  constructor(target: CopyTarget, options: CopyOptions, zone: Zone, insert: (rows: string) => Promise<void>) {
    this.#target = target
    this.#options = options
    this.#zone = zone
    this.#insert = insert
    this.#lines = new CopyLines(options)
    this.#needsHeader = options.header !== 'no'
  }

  async push(bytes: Buffer): Promise<void> {
    await this.#add(this.#lines.push(bytes))
  }

  async end(): Promise<void> {
    await this.#add(this.#lines.end())
    await this.#flush()
  }

  async #add(rows: readonly CopyRow[]): Promise<void> {
    for (const row of rows) {
      this.#line += 1
      if (this.#needsHeader) {
        this.#needsHeader = false
        this.#checkHeader(row)
        continue
      }
      const values = this.#values(row)
      this.#batch.push(values)
      this.#letters += values.length
      this.rows += 1
      if (this.#batch.length >= batchRowsMax || this.#letters >= batchLettersMax) await this.#flush()
    }
  }

  #checkHeader(row: CopyRow): void {
    const names = this.#target.columns.map(({ name }) => name)
    if (
      this.#options.header !== 'match' ||
      (row.length === names.length && row.every((name, index) => name === names[index]))
    )
      return
    throw this.#broken('the header names other columns than the table has')
  }

  #values(row: CopyRow): string {
    const { columns } = this.#target
    if (row.length > columns.length) throw this.#broken('extra data after last expected column')
    const values = columns.map(({ name, type }, index) => {
      const field = row[index]
      if (field === undefined) throw this.#broken(`missing data for column "${name}"`)
      try {
        return field === null ? null : textOf(field, type, this.#zone)
      } catch (error) {
        if (error instanceof PgError) throw this.#broken(error.message, error.state, name)
        throw error
      }
    })
    return JSON.stringify(values)
  }

  async #flush(): Promise<void> {
    if (this.#batch.length === 0) return
    const rows = `[${this.#batch.join(',')}]`
    this.#batch = []
    this.#letters = 0
    await this.#insert(rows)
  }

  #broken(message: string, state: string = states.badCopyFile, column?: string): PgError {
    const where = column === undefined ? '' : `, column ${column}`
    return new PgError(state, message, { detail: `COPY ${this.#target.table}, line ${this.#line}${where}` })
  }
}

const scalarOids: Partial<Record<SqlType['kind'], number>> = {
  BOOL: oids.bool,
  BYTES: oids.bytea,
  TIMESTAMP: oids.timestamptz,
  NUMERIC: oids.numeric,
  BIGNUMERIC: oids.numeric,
}

/** What the engine would read otherwise than Postgres, or GoogleSQL doesn't have. */
const shapes: Partial<Record<SqlType['kind'], RegExp>> = {
  INT64: /^[+-]?\d+$/,
  FLOAT64: /^[+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf(?:inity)?|nan)$/i,
  NUMERIC: /^[+-]?[\d.]/,
  BIGNUMERIC: /^[+-]?[\d.]/,
  DATE: /^\d{4}-\d{1,2}-\d{1,2}$/,
  DATETIME: /^\d{4}-\d{1,2}-\d{1,2}(?:$|[ T]\d)/,
  TIMESTAMP: /^\d{4}-\d{1,2}-\d{1,2}(?:$|[ T]\d)/,
  TIME: /^\d/,
}

/** Postgres' text of a value -> the engine's; it is cast to the column's type. */
function textOf(field: string, type: SqlType, zone: Zone): string {
  if (type.kind === 'ARRAY') return JSON.stringify(itemsOf(readArray(field), type.element, zone))
  if (type.kind === 'STRUCT' || type.kind === 'RANGE') {
    throw new PgError(states.unsupported, `COPY can't write columns of type ${type.kind}`)
  }
  const shape = shapes[type.kind]
  const text = shape === undefined ? field : field.trim()
  if (shape?.test(text) === false) {
    throw new PgError(states.invalidText, `invalid input syntax for type ${type.kind}: "${text.slice(0, 100)}"`)
  }
  return readParameter(Buffer.from(text), scalarOids[type.kind] ?? oids.text, false, zone).text ?? ''
}

function itemsOf(items: readonly ArrayItem[], element: SqlType, zone: Zone): (string | null)[] {
  return items.map((item) => {
    if (item !== null && typeof item !== 'string')
      throw new PgError(states.unsupported, 'Arrays of arrays are not supported')
    return item === null ? null : textOf(item, element, zone)
  })
}
