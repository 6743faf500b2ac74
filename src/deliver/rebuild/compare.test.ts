import { expect, test } from 'vitest'

import type { TableDigest } from '../../warehouse/driver.ts'
import { differencesOf } from './compare.ts'

function digest(name: string, rows: number, idsHash: bigint): TableDigest {
  const [dataset = '', table = ''] = name.split('.')
  return { table: { dataset, table }, rows, idsHash: String(idsHash) }
}

const everything = (): boolean => true

test('an event that got a table of its own meanwhile is no difference', () => {
  const before = [digest('web.tracks_other', 2, 5n + 9n), digest('web.order_completed', 1, 3n)]
  const rebuilt = [digest('web.tracks_other', 1, 5n), digest('web.order_completed', 1, 3n), digest('web.rare', 1, 9n)]
  expect(differencesOf(before, rebuilt, everything)).toEqual([])
})

test('a missing row, another id and a table too many are differences', () => {
  const before = [digest('web.users', 2, 6n), digest('web.pages', 1, 1n), digest('millpond.source_counts', 1, 7n)]
  const rebuilt = [digest('web.users', 2, 7n), digest('web.identifies', 1, 4n), digest('millpond.source_counts', 1, 7n)]
  expect(differencesOf(before, rebuilt, everything)).toEqual([
    { table: 'web.identifies', rowsBefore: 0, rowsRebuilt: 1 },
    { table: 'web.pages', rowsBefore: 1, rowsRebuilt: 0 },
    { table: 'web.users', rowsBefore: 2, rowsRebuilt: 2 },
  ])
})

test('tables that tell of loads are not compared, and only what is asked for is', () => {
  const before = [digest('millpond.loads', 9, 1n), digest('logs.entries', 5, 1n), digest('ai.assets', 1, 1n)]
  expect(differencesOf(before, [], (name) => name.startsWith('logs.'))).toEqual([
    { table: 'logs.entries', rowsBefore: 5, rowsRebuilt: 0 },
  ])
})
