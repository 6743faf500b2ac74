// Cubby itself: everybody and everything in it, made from a seed.
import { type Random, randomOf } from '../random.ts'
import { type Camera, type Household, householdOf, type Parent, type Step } from './households.ts'
import type { Judgement, Sound } from './detector.ts'
import type { Span } from './span.ts'

export interface Company {
  readonly seed: string
  readonly span: Span
  readonly households: readonly Household[]
}

export interface CompanyOptions {
  readonly seed: string
  readonly households: number
  readonly span: Span
}

export function foundCompany({ seed, households, span }: CompanyOptions): Company {
  return {
    seed,
    span,
    households: Array.from({ length: households }, (_, number) => householdOf(seed, number, households, span)),
  }
}

interface FactBase {
  /** Never used twice; ids of messages are made from it. */
  readonly id: string
  readonly atMs: number
}

/** What happened at Cubby. Stories make facts; each kind of traffic tells those that it knows of. */
export type Fact = FactBase &
  (
    | { readonly kind: 'day'; readonly day: number }
    | { readonly kind: 'step'; readonly step: Step; readonly household: Household }
    | { readonly kind: 'grown'; readonly household: Household; readonly weeks: number }
    | SessionFact
    | SoundFact
    | {
        readonly kind: 'firmware'
        readonly household: Household
        readonly camera: Camera
        readonly version: string
        readonly previous: string
      }
    | DisconnectFact
    | VisitFact
  )

/** Somebody opens the app. */
export interface SessionFact {
  readonly kind: 'session'
  readonly household: Household
  readonly parent: Parent
  /** Live only: the phone had no network until then. */
  readonly heldUntilMs?: number
}

/** A camera heard something, and the model judged it. */
export interface SoundFact {
  readonly kind: 'sound'
  readonly household: Household
  readonly camera: Camera
  readonly sound: Sound
  readonly judgement: Judgement
}

export interface DisconnectFact {
  readonly kind: 'disconnect'
  readonly household: Household
  readonly camera: Camera
  readonly firmware: string
  readonly reason: 'watchdog_reset' | 'wifi_lost' | 'power'
  readonly uptimeHours: number
  readonly offlineSeconds: number
}

/** Somebody looks at the website. */
export interface VisitFact {
  readonly kind: 'visit'
  readonly anonymousId: string
  readonly campaign: string | undefined
  readonly country: string
  readonly pages: number
  readonly goesToStore: boolean
}

/** What one kind of traffic draws for one fact: nobody else's numbers change when it draws more. */
export function chanceOf(company: Company, fact: Fact, traffic: string): Random {
  return randomOf(company.seed, fact.id, traffic)
}

/** What a visitor of the website said to its banner, once: it stands in the context of everything that they send. */
export function consentOf({ seed }: Company, anonymousId: string): object {
  const random = randomOf(seed, 'consent', anonymousId)
  return { categoryPreferences: { analytics: random.chance(0.85), advertising: random.chance(0.45) } }
}
