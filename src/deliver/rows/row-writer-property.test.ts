// Random records, of known and unknown keys: what they say must be somewhere in their rows, and the shape of the table is
// not theirs to change.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { TestMaker } from '../../../test/faults/loader-maker.ts'
import { rowsOf } from '../../../test/faults/loader-unpack.ts'
import { Ext, forwardRecord, Pairs } from '../../../test/support/forward-body.ts'
import { rowTables } from '../../warehouse/row-tables.ts'
import { parseExact, stringifyExact } from '../screen/parse.ts'

const second = 1_768_435_200

const leafValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.constantFrom('ERROR', '30', 'true', '1.5s', '2026-01-01T00:00:00Z', Number.NaN, Infinity),
  fc.uint8Array({ maxLength: 8 }).map((data) => new Ext(5, data)),
)
const knownKeys = rowTables['logs.entries'].columns.flatMap(({ fields }) => fields.map(({ path }) => path[0]))
const anyKey = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...knownKeys) },
  { weight: 1, arbitrary: fc.string() },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'toString', 'payload', '_overflow', 'id', 'source') },
)
const innerKey = fc.constantFrom('id', 'url', 'status', 'latency', 'type', 'stack', 'other', '__proto__')
const anyPairs = fc.uniqueArray(
  fc.tuple(
    anyKey,
    fc.oneof(
      leafValue,
      fc.uniqueArray(fc.tuple(innerKey, leafValue), { selector: ([key]) => key }).map((list) => new Pairs(list)),
    ),
  ),
  { selector: ([key]) => key },
)

/** The value as JSON of ours says it. */
function plain(value: unknown): string {
  const json = (one: unknown): string => {
    if (one instanceof Ext) return `{"ext":${one.type},"base64":"${Buffer.from(one.data).toString('base64')}"}`
    if (one instanceof Pairs) return `{${one.list.map(([key, part]) => `${JSON.stringify(key)}:${json(part)}`).join()}}`
    if (Array.isArray(one)) return `[${one.map(json).join()}]`
    if (typeof one === 'bigint') return String(one)
    if (typeof one === 'number' && !Number.isFinite(one)) return JSON.stringify(String(one))
    if (typeof one === 'object' && one !== null)
      return `{${Object.entries(one)
        .map(([key, part]) => `${JSON.stringify(key.toWellFormed())}:${json(part)}`)
        .join()}}`
    return JSON.stringify(typeof one === 'string' ? one.toWellFormed() : one)
  }
  // Key order of whole numbers is JSON's own.
  return stringifyExact(parseExact(json(value)))
}

function member(json: unknown, key: string): unknown {
  if (typeof json !== 'object' || json === null || !Object.hasOwn(json, key)) return undefined
  return (json as Record<string, unknown>)[key]
}

test('Whatever a record says is in its row: in a column, in the payload, or in _overflow', () => {
  const maker = new TestMaker()
  let sequence = 0
  fc.assert(
    fc.property(anyPairs, (pairs) => {
      sequence += 1
      const plan = maker.planOf([{ sequence, ...forwardRecord([[second, new Pairs(pairs)]]) }])
      expect(plan.changes.filter(({ kind }) => kind !== 'create-table')).toEqual([])
      const [row = {}] = rowsOf(plan, 'logs.entries')
      const payload = typeof row['payload'] === 'string' ? parseExact(row['payload']) : {}
      const overflow = typeof row['_overflow'] === 'string' ? parseExact(row['_overflow']) : {}
      const cells = new Set(Object.values(row).flatMap((cell) => [plain(cell), String(cell)]))
      const overflowed = new Set(Object.values(overflow as object).map((value) => stringifyExact(value)))
      const isThere = (value: unknown, kept: unknown): boolean => {
        if (value === null || value === undefined) return true
        const text = plain(value)
        if (kept !== undefined && stringifyExact(kept) === text) return true
        if (cells.has(text) || (typeof value === 'bigint' && cells.has(String(value))) || overflowed.has(text))
          return true
        if (value === '1.5s') return cells.has('1500')
        if (typeof value === 'number' || typeof value === 'bigint') return cells.has(String(Number(value) * 1000))
        if (typeof value === 'string') return cells.has(value.toWellFormed()) || cells.has(String(Number(value) * 1000))
        return false
      }
      for (const [rawKey, value] of pairs) {
        const key = rawKey.toWellFormed()
        const kept = member(payload, key)
        const inner = value instanceof Pairs ? value.list : []
        const isWhole = isThere(value, kept)
        const isInParts = inner.length > 0 && inner.every(([one, part]) => isThere(part, member(kept, String(one))))
        expect(
          isWhole || isInParts,
          `${key}: ${plain(value)} in ${JSON.stringify(row, (_, one: unknown) => (typeof one === 'bigint' ? String(one) : one))}`,
        ).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})
