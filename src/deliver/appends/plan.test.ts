// What becomes of records whose rows the warehouse refuses, whatever is refused and wherever the engine ends.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { appendBody, readAppendBody } from '../../core/append-record.ts'
import { MillpondError } from '../../core/errors.ts'
import type { AppendPlan } from '../../warehouse/session.ts'
import type { AppendTarget } from './append-target.ts'
import { applyRecords, type ReadRecord, type RefusedRows } from './plan.ts'

/** Keeps the contract in memory. Rows with `bad` don't fit; `failAt` is the plan before which the engine ends. */
class MemoryTarget implements AppendTarget {
  rows: string[] = []
  position = 0
  ids = new Set<string>()
  plans = 0
  failAt = Infinity

  positions(): ReturnType<AppendTarget['positions']> {
    return Promise.resolve([{ stream: 'appends', sequence: this.position }])
  }

  hasTable(_dataset: string, table: string): boolean {
    return table !== 'gone'
  }

  async appendPlan({ positions, inserts }: AppendPlan): Promise<void> {
    this.plans += 1
    if (this.plans === this.failAt) throw new MillpondError('warehouse-unavailable', 'ended')
    if (inserts.some(({ rows }) => rows.some((row) => row.includes('bad'))))
      throw new MillpondError('load-refused', 'no fit')
    for (const { rows, insertIds } of inserts) {
      for (const [index, row] of rows.entries()) {
        const id = insertIds[index]
        if (id !== undefined && this.ids.has(id)) continue
        if (id !== undefined) this.ids.add(id)
        this.rows.push(row)
      }
    }
    this.position = positions[0]?.sequence ?? this.position
  }
}

const row = fc.record({ bad: fc.boolean(), id: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }) })
const record = fc.record({ table: fc.constantFrom('orders', 'gone', 'items'), rows: fc.array(row, { maxLength: 6 }) })

function recordsOf(
  shapes: readonly {
    readonly table: string
    readonly rows: readonly { readonly bad: boolean; readonly id: string | undefined }[]
  }[],
): ReadRecord[] {
  return shapes.map(({ table, rows }, index) => ({
    dataset: 'd',
    table,
    sequence: index + 1,
    receivedAtMicros: 0,
    rows: rows.map(({ bad, id }, n) => ({
      json: JSON.stringify({ n: `${index}:${n}`, ...(bad ? { bad } : {}) }),
      insertId: id,
    })),
  }))
}

describe('records of appends', () => {
  test('are stored once or become dead letters, wherever the engine ends', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 6 }), fc.integer({ min: 1, max: 30 }), async (shapes, failAt) => {
        const records = recordsOf(shapes)
        const target = new MemoryTarget()
        target.failAt = failAt
        const letters = new Set<string>()
        const refuse = async ({ rows }: RefusedRows): Promise<void> => {
          for (const { json } of rows) letters.add(json)
        }
        for (let life = 0; life < 2; life += 1) {
          const left = records.filter(({ sequence }) => sequence > target.position)
          await applyRecords(left, records.length, { target, refuse }).catch(() => undefined)
        }
        const all = records.flatMap(({ table, rows }) => rows.map((one) => ({ table, ...one })))
        const good = all.filter(({ table, json }) => table !== 'gone' && !json.includes('bad'))
        const plainRows = good.filter(({ insertId }) => insertId === undefined).map(({ json }) => json)
        const named = new Set(good.flatMap(({ insertId }) => insertId ?? []))
        expect(target.rows.filter((json) => plainRows.includes(json)).sort()).toEqual([...plainRows].sort())
        expect(target.rows).toHaveLength(plainRows.length + named.size)
        expect(target.position).toBe(records.length === 0 ? 0 : records.length)
        const lost = all.filter(({ table, json }) => table === 'gone' || json.includes('bad'))
        expect([...letters].sort()).toEqual(lost.map(({ json }) => json).sort())
      }),
      { numRuns: 300 },
    )
  })

  test('keep rows of any letters in their bodies', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ insertId: fc.option(fc.string(), { nil: undefined }), value: fc.jsonValue() })),
        (rows) => {
          const sent = rows.map(({ insertId, value }) => ({ insertId, json: JSON.stringify({ value }) }))
          expect(readAppendBody(appendBody(sent))).toEqual(sent)
        },
      ),
    )
  })
})
