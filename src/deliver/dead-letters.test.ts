// Replays against a warehouse that is slow to give rows and a buffer that refuses: the order of the two is what matters
// here, so both are played. The road with real ones is in test/app.
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'

import { encode } from '../../test/support/forward-body.ts'
import type { NewRecord } from '../buffer/record.ts'
import { systemClock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { WarehouseDriver } from '../warehouse/driver.ts'
import { createDeadLetters, type ReplayProgress } from './dead-letters.ts'

const meta = JSON.stringify({ call: 'track', refused: null })

function slowDriver(letters: readonly { id: string; source: string }[]): WarehouseDriver {
  async function* rows(sql: string): AsyncGenerator<unknown[][]> {
    for (const { id, source } of letters) {
      await turn()
      yield [sql.includes('strlen') ? [id, 2] : [id, source, 1, '{}', meta, 1]]
    }
    await turn()
  }
  return { query: async (sql: string) => ({ columns: [], rows: rows(sql) }) } as unknown as WarehouseDriver
}

async function all(lines: AsyncIterable<ReplayProgress>): Promise<ReplayProgress[]> {
  const seen: ReplayProgress[] = []
  for await (const line of lines) seen.push(line)
  return seen
}

const letters = ['a', 'b', 'c'].map((id) => ({ id, source: 'web' }))

test('appends that are refused while rows are still read are the error of the replay, and of nobody else', async () => {
  const unhandled: unknown[] = []
  const listen = (error: unknown): number => unhandled.push(error)
  process.on('unhandledRejection', listen)
  const deadLetters = createDeadLetters({
    driver: slowDriver(letters),
    append: async () => {
      throw new MillpondError('disk-full', 'The disk is full.')
    },
    hasSource: () => true,
    planOf: () => undefined,
    clock: systemClock,
  })
  await expect(all(deadLetters.replay({ source: 'web' }))).rejects.toMatchObject({ code: 'disk-full' })
  await turn()
  process.off('unhandledRejection', listen)
  expect(unhandled).toEqual([])
})

test('letters without a source are skipped with the reason; an unknown `to` is refused by the call', async () => {
  const appended: string[] = []
  const deadLetters = createDeadLetters({
    driver: slowDriver([...letters, { id: 'd', source: 'unknown' }]),
    append: async ({ source }) => appended.push(source),
    hasSource: (source) => source === 'web',
    planOf: () => undefined,
    clock: systemClock,
  })
  expect(() => deadLetters.replay({ to: 'nowhere' })).toThrow('There is no source `nowhere`')
  expect(await all(deadLetters.replay({}))).toEqual([
    { total: 4, done: 3 },
    { end: { replayed: 3, skipped: [{ id: 'd', why: 'no source `unknown`; name one with --to' }] } },
  ])
  expect(appended).toEqual(['web', 'web', 'web'])
})

test.each<[string, Record<string, unknown>, string, Partial<NewRecord>]>([
  [
    'of Forward entries',
    { kind: 'forward', encoding: 'msgpack-base64', tag: 't', chunk: 'Yw==', origin: { id: 'c', index: 4 } },
    Buffer.from(encode([5, { a: 1 }])).toString('base64'),
    { kind: 'forward', body: Buffer.from(encode([5, { a: 1 }])) },
  ],
  [
    'of a row',
    { kind: 'row', table: 'ai.assets', origin: { id: 'r-engine-3', index: 0 }, firstReceivedAtMicros: 7 },
    '{"asset_id":"é"}',
    { kind: 'row', body: Buffer.from('{"asset_id":"é"}') },
  ],
])('a letter %s becomes a record of its kind again', async (_, letterMeta, raw, expected) => {
  const appended: NewRecord[] = []
  async function* rows(sql: string): AsyncGenerator<unknown[][]> {
    yield [sql.includes('strlen') ? ['forward-1-4', 2] : ['forward-1-4', 'web', 3, raw, letterMeta, 99]]
  }
  const driver = { query: async (sql: string) => ({ columns: [], rows: rows(sql) }) } as unknown as WarehouseDriver
  const deadLetters = createDeadLetters({
    driver,
    append: async (record) => appended.push(record),
    hasSource: () => false,
    planOf: () => undefined,
    clock: systemClock,
  })
  await all(deadLetters.replay({}))
  expect(appended).toMatchObject([{ ...expected, source: 'web', count: 3 }])
  const { kind: _kind, encoding: _encoding, ...rest } = letterMeta
  expect(JSON.parse(appended[0]?.meta ?? '')).toEqual({
    firstReceivedAtMicros: 99,
    ...rest,
    replayOf: 'forward-1-4',
  })
})
