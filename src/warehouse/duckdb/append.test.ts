// The raw road and the plain road must give the same table, whatever the values: NULL, empty, 12 and 13 bytes (where
// DuckDB's strings change their layout), other scripts, long text, the edges of numbers, more rows than one vector.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { planTo, rowsOf } from '../../../test/contract/warehouse-plans.ts'
import { systemClock } from '../../core/clock.ts'
import { createLog } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import type { ColumnSpec, PackedColumn, RowBlock, Scalar, WarehouseDriver } from '../driver.ts'
import { openDuckdbWarehouse } from './duckdb.ts'
import { packColumn } from './pack.ts'

const columns: readonly ColumnSpec[] = [
  { name: 'row', type: 'integer' },
  { name: 'text', type: 'text' },
  { name: 'json', type: 'json' },
  { name: 'whole', type: 'integer' },
  { name: 'float', type: 'float' },
  { name: 'time', type: 'timestamp' },
  { name: 'flag', type: 'boolean' },
]

const texts = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme', minLength: 10, maxLength: 16 }),
  fc.constantFrom(
    '',
    'twelve bytes',
    'thirteen byte',
    'ü'.repeat(6),
    'ü'.repeat(7),
    'x\u0000y',
    '\ud800',
    '水'.repeat(3000),
  ),
)
const edge = 2n ** 63n
const cells = fc.record({
  text: fc.option(texts),
  json: fc.option(fc.json()),
  whole: fc.option(fc.bigInt({ min: -edge, max: edge - 1n })),
  float: fc.option(fc.double()),
  time: fc.option(fc.integer({ min: -(2 ** 50), max: 2 ** 52 })),
  flag: fc.option(fc.boolean()),
})

let folder: string
const drivers: WarehouseDriver[] = []
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-append-'))
  const settings = { threads: 1, memoryBytesMax: 512 * 1024 ** 2 } as WarehouseSettings
  for (const append of ['raw', 'plain'] as const) {
    const options = { folder: join(folder, append), settings, clock: systemClock, log: createLog('silent'), append }
    drivers.push(await openDuckdbWarehouse(options))
  }
})
afterAll(async () => {
  for (const driver of drivers) await driver.stop()
  await rm(folder, { recursive: true, force: true })
})

/** As a worker may hand it over: without `present` when all are there, and with bytes that belong to absent rows. */
function roughen(column: PackedColumn, values: readonly Scalar[]): PackedColumn {
  if (!values.includes(null)) return { ...column, present: undefined }
  if (column.heap === undefined || column.offsets === undefined) return column
  const parts = values.map((value) => Buffer.from(typeof value === 'string' ? value : 'bytes of an absent row'))
  const offsets = new Uint32Array(parts.length + 1)
  for (const [row, part] of parts.entries()) offsets[row + 1] = (offsets[row] ?? 0) + part.byteLength
  return { ...column, heap: Buffer.concat(parts), offsets }
}

test('both roads store the same, and what was given', async () => {
  let sequence = 0
  const rows = fc.array(cells, { minLength: 1, maxLength: 40 })
  const repeats = fc.constantFrom(1, 1, 60, 150)
  await fc.assert(
    fc.asyncProperty(rows, repeats, async (few, times) => {
      sequence += 1
      const many = Array.from({ length: times }, () => few).flat()
      const table = { dataset: 'fuzz', table: `run_${sequence}` }
      const packed = columns.map((column) => {
        const values = many.map((row, index) => (column.name === 'row' ? index : row[column.name as keyof typeof row]))
        return roughen(packColumn(column, values), values)
      })
      const block: RowBlock = { table, rowCount: many.length, columns: packed }
      const changes = [{ kind: 'create-table', table, columns }] as const
      const answers: unknown[][][] = []
      for (const driver of drivers) {
        await driver.load(planTo(sequence, { changes, blocks: [block] }))
        answers.push(
          await rowsOf(
            driver,
            `SELECT * EXCLUDE (json), json::VARCHAR, hash(json) FROM fuzz.run_${sequence} ORDER BY "row"`,
          ),
        )
      }
      const [raw = [], plain = []] = answers
      expect(raw).toEqual(plain)
      expect(raw.map((row) => row[1])).toEqual(many.map((row) => row.text?.toWellFormed() ?? null))
      expect(raw.map((row) => row[6])).toEqual(many.map((row) => row.json?.toWellFormed() ?? null))
      expect(raw.map((row) => String(row[2]))).toEqual(many.map((row) => String(row.whole)))
    }),
    { numRuns: 60 },
  )
})

test('a column whose buffers are too short is an error, never a read beyond them', async () => {
  const table = { dataset: 'fuzz', table: 'short' }
  const [driver] = drivers
  const spec: ColumnSpec = { name: 'row', type: 'integer' }
  const changes = [{ kind: 'create-table', table, columns: [spec, { name: 'text', type: 'text' }] }] as const
  const whole = packColumn(spec, [1, 2])
  const text = packColumn({ name: 'text', type: 'text' }, ['a', 'b'])
  const broken: PackedColumn[] = [
    { ...whole, values: new Uint8Array(15) },
    { ...whole, present: new Uint8Array(7) },
    { ...text, offsets: Uint32Array.of(0, 1) },
    { ...text, offsets: Uint32Array.of(0, 2, 1) },
    { ...text, offsets: Uint32Array.of(0, 1, 3) },
    { ...text, heap: undefined },
    { ...text, type: 'json' },
  ]
  for (const column of broken) {
    const blocks = [{ table, rowCount: 2, columns: [column] }]
    await expect(driver?.load(planTo(1000, { changes, blocks }))).rejects.toMatchObject({
      code: 'warehouse-unavailable',
    })
  }
})
