// How households come, grow and go: the steps of the funnel, and babies that get a week older.
import type { Company, Fact } from '../company/company.ts'
import { type Household, stepNames } from '../company/households.ts'
import { dayMs, hourMs } from '../company/span.ts'
import type { Story } from './stories.ts'

const weekMs = 7 * dayMs

export const householdStory: Story = {
  name: 'households',
  liveWeight: 1,

  *day(company: Company, day: number): Iterable<Fact> {
    const startMs = company.span.startMs + day * dayMs
    yield { kind: 'day', day, id: `day-${day}`, atMs: startMs + 4 * hourMs }
    for (const household of company.households) {
      for (const step of stepNames) {
        const atMs = household.steps[step]
        if (atMs !== undefined && atMs >= startMs && atMs < startMs + dayMs) {
          yield { kind: 'step', step, household, atMs, id: `${household.id}-${step}` }
        }
      }
      yield* birthday(household, startMs)
    }
  },

  now(company, { id, atMs, random }) {
    if (random.chance(0.3)) return { kind: 'day', day: company.span.dayAt(atMs), id, atMs }
    const household = random.pick(company.households)
    if ((household.steps.signedUp ?? Infinity) > atMs) return undefined
    return { kind: 'grown', household, weeks: weeksOld(household, atMs), id, atMs }
  },
}

function* birthday(household: Household, startMs: number): Iterable<Fact> {
  const signedUp = household.steps.signedUp ?? Infinity
  const atMs = startMs + ((((household.bornMs - startMs) % weekMs) + weekMs) % weekMs)
  if (atMs >= startMs + dayMs || atMs < signedUp || atMs < household.bornMs) return
  const weeks = weeksOld(household, atMs)
  yield { kind: 'grown', household, weeks, atMs, id: `${household.id}-week-${weeks}` }
}

function weeksOld(household: Household, atMs: number): number {
  return Math.max(0, Math.round((atMs - household.bornMs) / weekMs))
}
