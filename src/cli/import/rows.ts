// One file as events, whatever its format: opened, read from where the last run stopped, and converted row by row.
import { MillpondError } from '../../core/errors.ts'
import type { FileFormat } from '../../warehouse/duckdb/read-file.ts'
import {
  type Convert,
  convertMixpanel,
  convertSegment,
  type Converted,
  createRowConvert,
  textTypesOf,
} from './events.ts'
import { lineBytesMax, readLines } from './lines.ts'
import { chooseColumns, type MappingOptions, missingIn } from './mapping.ts'
import { readObject } from './read-object.ts'
import type { KnownFile } from './source-file.ts'
import { checkEnd } from './unpack.ts'

export interface Row {
  /** Line of the file, or row of the table, from 1. */
  readonly number: number
  readonly converted: Converted
}

export interface RowReader {
  /** How columns became fields; undefined where nothing had to be chosen. */
  readonly chosen: string | undefined
  /** Rows behind the first `skip`. Error: import-unreadable, behind the rows that could be read. */
  rows(skip: number): AsyncGenerator<readonly Row[]>
  /** Rows that could not be read and were not among those of `rows`, once they have ended. */
  skippedFurther(): number
  /** Bytes of the file that were read so far. */
  bytesRead(): number
  close(): void
}

/** Error: import-unreadable. */
export async function openRows(file: KnownFile, options: MappingOptions): Promise<RowReader> {
  switch (file.format) {
    case 'segment':
      return openLines(file, convertSegment)
    case 'mixpanel':
      return openLines(file, convertMixpanel)
    case 'ndjson': {
      const { convert, chosen } = await ndjsonConvert(file, options)
      return openLines(file, convert, chosen)
    }
    case 'csv':
      return openTable(file, { kind: 'csv', compression: file.compression }, options)
    case 'parquet':
  }
  return openTable(file, { kind: 'parquet' }, options)
}

function openLines(file: KnownFile, convert: Convert, chosen?: string): RowReader {
  let bytesRead = 0
  return {
    chosen,
    async *rows(skip) {
      const lines = readLines(file.path, file.compression, skip, (bytes) => {
        bytesRead = bytes
      })
      for await (const part of lines) {
        const rows: Row[] = []
        for (const { number, bytes } of part) {
          const text = bytes?.toString()
          if (text === undefined) rows.push({ number, converted: tooLong })
          else if (text.trim() !== '') rows.push({ number, converted: convertBounded(convert, text, bytes, number) })
        }
        yield rows
      }
    },
    skippedFurther: () => 0,
    bytesRead: () => bytesRead,
    close: () => undefined,
  }
}

const tooLong: Converted = { kind: 'skipped', reason: `it is longer than ${lineBytesMax} bytes` }

/** Neither a row of a table nor what became of it may be longer than a line: the engine would refuse its whole batch. */
function convertBounded(convert: Convert, text: string, bytes: Uint8Array | undefined, row: number): Converted {
  if (text.length > lineBytesMax) return tooLong
  const converted = convert(text, bytes, row)
  return converted.kind === 'event' && converted.bytes.length > lineBytesMax ? tooLong : converted
}

const sampleRows = 2000

/** Lines of any shape: their keys are the columns. */
async function ndjsonConvert(file: KnownFile, options: MappingOptions): Promise<{ convert: Convert; chosen: string }> {
  const names = new Set<string>()
  let looked = 0
  for await (const lines of readLines(file.path, file.compression)) {
    for (const { bytes } of lines) for (const name of keysOf(bytes)) names.add(name)
    looked += lines.length
    if (looked >= sampleRows) break
  }
  const mapping = mappingFor(file, [...names], options)
  return { convert: createRowConvert(mapping), chosen: describe(mapping) }
}

function keysOf(bytes: Buffer | undefined): string[] {
  return Object.keys(readObject(bytes?.toString() ?? '').value ?? {})
}

async function openTable(file: KnownFile, format: FileFormat, options: MappingOptions): Promise<RowReader> {
  // Heavy, and only these two formats need it.
  const { openFileRows } = await import('../../warehouse/duckdb/read-file.ts')
  const table = await openFileRows(file.path, format)
  try {
    const mapping = mappingFor(
      file,
      table.columns.map(({ name }) => name),
      options,
    )
    const sample: string[] = []
    if (format.kind === 'csv') for await (const rows of table.rows(0, sampleRows)) sample.push(...rows)
    const convert = createRowConvert(mapping, textTypesOf(sample))
    const bytesPerRow = guessBytesPerRow(file, table.rowCount, sample)
    let read = 0
    let skippedFurther = 0
    return {
      chosen: describe(mapping),
      async *rows(skip) {
        read = skip
        for await (const texts of table.rows(skip)) {
          const first = read + 1
          read += texts.length
          yield texts.map((text, index) => ({
            number: first + index,
            converted: convertBounded(convert, text, undefined, first + index),
          }))
        }
        const { count, first } = await table.rejected()
        skippedFurther = count - first.length
        yield first.map(({ line, reason }) => ({ number: line, converted: { kind: 'skipped', reason } }))
        // The engine takes half of a packed file for a whole one.
        if (format.kind === 'csv' && format.compression !== 'none') await checkEnd(file.path, format.compression)
      },
      skippedFurther: () => skippedFurther,
      bytesRead: () => Math.min(file.bytes, Math.round(read * bytesPerRow)),
      close: () => {
        table.close()
      },
    }
  } catch (error) {
    table.close()
    throw error
  }
}

/** For the progress bar only. */
function guessBytesPerRow(file: KnownFile, rowCount: number | undefined, sample: readonly string[]): number {
  if (rowCount !== undefined) return file.bytes / Math.max(1, rowCount)
  const values = sample.flatMap((text) => Object.values(JSON.parse(text) as object))
  const bytes = values.reduce((sum: number, value) => sum + String(value ?? '').length + 1, 0)
  return bytes / Math.max(1, sample.length)
}

/** Error: import-unreadable. */
function mappingFor(
  file: KnownFile,
  names: readonly string[],
  options: MappingOptions,
): ReturnType<typeof chooseColumns> {
  const mapping = chooseColumns(names, options)
  const isTable = file.format !== 'ndjson'
  const absent = Object.values(options.map).find((name) => isTable && !names.includes(name) && !isPath(name, names))
  const missing = absent === undefined ? missingIn(mapping) : `there is no column \`${absent}\``
  if (missing === undefined) return mapping
  const shown = names.slice(0, 30).join(', ')
  throw new MillpondError('import-unreadable', `${file.path}: ${missing}. Its columns are ${shown}`)
}

function isPath(name: string, names: readonly string[]): boolean {
  return name.includes('.') && names.includes(name.split('.')[0] ?? '')
}

function describe({ columns, eventName }: ReturnType<typeof chooseColumns>): string {
  const parts = Object.entries(columns).map(([field, column]) => `${field} = ${column}`)
  if (eventName !== undefined) parts.push(`event = "${eventName}"`)
  return parts.join(', ')
}
