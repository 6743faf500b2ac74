// Cameras get new firmware, and lose their connection: rarely with a good one, every few hours with the bad one.
import type { Company, DisconnectFact, Fact } from '../company/company.ts'
import { badFirmware, firmwareAt, installationsOf } from '../company/firmware.ts'
import { type Camera, hasDone, type Household } from '../company/households.ts'
import { dayMs, hourMs } from '../company/span.ts'
import { type Random, randomOf } from '../random.ts'
import { isAround } from './sessions.ts'
import type { Story } from './stories.ts'

/** Mean hours between two losses. */
const hoursBetween = { good: 15 * 24, bad: 5 }

export const cameraStory: Story = {
  name: 'cameras',
  liveWeight: 4,

  *day(company: Company, day: number): Iterable<Fact> {
    const startMs = company.span.startMs + day * dayMs
    for (const household of company.households) {
      for (const camera of household.cameras) {
        const isThere = (atMs: number): boolean => hasDone(household, 'paired', atMs) && isAround(household, atMs)
        for (const { atMs, version, previous } of installationsOf(camera, company.span)) {
          if (atMs < startMs || atMs >= startMs + dayMs || !isThere(atMs)) continue
          yield { kind: 'firmware', household, camera, version, previous, atMs, id: `${camera.deviceId}-fw-${version}` }
        }
        yield* lossesOf(company, household, camera, day, isThere)
      }
    }
  },

  now(company, { id, atMs, random }) {
    const household = random.pick(company.households)
    const camera = random.pick(household.cameras)
    if (!hasDone(household, 'paired', atMs) || !isAround(household, atMs)) return undefined
    return { ...loss(household, camera, firmwareAt(camera, company.span, atMs), random), id, atMs }
  },
}

function* lossesOf(
  company: Company,
  household: Household,
  camera: Camera,
  day: number,
  isThere: (atMs: number) => boolean,
): Iterable<Fact> {
  const random = randomOf(company.seed, 'losses', camera.deviceId, day)
  const startMs = company.span.startMs + day * dayMs
  let atMs = startMs
  for (let count = 0; count < 24; count += 1) {
    const firmware = firmwareAt(camera, company.span, atMs)
    const meanHours = firmware === badFirmware ? hoursBetween.bad : hoursBetween.good
    // No longer than a few hours at once: the firmware may change in between.
    const stepMs = -Math.log(1 - random.next()) * meanHours * hourMs
    atMs = Math.floor(atMs + Math.min(stepMs, 4 * hourMs))
    if (atMs >= startMs + dayMs) return
    if (stepMs > 4 * hourMs || !isThere(atMs)) continue
    yield { ...loss(household, camera, firmware, random), atMs, id: `${camera.deviceId}-lost-${day}-${count}` }
  }
}

function loss(household: Household, camera: Camera, firmware: string, random: Random): DisconnectFact {
  const isBad = firmware === badFirmware
  return {
    kind: 'disconnect',
    household,
    camera,
    firmware,
    reason: isBad && random.chance(0.93) ? 'watchdog_reset' : random.pick(['wifi_lost', 'power'] as const),
    uptimeHours: Math.round(random.around(isBad ? hoursBetween.bad : hoursBetween.good, 1.6) * 10) / 10,
    offlineSeconds: Math.round(random.around(isBad ? 140 : 45, 1.8)),
  }
}
