// Random logs of people in a source of their own, on a real engine and the real road, and the same log as a plain reference reads it.
import { join } from 'node:path'

import * as fc from 'fast-check'

import { openControl } from '../../src/control/control.ts'
import type { Principal } from '../../src/control/principals.ts'
import type { Clock } from '../../src/core/clock.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { Cohorts } from '../../src/people/explore/cohorts.ts'
import { Explore } from '../../src/people/explore/explore.ts'
import type { EventPick, Filter } from '../../src/people/explore/spec.ts'
import type { ColumnSpec } from '../../src/warehouse/driver.ts'
import { callColumns, commonColumns } from '../../src/warehouse/schema.ts'
import { never, openRig, type Rig, root } from '../app/asking-rig.ts'
import { blockOf, createOf, planTo } from '../contract/warehouse-plans.ts'

export const tables = ['alpha', 'beta', 'gamma'] as const
export const hourMicros = 3_600_000_000
/** 2026-03-01T00:00:00Z, a Sunday. */
export const startMicros = Date.UTC(2026, 2, 1) * 1000
export const unitMicros = 4 * hourMicros

export interface LoggedEvent {
  readonly table: (typeof tables)[number]
  readonly user: string | null
  readonly anonymous: string | null
  /** In units of four hours: few, so that many events share a moment. */
  readonly at: number
  readonly plan: string | null
  readonly total: number
}
export interface Identify {
  readonly user: string
  readonly anonymous: string
}
export interface Logged {
  readonly events: readonly LoggedEvent[]
  readonly identifies: readonly Identify[]
}

const users = fc.constantFrom('u1', 'u2', 'u3')
const anonymous = fc.constantFrom('a1', 'a2')

export const logs: fc.Arbitrary<Logged> = fc.record({
  events: fc.array(
    fc.record({
      table: fc.constantFrom(...tables),
      user: fc.option(users, { freq: 2 }),
      anonymous: fc.option(anonymous, { freq: 4 }),
      at: fc.integer({ min: -3, max: 16 }),
      plan: fc.option(fc.constantFrom('free', 'pro', 'team'), { freq: 4 }),
      total: fc.integer({ min: -5, max: 20 }),
    }),
    // Most logs are full: what is rare in a small one is tried, too.
    { maxLength: 30, size: 'max' },
  ),
  identifies: fc.array(fc.record({ user: users, anonymous }), { maxLength: 3 }),
})

const eventColumns: readonly ColumnSpec[] = [
  ...commonColumns,
  ...callColumns.track,
  { name: 'plan', type: 'text' },
  { name: 'total', type: 'integer' },
]
const identifyColumns: readonly ColumnSpec[] = [...commonColumns, ...callColumns.identify]
const trackColumns = [...commonColumns, ...callColumns.track.filter(({ name }) => !name.startsWith('_'))]

export interface ExploreRig {
  readonly rig: Rig
  readonly explore: Explore
  readonly cohorts: Cohorts
  /** Who saves them. */
  readonly maker: Principal
  /** Saves it, and says its id. */
  saveQuery(sql: string): string
  /** Sources that there are from now on; nothing said: all. */
  only(sources: readonly string[]): void
  /** Loads it into a source of its own, and says its name. */
  load(log: Logged): Promise<string>
  close(): Promise<void>
}

export const caller = { principal: root, signal: never }

