// What insertAll takes for each type, what it makes of it, and what it refuses.
import { describe, expect, test } from 'vitest'

import type { SqlType } from '../../sql/types.ts'
import { parseJson } from './body.ts'
import { createRowCheck, type InsertColumn } from './insert-values.ts'

function column(type: SqlType, mode: InsertColumn['mode'] = 'NULLABLE', hasDefault = false): InsertColumn {
  return { name: 'x', type, mode, hasDefault }
}

/** The value as it is kept, or the message. */
function kept(type: SqlType, json: string): unknown {
  const checked = createRowCheck([column(type)], false)(parseJson(Buffer.from(`{"x":${json}}`)))
  return 'row' in checked ? (checked.row as { x: unknown }).x : checked.errors[0]?.message
}

const refused = expect.stringMatching(/^Cannot convert|^Invalid|^Array|^This field|^Only optional/)

describe('a value', () => {
  test.each<[SqlType['kind'], string, unknown]>([
    ['INT64', '1', '1'],
    ['INT64', '"-9223372036854775808"', '-9223372036854775808'],
    ['INT64', '9223372036854775807', '9223372036854775807'],
    ['INT64', '9223372036854775808', refused],
    ['INT64', '1.0', '1'],
    ['INT64', '1.5', refused],
    ['INT64', '"x"', refused],
    ['INT64', '{}', refused],
    ['INT64', '[1]', refused],
    ['INT64', 'null', null],
    ['FLOAT64', '1e300', 1e300],
    ['FLOAT64', '"1e400"', refused],
    ['FLOAT64', '"-inf"', '-Infinity'],
    ['FLOAT64', '"nan"', 'NaN'],
    ['NUMERIC', '1.50', '1.5'],
    ['NUMERIC', '12345678901234567890.123456789', '12345678901234567890.123456789'],
    ['NUMERIC', '"0.1234567891"', refused],
    ['NUMERIC', '"-1.5e3"', '-1500'],
    ['NUMERIC', '"15e-3"', '0.015'],
    ['NUMERIC', `"${'9'.repeat(30)}"`, refused],
    ['BOOL', 'true', true],
    ['BOOL', '"False"', false],
    ['BOOL', '"maybe"', refused],
    ['STRING', '"ä"', 'ä'],
    ['STRING', '7', '7'],
    ['BYTES', '"YWI="', 'YWI='],
    ['BYTES', '"!!"', refused],
    ['DATE', '"2026-3-1"', '2026-03-01'],
    ['DATE', '"2026-02-29"', refused],
    ['DATE', '"2024-02-29"', '2024-02-29'],
    ['DATE', '"0000-01-01"', refused],
    ['TIME', '"1:2:3.5"', '01:02:03.5'],
    ['TIME', '"24:00:00"', refused],
    ['DATETIME', '"2026-03-01T10:00:00.25"', '2026-03-01 10:00:00.25'],
    ['DATETIME', '"2026-03-01"', '2026-03-01 00:00:00'],
    ['TIMESTAMP', '"2026-03-01 10:00:00 UTC"', '2026-03-01 10:00:00+00'],
    ['TIMESTAMP', '"2026-03-01T10:00:00+0530"', '2026-03-01 10:00:00+05:30'],
    ['TIMESTAMP', '1772359200.5', '2026-03-01 10:00:00.500000+00'],
    ['TIMESTAMP', '-0.5', '1969-12-31 23:59:59.500000+00'],
    ['TIMESTAMP', '"1772359200"', '2026-03-01 10:00:00.000000+00'],
    ['TIMESTAMP', '1e300', refused],
    ['TIMESTAMP', '"yesterday"', refused],
    ['JSON', '"{\\"a\\":1}"', '{"a":1}'],
    ['JSON', '{"a":12345678901234567890}', '{"a":12345678901234567890}'],
    ['JSON', '"{"', refused],
    ['INTERVAL', '"1-2 3 4:5:6.7"', '1-2 3 4:5:6.7'],
  ])('of %s: %s', (kind, json, expected) => {
    expect(kept({ kind } as SqlType, json)).toEqual(expected)
  })

  test('of an array and of a record is what its parts are', () => {
    const record: SqlType = { kind: 'STRUCT', fields: [{ name: 'Day', type: { kind: 'DATE' } }] }
    expect(kept({ kind: 'ARRAY', element: record }, '[{"day":"2026-03-01"},{}]')).toEqual([{ Day: '2026-03-01' }, {}])
    expect(kept({ kind: 'ARRAY', element: record }, 'null')).toEqual([])
    expect(kept({ kind: 'ARRAY', element: { kind: 'INT64' } }, '[1,null]')).toEqual(refused)
    expect(kept(record, '{"day":"2026-03-01","night":1}')).toBe('no such field: x.night.')
    expect(kept(record, '7')).toEqual(refused)
  })
})

describe('a row', () => {
  test('needs its required fields, but for those with a default', () => {
    const check = createRowCheck([column({ kind: 'INT64' }, 'REQUIRED')], false)
    expect(check({})).toMatchObject({ errors: [{ location: 'x', message: 'Missing required field: x.' }] })
    expect(check({ X: 1 })).toEqual({ row: { x: '1' } })
    expect(createRowCheck([column({ kind: 'INT64' }, 'REQUIRED', true)], false)({})).toEqual({ row: {} })
  })

  test('has no other fields, unless they don’t count', () => {
    const columns = [column({ kind: 'INT64' })]
    expect(createRowCheck(columns, false)({ y: 1 })).toMatchObject({ errors: [{ message: 'no such field: y.' }] })
    expect(createRowCheck(columns, true)({ x: 1, y: 1 })).toEqual({ row: { x: '1' } })
  })
})
