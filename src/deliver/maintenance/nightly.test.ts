// The nightly work with a clock that a test moves; what it asks of the warehouse is played and written down.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { SimulatedClock } from '../../../test/faults/simulated-clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { diskFiles } from '../../core/files.ts'
import { createLog } from '../../core/log.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import { createMaintenance, type Maintenance } from './maintenance.ts'
import { type Nightly, nextRunMicros, startNightly } from './nightly.ts'
import { retentionRules } from './retention.ts'

const hourMs = 3_600_000
const dayMicros = 24 * hourMs * 1000
const startMicros = Date.UTC(2026, 0, 10, 22) * 1000

let folder: string
let nightly: Nightly | undefined
let asked: unknown[][]
let tables: string[]
let compact: (table: string) => Promise<void>

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-nightly-'))
  asked = []
  tables = ['a']
  compact = async () => undefined
})

afterEach(async () => {
  await nightly?.stop()
  nightly = undefined
  await rm(folder, { recursive: true })
})

const exclusively = async <Result>(work: () => Promise<Result>): Promise<Result> => work()

function playedDriver(): WarehouseDriver {
  const maintenance = {
    expire: async (...words: unknown[]) => asked.push(['expire', ...words]),
    tablesOfDay: async (day: number) => {
      asked.push(['tables', day / dayMicros])
      return tables.map((table) => ({ dataset: 'web', table }))
    },
    compactDay: async (table: { table: string }, micros: number) => {
      asked.push(['compact', table, micros])
      await compact(table.table)
      return 1
    },
  }
  return { maintenance } as unknown as WarehouseDriver
}

async function start(clock: SimulatedClock, maintenance?: Maintenance): Promise<Nightly> {
  const driver = playedDriver()
  const rebuild = async function* nothing(): AsyncGenerator<never> {
    yield* []
  }
  nightly = await startNightly(
    {
      dataFolder: folder,
      settings: { retentionDays: ['logs=7'], historyDays: 180, deliveriesDays: 90, nightlyHour: 3 },
    },
    {
      driver,
      maintenance: maintenance ?? createMaintenance({ driver, exclusively, rebuild, clock }),
      exclusively,
      beforeExpiry: async ({ dataset }) => asked.push(['before', dataset]),
      expireArchive: async () => asked.push(['archive']),
      eraseArchived: async () => ({ erasedRecords: 0, rewrittenSegments: 0 }),
      files: diskFiles,
      clock,
      log: createLog('silent'),
    },
  )
  return nightly
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let turns = 0; turns < 10_000; turns++) {
    if (await isTrue()) return
    await turn()
  }
  throw new Error('it never became true')
}

async function lastRun(): Promise<number> {
  return (JSON.parse(await readFile(join(folder, 'nightly.json'), 'utf8')) as { lastRunMicros: number }).lastRunMicros
}

test('the next run is the first nightly hour behind the last one', () => {
  const at = (iso: string): number => Date.parse(iso) * 1000
  expect(nextRunMicros(at('2026-01-10T22:00:00Z'), 3)).toBe(at('2026-01-11T03:00:00Z'))
  expect(nextRunMicros(at('2026-01-10T02:59:59Z'), 3)).toBe(at('2026-01-10T03:00:00Z'))
  expect(nextRunMicros(at('2026-01-10T03:00:00Z'), 3)).toBe(at('2026-01-11T03:00:00Z'))
  expect(
    retentionRules({ retentionDays: ['logs=7', 'ai=30'], historyDays: 0, deliveriesDays: 0, nightlyHour: 0 }),
  ).toEqual(
    new Map([
      ['logs', 7],
      ['ai', 30],
    ]),
  )
})