export async function openExplore(nowMicros: number): Promise<ExploreRig> {
  const rig = await openRig()
  const sources: string[] = []
  let asked: readonly string[] = sources
  let sequence = 0
  let queries = 0
  const clock: Clock = { ...systemClock, nowMicros: () => nowMicros }
  const control = await openControl(join(rig.folder, 'control'), { clock, log: createLog('silent') })
  const maker = control.principalById('owner')
  if (maker === undefined) throw new Error('there is no owner')
  const queryOf = (id: string) => control.queries.get(id)
  const cohorts = new Cohorts({ store: control.cohorts, queryOf, clock })
  const explore = new Explore({ road: rig.side.road, sources: () => asked, cohorts, clock })
  return {
    rig,
    explore,
    cohorts,
    maker,
    saveQuery(sql) {
      queries += 1
      const place = { name: `q${queries}`, folder: '', description: '' }
      return control.queries.add(place, { dialect: 'googlesql', sql, parameters: [], zone: 'UTC' }, maker.id).id
    },
    only(names) {
      asked = names
    },
    async load({ events, identifies }) {
      const dataset = `log${sources.length}`
      const names = trackColumns.map(({ name }) => name)
      const rows = (name: string): Record<string, string | number | null>[] =>
        events.flatMap(({ table, user, anonymous: anonymousId, at, plan, total }, index) => {
          if (table !== name) return []
          const timestamp = startMicros + at * unitMicros
          const own = {
            event: table,
            event_text: `${table} happened`,
            user_id: user,
            anonymous_id: anonymousId,
            plan,
            total,
          }
          return [{ id: `e${index}`, timestamp, received_at: timestamp, loaded_at: timestamp, ...own }]
        })
      const known = identifies.map(({ user, anonymous: anonymousId }, index) => ({
        id: `i${index}`,
        timestamp: startMicros,
        received_at: startMicros,
        loaded_at: startMicros,
        user_id: user,
        anonymous_id: anonymousId,
      }))
      const members = tables.map((table) => ({ table, columns: names }))
      sequence += 1
      await rig.driver.load(
        planTo(sequence, {
          changes: [
            ...tables.map((table) => createOf({ dataset, table }, eventColumns)),
            createOf({ dataset, table: 'identifies' }, identifyColumns),
            { kind: 'define-union', table: { dataset, table: 'tracks' }, columns: trackColumns, members },
          ],
          blocks: [
            ...tables.map((table) => blockOf({ dataset, table }, eventColumns, rows(table))),
            blockOf({ dataset, table: 'identifies' }, identifyColumns, known),
          ].filter(({ rowCount }) => rowCount > 0),
        }),
      )
      sources.push(dataset)
      return dataset
    },
    async close() {
      await control.stop()
      await rig.close()
    },
  }
}

/** Whose an event is, by the rules of the guide. undefined: nobody's. */
export function personOf({ identifies }: Logged, { user, anonymous: anonymousId }: LoggedEvent): string | undefined {
  if (user !== null) return user
  if (anonymousId === null) return undefined
  const named = new Set(identifies.filter((one) => one.anonymous === anonymousId).map((one) => one.user))
  return named.size === 1 ? [...named][0] : anonymousId
}

export interface Happened {
  readonly person: string
  readonly micros: number
  readonly event: LoggedEvent
}

/** What a pick means, without any SQL. */
export function happened(log: Logged, { table, filters }: EventPick, from: number, to: number): Happened[] {
  return log.events.flatMap((event) => {
    const person = personOf(log, event)
    const micros = startMicros + event.at * unitMicros
    if (person === undefined || micros < from || micros >= to) return []
    if (table !== 'tracks' && table !== event.table) return []
    return filters.every((filter) => passes(event, filter)) ? [{ person, micros, event }] : []
  })
}

function passes(event: LoggedEvent, { property, is, values }: Filter): boolean {
  const value = property === 'plan' ? event.plan : event.total
  if (is === 'set') return value !== null
  if (is === 'unset') return value === null
  const isAny = (test: (one: string) => boolean): boolean => values.some(test)
  if (is === 'not') return !isAny((one) => String(value) === one)
  if (value === null) return false
  if (is === 'equals') return isAny((one) => String(value) === one)
  if (is === 'contains') return isAny((one) => String(value).toLowerCase().includes(one.toLowerCase()))
  return isAny((one) => (is === 'more' ? Number(value) > Number(one) : Number(value) < Number(one)))
}

const filters: fc.Arbitrary<Filter> = fc.oneof(
  fc.record({
    property: fc.constant('plan'),
    is: fc.constantFrom('equals', 'not', 'contains', 'set', 'unset'),
    values: fc.subarray(['free', 'Pro', 'pro', 'e'], { minLength: 1 }),
  }),
  fc.record({
    property: fc.constant('total'),
    is: fc.constantFrom('equals', 'not', 'more', 'less'),
    values: fc.subarray(['0', '3', '10'], { minLength: 1 }),
  }),
)

export function picks(table: fc.Arbitrary<string>): fc.Arbitrary<Omit<EventPick, 'source'>> {
  return table.chain((name) =>
    fc.record({
      table: fc.constant(name),
      // The view over all events has no properties of its own.
      filters: name === 'tracks' ? fc.constant([]) : fc.array(filters, { maxLength: 1 }),
    }),
  )
}
