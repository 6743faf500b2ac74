// What the cameras hear, and what the model makes of it.
import { type Company, type Fact } from '../company/company.ts'
import { judge, type Sound } from '../company/detector.ts'
import { type Camera, hasDone, type Household } from '../company/households.ts'
import { cryHours, noiseHours } from '../company/places.ts'
import { dayMs } from '../company/span.ts'
import { type Random, randomOf } from '../random.ts'
import { awake, isAround, timeOfDay } from './sessions.ts'
import type { Story } from './stories.ts'

const criesADay = 4
const noisesADay = 10
const noises: readonly (readonly [Sound, number])[] = [
  ['quiet', 58],
  ['tv', 22],
  ['laugh', 10],
  ['dog', 6],
  ['vacuum', 4],
]

export const soundStory: Story = {
  name: 'sounds',
  liveWeight: 45,

  *day(company: Company, day: number): Iterable<Fact> {
    const startMs = company.span.startMs + day * dayMs
    for (const household of company.households) {
      for (const camera of household.cameras) {
        const random = randomOf(company.seed, 'sounds', camera.deviceId, day)
        const cries = random.times(criesADay)
        for (let count = cries + random.times(noisesADay); count > 0; count -= 1) {
          const isCry = count <= cries
          const atMs = timeOfDay(random, household.place, isCry ? cryHours : noiseHours, startMs)
          const id = `${camera.deviceId}-${day}-${count}`
          const sound = isCry ? 'cry' : random.weighed(noises)
          const fact = heard(company, { household, camera, sound, id, atMs }, random)
          if (hasDone(household, 'paired', atMs) && isAround(household, atMs)) yield fact
        }
      }
    }
  },

  now(company, { id, atMs, random }) {
    const isCry = random.chance(0.35)
    const household = awake(company, random, isCry ? cryHours : noiseHours, atMs)
    if (household === undefined || !hasDone(household, 'paired', atMs)) return undefined
    const camera = random.pick(household.cameras)
    return heard(company, { household, camera, sound: isCry ? 'cry' : random.weighed(noises), id, atMs }, random)
  },
}

interface Heard {
  readonly household: Household
  readonly camera: Camera
  readonly sound: Sound
  readonly id: string
  readonly atMs: number
}

function heard(company: Company, what: Heard, random: Random): Fact {
  const judgement = judge(what.sound, what.camera, company.span, what.atMs, random)
  return { kind: 'sound', ...what, judgement }
}
