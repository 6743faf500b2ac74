// People look at cubby.example before they buy, and most never do.
import type { Company, Fact, VisitFact } from '../company/company.ts'
import { parentHours, places } from '../company/places.ts'
import { dayMs, minuteMs } from '../company/span.ts'
import { type Random, randomOf } from '../random.ts'
import { timeOfDay } from './sessions.ts'
import type { Story } from './stories.ts'

export const websiteStory: Story = {
  name: 'website',
  liveWeight: 12,

  *day(company: Company, day: number): Iterable<Fact> {
    const startMs = company.span.startMs + day * dayMs
    const random = randomOf(company.seed, 'website', day)
    for (let count = random.times(company.households.length / 10); count > 0; count -= 1) {
      const atMs = timeOfDay(random, random.pick(places), parentHours, startMs)
      yield { ...stranger(random), id: `web-${day}-${count}`, atMs }
    }
    // Customers who came over a campaign were here shortly before they signed up.
    for (const { id, webAnonymousId: anonymousId, campaign, place, steps } of company.households) {
      const signedUp = steps.signedUp ?? 0
      const atMs = Math.max(signedUp - randomOf(company.seed, 'visit', id).between(5, 90) * minuteMs, startMs)
      if (anonymousId === undefined || signedUp < startMs || signedUp >= startMs + dayMs) continue
      const visit = { anonymousId, campaign, country: place.country, pages: 4, goesToStore: true }
      yield { kind: 'visit', ...visit, id: `web-${id}`, atMs }
    }
  },

  now: (_company, { id, atMs, random }) => ({ ...stranger(random), id, atMs }),
}

function stranger(random: Random): VisitFact {
  return {
    kind: 'visit',
    anonymousId: `web-${random.hex(16)}`,
    campaign: random.weighed([
      [undefined, 6],
      ['instagram', 4],
      ['google', 2],
      ['parenting-podcast', 1],
      ['小红书', 1],
    ]),
    country: random.pick(places).country,
    pages: 1 + random.times(1.2),
    goesToStore: random.chance(0.06),
  }
}