test('at three in the morning old days go, then archived segments, then closed days are put in order', async () => {
  const clock = new SimulatedClock(startMicros)
  await start(clock)
  clock.advance(5 * hourMs - 1000)
  await turn()
  expect(asked).toEqual([])
  clock.advance(1000)
  await until(async () => (await lastRun()) > startMicros)
  const firstKept = Date.UTC(2026, 0, 4) * 1000
  const closed = Date.UTC(2026, 0, 10) * 1000
  expect(asked).toEqual([
    ['before', 'millpond'],
    ['expire', { dataset: 'millpond', table: 'jobs', beforeMicros: Date.UTC(2025, 6, 15) * 1000 }],
    ['before', 'millpond'],
    ['expire', { dataset: 'millpond', table: 'deliveries', beforeMicros: Date.UTC(2025, 9, 13) * 1000 }],
    ['before', 'logs'],
    ['expire', { dataset: 'logs', beforeMicros: firstKept }],
    ['archive'],
    ['tables', closed / dayMicros],
    ['compact', { dataset: 'web', table: 'a' }, closed],
  ])
})

test('a night that was slept through is made up for, soon after the start', async () => {
  const clock = new SimulatedClock(startMicros)
  await (await start(clock)).stop()
  const later = new SimulatedClock(startMicros + 3 * dayMicros)
  await start(later)
  later.advance(4 * 60_000)
  await turn()
  expect(asked).toEqual([])
  later.advance(60_000)
  await until(() => asked.filter(([what]) => what === 'compact').length === 3)
})

test('while a rebuild runs the night waits an hour', async () => {
  const clock = new SimulatedClock(startMicros)
  let tries = 0
  const busy = {
    alone: async () => {
      tries += 1
      throw new MillpondError('maintenance-running', 'A rebuild is running')
    },
  } as unknown as Maintenance
  await start(clock, busy)
  clock.advance(5 * hourMs)
  await until(() => tries === 1)
  await turn()
  clock.advance(hourMs)
  await until(() => tries === 2)
})

function compacted(): unknown[] {
  return asked.filter(([what]) => what === 'compact').map(([, table]) => (table as { table: string }).table)
}

test('a stop waits for the table under way only, and the night is made up for', async () => {
  tables = ['a', 'b', 'c']
  const clock = new SimulatedClock(startMicros)
  const held = Promise.withResolvers<void>()
  compact = async () => held.promise
  const one = await start(clock)
  clock.advance(5 * hourMs)
  await until(() => compacted().length === 1)
  const stopped = one.stop()
  held.resolve()
  await stopped
  expect(compacted()).toEqual(['a'])
  expect(await lastRun()).toBe(startMicros)
  // Nothing is scheduled behind the stop.
  clock.advance(48 * hourMs)
  await turn()
  expect(asked.filter(([what]) => what === 'archive')).toHaveLength(1)

  compact = async () => undefined
  const later = new SimulatedClock(clock.nowMicros() - 40 * hourMs * 1000)
  await start(later)
  later.advance(5 * 60_000)
  await until(async () => (await lastRun()) > startMicros)
  expect(compacted()).toEqual(['a', 'a', 'b', 'c'])
})

test('a stop while the night waits for a rebuild ends it', async () => {
  const clock = new SimulatedClock(startMicros)
  const held = Promise.withResolvers<void>()
  let tries = 0
  const busy = {
    alone: async () => {
      tries += 1
      await held.promise
      throw new MillpondError('maintenance-running', 'A rebuild is running')
    },
  } as unknown as Maintenance
  const one = await start(clock, busy)
  clock.advance(5 * hourMs)
  const stopped = one.stop()
  held.resolve()
  await stopped
  clock.advance(3 * hourMs)
  await turn()
  expect(tries).toBe(1)
})

test('a table that can not be put in order holds up neither the others nor the next night', async () => {
  tables = ['a', 'b', 'c']
  compact = async (table) => {
    if (table === 'b') throw new MillpondError('warehouse-unavailable', 'No memory')
  }
  const clock = new SimulatedClock(startMicros)
  await start(clock)
  clock.advance(5 * hourMs)
  await until(async () => (await lastRun()) > startMicros)
  expect(compacted()).toEqual(['a', 'b', 'c'])
})

test('a clock that was set back costs no night', async () => {
  await (await start(new SimulatedClock(startMicros + 30 * dayMicros))).stop()
  const clock = new SimulatedClock(startMicros)
  await start(clock)
  expect(await lastRun()).toBe(startMicros)
  clock.advance(5 * hourMs)
  await until(() => compacted().length === 1)
})
