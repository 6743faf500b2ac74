// The customers: households with parents, their phones and their cameras, and how far each came on the way from sign-up
// to subscriber. All of it follows from the seed and the household's number.
import { type Random, randomOf } from '../random.ts'
import { hasBadFirmware } from './firmware.ts'
import { parentHours, type Place, places } from './places.ts'
import { dayMs, hourMs, minuteMs, type Span } from './span.ts'

export type AppSource = 'cubby_ios' | 'cubby_android'

export interface Phone {
  readonly source: AppSource
  readonly deviceId: string
  readonly anonymousId: string
  readonly manufacturer: string
  readonly model: string
  readonly osVersion: string
  /** When the phone had no network: what happens then is uploaded when it is back. */
  readonly offline: { readonly fromMs: number; readonly toMs: number } | undefined
}

export interface Parent {
  readonly userId: string
  readonly name: string
  readonly email: string
  readonly phone: Phone
}

export interface Camera {
  readonly deviceId: string
  readonly model: string
  /** Where it stands in the queue of a firmware's roll-out, from 0 to 1. */
  readonly cohort: number
  /** The same for canaries of a model. */
  readonly canary: number
}

export interface Household {
  readonly id: string
  readonly name: string
  readonly place: Place
  readonly babyName: string
  readonly bornMs: number
  readonly parents: readonly Parent[]
  readonly cameras: readonly Camera[]
  readonly campaign: string | undefined
  readonly webAnonymousId: string | undefined
  /** The steps that it took; a step that isn't there was never taken. */
  readonly steps: Readonly<Partial<Record<Step, number>>>
}

/** The funnel, in order; `cancelled` ends it. */
export const stepNames = ['signedUp', 'paired', 'firstLive', 'trial', 'subscribed', 'cancelled'] as const
export type Step = (typeof stepNames)[number]

const trialMs = 7 * dayMs
const campaigns: readonly (readonly [string | undefined, number])[] = [
  [undefined, 5],
  ['instagram', 3],
  ['google', 3],
  ['parenting-podcast', 1],
  ['小红书', 1],
]

export function householdOf(seed: string, number: number, households: number, span: Span): Household {
  const random = randomOf(seed, 'household', number)
  const id = `hh-${String(number).padStart(4, '0')}`
  const place = random.weighed(places.map((one) => [one, one.weight] as const))
  const familyName = random.pick(place.familyNames)
  const parents = Array.from({ length: random.chance(0.4) ? 2 : 1 }, (_, index) =>
    parentOf(random, place, familyName, span, number * 2 + index),
  )
  const cameras = Array.from({ length: random.chance(0.12) ? 2 : 1 }, (_, index) => ({
    deviceId: `cam-${random.hex(6)}-${number * 2 + index}`,
    model: random.chance(0.6) ? 'Cubby One' : 'Cubby Mini',
    cohort: random.next(),
    canary: random.next(),
  }))
  const signedUp = signUpMs(random, place, number / households, span)
  const campaign = random.weighed(campaigns)
  return {
    id,
    place,
    parents,
    cameras,
    campaign,
    name: place.country === 'CN' || place.country === 'JP' ? `${familyName}家` : `The ${familyName} family`,
    babyName: random.pick(place.babyNames),
    bornMs: signedUp - random.between(-20, 200) * dayMs,
    webAnonymousId: campaign === undefined ? undefined : `web-${random.hex(12)}-${number}`,
    steps: stepsOf(random, signedUp, cameras[0], span),
  }
}

function parentOf(random: Random, place: Place, familyName: string, span: Span, number: number): Parent {
  const firstName = random.pick(place.firstNames)
  const isIos = random.chance(place.country === 'CN' || place.country === 'BR' ? 0.25 : 0.6)
  const offlineMs = span.at(random.between(0.1, 0.75))
  const phone: Phone = {
    source: isIos ? 'cubby_ios' : 'cubby_android',
    deviceId: `${isIos ? 'ios' : 'android'}-${random.hex(8)}-${number}`,
    anonymousId: `${random.hex(8)}-${random.hex(4)}-${random.hex(4)}-${String(number).padStart(6, '0')}`,
    manufacturer: isIos ? 'Apple' : random.pick(['Samsung', 'Google', 'Xiaomi', 'OPPO']),
    model: isIos
      ? random.pick(['iPhone14,5', 'iPhone15,4', 'iPhone17,1'])
      : random.pick(['A55', 'Pixel 9', 'Redmi 13']),
    osVersion: isIos ? random.pick(['18.6', '26.0', '26.1']) : random.pick(['14', '15', '16']),
    offline: random.chance(0.08)
      ? { fromMs: offlineMs, toMs: offlineMs + random.between(0.05, 0.15) * (span.endMs - span.startMs) }
      : undefined,
  }
  const userId = `u-${String(number).padStart(5, '0')}`
  const isFamilyFirst = place.country === 'CN' || place.country === 'JP'
  return {
    userId,
    name: isFamilyFirst ? `${familyName}${firstName}` : `${firstName} ${familyName}`,
    email: `${userId}@example.com`,
    phone,
  }
}

/** More than half were customers before; the others came during the demo's time, more of them towards its end. */
function signUpMs(random: Random, place: Place, part: number, span: Span): number {
  if (part < 0.55) return span.startMs - random.next() ** 2 * 120 * dayMs - minuteMs
  const day = Math.floor(span.days * Math.sqrt(random.next()))
  const hour = random.weighed(parentHours.map((weight, index) => [index, weight] as const))
  return span.startMs + day * dayMs + ((hour - place.utcOffsetHours + 24) % 24) * hourMs + random.next() * hourMs
}

function stepsOf(random: Random, signedUp: number, camera: Camera | undefined, span: Span): Household['steps'] {
  // Drawn always, in this order: who stops early takes no chance away from a later decision.
  const pairs = random.chance(0.86)
  const paired = signedUp + random.around(0.4, 4) * hourMs
  const looks = random.chance(0.95)
  const firstLive = paired + random.between(2, 30) * minuteMs
  const tries = random.chance(0.66)
  const trial = firstLive + random.around(5, 3) * hourMs
  const staying = random.next()
  const leaving = random.next()
  const monthsLater = random.between(0.5, 4) * 30 * dayMs
  if (!pairs || camera === undefined) return { signedUp }
  if (!looks) return { signedUp, paired }
  if (!tries) return { signedUp, paired, firstLive }
  const trialEnd = trial + trialMs
  const isDisappointed = [trial, trialEnd].some((atMs) => hasBadFirmware(camera, span, atMs))
  if (staying > (isDisappointed ? 0.3 : 0.65)) return { signedUp, paired, firstLive, trial, cancelled: trialEnd }
  const steps = { signedUp, paired, firstLive, trial, subscribed: trialEnd }
  const inBadTime = span.at(0.6 + 0.3 * leaving)
  if (trialEnd < inBadTime && hasBadFirmware(camera, span, inBadTime) && staying < 0.14) {
    return { ...steps, cancelled: inBadTime }
  }
  return leaving < 0.2 ? { ...steps, cancelled: trialEnd + monthsLater } : steps
}

/** Has this household taken a step, and not yet left? */
export function hasDone(household: Household, step: Step, atMs: number): boolean {
  const stepMs = household.steps[step]
  return stepMs !== undefined && stepMs <= atMs
}

/** When what happens on this phone now reaches the server. */
export function uploadMs(phone: Phone, atMs: number, delayMs: number): number {
  const { offline } = phone
  const isOffline = offline !== undefined && atMs >= offline.fromMs && atMs < offline.toMs
  return (isOffline ? offline.toMs : atMs) + delayMs
}
