// COPY table FROM STDIN: rows become INSERTs of many rows each, in one transaction. Only made datasets take them; who may write is
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

const batchRowsMax = 500
const batchLettersMax = 512 * 1024

export class CopyIn {
  readonly #target: CopyTarget
  readonly #options: CopyOptions
  readonly #zone: Zone
  readonly #insert: (sql: string) => Promise<void>
  readonly #lines: CopyLines
  #batch: string[] = []
  #letters = 0
  #needsHeader: boolean
  #line = 0
  rows = 0

  constructor(target: CopyTarget, options: CopyOptions, zone: Zone, insert: (sql: string) => Promise<void>) {
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
        return field === null ? 'NULL' : literal(field, type, this.#zone)
      } catch (error) {
        if (error instanceof PgError) throw this.#broken(error.message, error.state, name)
        throw error
      }
    })
    return `(${values.join(', ')})`
  }

  async #flush(): Promise<void> {
    if (this.#batch.length === 0) return
    const { dataset, table, columns } = this.#target
    const names = columns.map(({ name }) => quoted(name)).join(', ')
    const sql = `INSERT INTO ${quoted(dataset)}.${quoted(table)} (${names}) VALUES ${this.#batch.join(', ')}`
    this.#batch = []
    this.#letters = 0
    await this.#insert(sql)
  }

  #broken(message: string, state: string = states.badCopyFile, column?: string): PgError {
    const where = column === undefined ? '' : `, column ${column}`
    return new PgError(state, message, { detail: `COPY ${this.#target.table}, line ${this.#line}${where}` })
  }
}

function quoted(name: string): string {
  return `\`${name.replace(/[`\\]/g, '\\$&')}\``
}

/** Of GoogleSQL. */
export function stringLiteral(text: string): string {
  const escaped = text.replace(/[\\'\n\r]/g, (letter) =>
    letter === '\n' ? '\\n' : letter === '\r' ? '\\r' : `\\${letter}`,
  )
  return `'${escaped}'`
}

const scalarOids: Partial<Record<SqlType['kind'], number>> = {
  BOOL: oids.bool,
  BYTES: oids.bytea,
  TIMESTAMP: oids.timestamptz,
}

/** Postgres' text of a value -> a literal of GoogleSQL; the compiler checks it against the column's type. */
function literal(field: string, type: SqlType, zone: Zone): string {
  if (type.kind === 'ARRAY') return arrayLiteral(readArray(field), type.element, zone)
  if (type.kind === 'STRUCT' || type.kind === 'RANGE') {
    throw new PgError(states.unsupported, `COPY can't write columns of type ${type.kind}`)
  }
  if (type.kind === 'STRING') return stringLiteral(field)
  const oid = scalarOids[type.kind]
  const text = oid === undefined ? field : (readParameter(Buffer.from(field), oid, false, zone).text ?? '')
  if (type.kind === 'BYTES') return `b'${text}'`
  if (type.kind === 'JSON') return `PARSE_JSON(${stringLiteral(text)})`
  return `CAST(${stringLiteral(text.trim())} AS ${type.kind})`
}

function arrayLiteral(items: readonly ArrayItem[], element: SqlType, zone: Zone): string {
  const literals = items.map((item) => {
    if (item !== null && typeof item !== 'string')
      throw new PgError(states.unsupported, 'Arrays of arrays are not supported')
    return item === null ? 'NULL' : literal(item, element, zone)
  })
  return `[${literals.join(', ')}]`
}
