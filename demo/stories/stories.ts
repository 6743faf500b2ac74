// All stories. A story is one file: it makes facts of a day of history, and of "now" for the live traffic.
import type { Company, Fact } from '../company/company.ts'
import type { Random } from '../random.ts'
import { cameraStory } from './cameras.ts'
import { householdStory } from './households.ts'
import { sessionStory } from './sessions.ts'
import { soundStory } from './sounds.ts'
import { websiteStory } from './website.ts'

export interface Story {
  readonly name: string
  /** What happened on this day of the span, in any order. The same every time that it is asked. */
  day(company: Company, day: number): Iterable<Fact>
  /** How often something of it happens in live traffic, compared with the others. */
  readonly liveWeight: number
  /** Something that happens at this moment; undefined if nothing does (everybody is asleep). */
  now(company: Company, moment: Moment): Fact | undefined
}

export interface Moment {
  /** Never used twice, not even in another run. */
  readonly id: string
  readonly atMs: number
  readonly random: Random
}

export const stories: readonly Story[] = [householdStory, sessionStory, soundStory, cameraStory, websiteStory]

/** All facts of a day, in the order in which they happened. */
export function factsOfDay(company: Company, day: number): Fact[] {
  return stories.flatMap((story) => [...story.day(company, day)]).sort((a, b) => a.atMs - b.atMs)
}
