// Parents open the app: most in the evening, some in the middle of the night, each in their own time zone.
import type { Company, Fact } from '../company/company.ts'
import { hasDone, type Household } from '../company/households.ts'
import { localHour, parentHours, type Place } from '../company/places.ts'
import { dayMs, hourMs } from '../company/span.ts'
import { type Random, randomOf } from '../random.ts'
import type { Story } from './stories.ts'

const sessionsADay = 2.6
const sessionsADayWithoutCamera = 0.4

export const sessionStory: Story = {
  name: 'sessions',
  liveWeight: 45,

  *day(company: Company, day: number): Iterable<Fact> {
    const startMs = company.span.startMs + day * dayMs
    for (const household of company.households) {
      const random = randomOf(company.seed, 'sessions', household.id, day)
      for (const [index, parent] of household.parents.entries()) {
        const mean = hasDone(household, 'paired', startMs) ? sessionsADay : sessionsADayWithoutCamera
        for (let count = random.times(mean); count > 0; count -= 1) {
          const atMs = timeOfDay(random, household.place, parentHours, startMs)
          const id = `${household.id}-${index}-s${day}-${count}`
          if (isAround(household, atMs)) yield { kind: 'session', household, parent, id, atMs }
        }
      }
    }
  },

  now(company, { id, atMs, random }) {
    const household = awake(company, random, parentHours, atMs)
    if (household === undefined) return undefined
    const parent = random.pick(household.parents)
    if (random.chance(0.97)) return { kind: 'session', household, parent, id, atMs }
    // Somebody is back from the mountains, and the phone uploads what it kept.
    const earlierMs = atMs - random.between(0.5, 3) * dayMs
    return { kind: 'session', household, parent, id, atMs: earlierMs, heldUntilMs: atMs }
  },
}

/** A customer at that time? Who cancelled is gone. */
export function isAround(household: Household, atMs: number): boolean {
  return hasDone(household, 'signedUp', atMs) && !hasDone(household, 'cancelled', atMs)
}

export function timeOfDay(random: Random, place: Place, hours: readonly number[], startMs: number): number {
  const hour = random.weighed(hours.map((weight, index) => [index, weight] as const))
  return startMs + Math.floor(((hour - place.utcOffsetHours + 24) % 24) * hourMs + random.next() * hourMs)
}

/** A household, more likely one in whose time zone this hour is a busy one. */
export function awake(company: Company, random: Random, hours: readonly number[], atMs: number): Household | undefined {
  const busiest = Math.max(...hours)
  for (let tries = 0; tries < 50; tries += 1) {
    const household = random.pick(company.households)
    const weight = hours[localHour(household.place, atMs)] ?? 0
    if (isAround(household, atMs) && random.chance(weight / busiest)) return household
  }
  return undefined
}
