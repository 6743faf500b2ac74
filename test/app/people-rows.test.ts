// People over a real engine and random rows: who belongs together, pages and histograms are what plain loops make of the same
// rows. And what a load brings is known at once.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Control, openControl } from '../../src/control/control.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { idText } from '../../src/people/ids.ts'
import { idsMax, People } from '../../src/people/people.ts'
import { rowTables } from '../../src/warehouse/row-tables.ts'
import { callColumns, commonColumns } from '../../src/warehouse/schema.ts'
import { seededRandom } from '../support/random.ts'
import { never, openRig, principal, type Rig } from './asking-rig.ts'

const dayMicros = 24 * 3_600_000_000
const startMicros = Date.UTC(2026, 9, 1) * 1000
const random = seededRandom(20_261_123)
const admin = { principal: principal('root'), signal: never }
const anonymousColumns = [...commonColumns, ...callColumns.page]
const identifyColumns = [
  ...commonColumns,
  ...callColumns.identify,
  { name: 'context_device_id', type: 'text' as const },
]
const aliasColumns = [...commonColumns, ...callColumns.alias]
const logs = rowTables['logs.entries']

let rig: Rig
let control: Control
let people: People
let tokens = 0

/** Of a row, what says whose it is and where it stands. */
interface Said {
  readonly id: string
  readonly timestamp: number
  readonly user_id: string | null
  readonly anonymous_id: string | null
  readonly device_id: string | null
  readonly source: string
}
type Values = Record<string, string | number | null>

const rows: Said[] = []
const links: string[][] = []

function pick(kind: string, count: number, gap = 0.3): string | null {
  return random() < gap ? null : `${kind}${Math.floor(random() * count)}`
}

function common(id: string, user: string | null, anonymous: string | null): Said & Values {
  const timestamp = startMicros + Math.floor(random() * 40) * dayMicros + Math.floor(random() * 3)
  const ids = { user_id: user, anonymous_id: anonymous, device_id: null, source: 'web' }
  return { id, timestamp, received_at: timestamp, loaded_at: timestamp, ...ids }
}

function linked(...ids: readonly (string | null)[]): void {
  const named = ids.filter((id) => id !== null)
  if (named.length > 1) links.push(named)
}

const user = (id: string | null): string | null => id && `user:${id}`
const anonymous = (id: string | null): string | null => id && `anonymous:${id}`
const device = (id: string | null): string | null => id && `device:${id}`

beforeAll(async () => {
  rig = await openRig()
  control = await openControl(join(rig.folder, 'control'), { clock: systemClock, log: createLog('silent') })
  people = new People({ road: rig.side.road, store: control.people, sources: () => ['web'], clock: systemClock })
  const pages = Array.from({ length: 400 }, (_, n) => common(`p${n % 380}`, pick('u', 60), pick('a', 60)))
  const identifies = Array.from({ length: 60 }, (_, n) => ({
    ...common(`i${n}`, pick('u', 60), pick('a', 60)),
    context_device_id: pick('d', 60, 0.7),
  }))
  const aliases = Array.from({ length: 8 }, (_, n) => ({
    ...common(`l${n}`, pick('u', 60), null),
    previous_id: pick('a', 60, 0),
  }))
  const entries = Array.from({ length: 60 }, (_, n) => {
    return {
      ...common(`e${n}`, pick('u', 60, 0.8), null),
      device_id: pick('d', 60),
      severity: 500,
      message: 'lost',
      source: 'web',
      sequence: n,
    }
  })
  await rig.load('web', 'pages', anonymousColumns, pages)
  await rig.load('web', 'identifies', identifyColumns, identifies)
  await rig.load('web', 'aliases', aliasColumns, aliases)
  await rig.load('logs', 'entries', logs.all, entries)
  for (const one of identifies) linked(user(one.user_id), anonymous(one.anonymous_id), device(one.context_device_id))
  for (const one of aliases)
    if (one.user_id !== null) linked(user(one.user_id), user(one.previous_id), anonymous(one.previous_id))
  for (const one of entries) linked(user(one.user_id), device(one.device_id))
  rows.push(...pages, ...identifies.map((one) => ({ ...one, device_id: one.context_device_id })), ...aliases)
  rows.push(...entries.map((one) => ({ ...one, anonymous_id: null, source: 'logs.entries' })))
})

afterAll(async () => {
  await control.stop()
  await rig.close()
  await rm(rig.folder, { recursive: true, force: true })
})

