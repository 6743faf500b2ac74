// What may be asked of Explore: the schemas of src/people/explore/spec.ts, with their bounds. Names of tables and columns are only
// texts here; whether there are such is the caller's catalogue's to say.
import { z } from 'zod'

import { periodsMax } from '../../people/explore/retention.ts'
import {
  type Cell,
  type CohortDefinition,
  type ExploreSpec,
  filterKinds,
  intervals,
  plainMeasures,
  propertyMeasures,
} from '../../people/explore/spec.ts'

const windowSecondsMax = 366 * 86_400
const name = z.string().min(1).max(1024)
const day = z.iso.date()

const filter = z
  .strictObject({
    property: name,
    is: z.enum(filterKinds),
    values: z.array(z.string().max(10_000)).max(50).default([]),
  })
  .refine(({ is, values }) => (is === 'set' || is === 'unset') === (values.length === 0), {
    message: '`set` and `unset` take no values, all others one at least',
  })
const event = z.strictObject({
  source: name,
  table: name,
  name: name.optional(),
  filters: z.array(filter).max(20).default([]),
})
const cohortName = z.string().min(1).max(200)
const breakdown = z
  .union([
    z.strictObject({ property: name, top: z.number().int().min(1).max(25).default(8) }),
    z.strictObject({ cohort: cohortName }),
  ])
  .optional()
const common = {
  range: z.union([z.strictObject({ days: z.number().int().min(1).max(3660) }), z.strictObject({ from: day, to: day })]),
  zone: z.string().min(1).max(64).default('UTC'),
  among: z.strictObject({ did: event, times: z.number().int().min(1).max(1_000_000).default(1) }).optional(),
  cohorts: z
    .array(z.strictObject({ cohort: cohortName, is: z.enum(['in', 'out']).default('in') }))
    .max(5)
    .optional(),
}

const trend = z.strictObject({
  ...common,
  kind: z.literal('trend'),
  series: z
    .array(
      z.strictObject({
        event,
        measure: z.union([
          z.strictObject({ kind: z.enum(plainMeasures) }),
          z.strictObject({ kind: z.enum(propertyMeasures), property: name }),
        ]),
      }),
    )
    .min(1)
    .max(6),
  interval: z.enum(intervals).default('day'),
  breakdown,
  compares: z.boolean().default(false),
})

const funnel = z.strictObject({
  ...common,
  kind: z.literal('funnel'),
  steps: z.array(event).min(2).max(16),
  windowSeconds: z
    .number()
    .int()
    .min(1)
    .max(windowSecondsMax)
    .default(7 * 86_400),
  entry: z.enum(['any', 'first']).default('any'),
  breakdown,
  dialect: z.enum(['duckdb', 'googlesql']).default('duckdb'),
})

const retention = z.strictObject({
  ...common,
  kind: z.literal('retention'),
  born: event,
  back: event,
  interval: z.enum(['day', 'week']).default('day'),
  periods: z.number().int().min(1).max(periodsMax).default(14),
  counts: z.enum(['on', 'on-or-after']).default('on'),
})

const paths = z.strictObject({
  ...common,
  kind: z.literal('paths'),
  source: name,
  event: z.string().max(1024),
  direction: z.enum(['after', 'before']).default('after'),
  steps: z.number().int().min(1).max(6).default(4),
  windowSeconds: z.number().int().min(1).max(windowSecondsMax).default(3600),
  top: z.number().int().min(1).max(20).default(6),
})

export const exploreSpec: z.ZodType<ExploreSpec> = z.discriminatedUnion('kind', [trend, funnel, retention, paths])

const group = z.string().max(100_000).nullable()
const cell: z.ZodType<Cell> = z.discriminatedUnion('of', [
  z.strictObject({
    of: z.literal('trend'),
    series: z.number().int().min(0),
    bucket: z.string().max(40).nullable(),
    group,
  }),
  z.strictObject({
    of: z.literal('funnel'),
    step: z.number().int().min(0),
    who: z.enum(['reached', 'dropped']),
    group,
  }),
  z.strictObject({ of: z.literal('retention'), day, period: z.number().int().min(0) }),
  z.strictObject({ of: z.literal('paths'), step: z.number().int().min(0), event: z.string().max(1024) }),
])

export const peopleBehind = z.strictObject({
  spec: exploreSpec,
  cell,
  after: z.string().max(100_000).optional(),
  limit: z.number().int().min(1).max(500).default(100),
})

/** Ids that somebody may put into a cohort by hand. */
export const cohortIdsMax = 10_000

export const cohortDefinition: z.ZodType<CohortDefinition> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('question'), spec: exploreSpec, cell }),
  z.strictObject({ kind: z.literal('query'), query: z.string().min(1).max(500) }),
  z.strictObject({ kind: z.literal('ids'), ids: z.array(z.string().min(1).max(1000)).min(1).max(cohortIdsMax) }),
])