function component(start: string): Set<string> {
  const found = new Set([start])
  // What no fact links is with whom its own rows name, unless it is a user: then the rows are its own anyway.
  if (!start.startsWith('user:') && !links.some((link) => link.includes(start))) {
    for (const row of rows) {
      const named = [user(row.user_id), anonymous(row.anonymous_id), device(row.device_id)]
      if (named.includes(start)) for (const id of named) if (id !== null) found.add(id)
    }
  }
  for (let size = 0; size !== found.size;) {
    size = found.size
    for (const link of links) if (link.some((id) => found.has(id))) for (const id of link) found.add(id)
  }
  return found
}

/** A row that names a user is that user's; its anonymous id counts where none is named. */
function rowsOf(ids: ReadonlySet<string>): Said[] {
  return rows.filter((row) => {
    const named = [user(row.user_id), row.user_id === null ? anonymous(row.anonymous_id) : null, device(row.device_id)]
    return named.some((id) => id !== null && ids.has(id))
  })
}

const starts = [
  'user:u1',
  'anonymous:a2',
  'device:d3',
  'user:u4',
  'anonymous:a5',
  'device:d7',
  'user:u11',
  'anonymous:a23',
]

test.each(starts)('%s belongs to whom a plain search finds', async (start) => {
  const expected = component(start)
  if (rowsOf(expected).length === 0) return
  const { ids, isCut } = await people.find(admin, start)
  expect(isCut).toBe(expected.size > idsMax)
  expect(ids.length).toBe(Math.min(idsMax, expected.size))
  if (!isCut) expect(new Set(ids.map(idText))).toEqual(expected)
})

test.each(starts)('pages, counts and a histogram of %s are those of one big sort', async (start) => {
  const person = await people.find(admin, start)
  const expected = rowsOf(new Set(person.ids.map(idText)))
  const keys = new Set(expected.map(({ id, timestamp, source }) => `${timestamp} ${source} ${id}`))
  const told: string[] = []
  for (let before: string | undefined; ;) {
    const page = await people.timeline(person, { before, limit: 7 })
    for (const row of page.rows)
      told.push(`${Date.parse(row.time) * 1000 + microsOf(row.time)} ${row.source} ${idOf(row.ref)}`)
    if (page.next === null) break
    before = page.next
  }
  expect(told.length).toBe(keys.size)
  expect(new Set(told)).toEqual(keys)
  expect(told.map((text) => Number(text.split(' ')[0]))).toEqual(
    [...keys].map((text) => Number(text.split(' ')[0])).sort((one, other) => other - one),
  )
  const { sources } = await people.profile(person)
  expect(sources.reduce((sum, source) => sum + source.rows, 0)).toBe(expected.length)
  const window = { fromMicros: startMicros, toMicros: startMicros + 40 * dayMicros, buckets: 13 }
  const buckets = await people.histogram(person, window)
  expect(buckets.reduce((sum, bucket) => sum + bucket.rows, 0)).toBe(expected.length)
})

function microsOf(time: string): number {
  return Number(/\.\d{3}(\d{3})Z$/.exec(time)?.[1] ?? 0)
}

function idOf(ref: string): string {
  return String((JSON.parse(Buffer.from(ref, 'base64url').toString()) as unknown[])[2])
}

describe('what a load brings', () => {
  test('is known at once: its table, for a person and for everybody', async () => {
    await people.find(admin, 'user:u1')
    const screen = { ...common('s1', `new-${(tokens += 1)}`, null), name: 'Live' }
    await rig.load('web', 'screens', [...commonColumns, ...callColumns.screen], [screen])
    expect((await rig.side.road.visibleTables(admin.principal)).map(({ table }) => table)).toContain('screens')
    const person = await people.find(admin, String(screen.user_id))
    expect((await people.timeline(person, { limit: 5 })).rows).toMatchObject([{ kind: 'screen', title: 'Live' }])
  })

  test('is what a live page is told, and how much it is not', async () => {
    const at = (n: number): object => ({ loaded_at: 5_000, received_at: 4_000 + n })
    const many = Array.from({ length: 250 }, (_, n) => ({ ...common(`m${n}`, 'busy', null), ...at(n) }))
    await rig.load('web', 'pages', anonymousColumns, many)
    const person = await people.find(admin, 'busy')
    expect(await people.arrived(person, 4_999)).toMatchObject({ left: 50, loadedMicros: 5_000, rows: { length: 200 } })
    expect(await people.arrived(person, 5_000)).toMatchObject({ left: 0, rows: { length: 0 } })
  })
})
