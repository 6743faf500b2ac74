// What the app on the parents' phones says, through the Segment SDKs for Swift and Kotlin.
import { chanceOf, type Company, type Fact, type SessionFact, type SoundFact } from '../company/company.ts'
import { firmwareAt } from '../company/firmware.ts'
import { hasDone, type Household, type Parent, uploadMs } from '../company/households.ts'
import { localHour } from '../company/places.ts'
import { minuteMs, type Span } from '../company/span.ts'
import type { Random } from '../random.ts'
import { alertId } from './inferences.ts'
import type { Message, SegmentEvent, Traffic } from './traffic.ts'

type Said = Omit<SegmentEvent, 'messageId' | 'context' | 'userId' | 'anonymousId'>

export const appTraffic: Traffic = {
  name: 'app',
  *tell(fact, company) {
    if (fact.kind === 'session') yield* session(fact, company)
    else if (fact.kind === 'sound' && fact.judgement.isAlert) yield* alert(fact, company)
    else if (fact.kind === 'step') yield* step(fact, company)
    else if (fact.kind === 'grown') yield* grown(fact, company)
  },
}

/** Writes down what one phone says, one thing after the other. */
class PhoneTalk {
  readonly messages: Message[] = []
  readonly random: Random
  atMs: number
  readonly #fact: Fact
  readonly #parent: Parent
  readonly #context: object
  readonly #mark: string
  /** Before sign-up nobody knows who holds the phone. */
  #isKnown: boolean

  constructor(fact: Fact & { household: Household }, parent: Parent, company: Company, isKnown = true) {
    this.#fact = fact
    this.#parent = parent
    this.#isKnown = isKnown
    this.#mark = `${parent.phone.source === 'cubby_ios' ? 'i' : 'a'}-${fact.id}-${parent.userId}`
    this.random = chanceOf(company, fact, `app-${parent.userId}`)
    this.atMs = fact.atMs
    this.#context = contextOf(parent, fact.household, company.span, fact.atMs)
  }

  becomeKnown(): void {
    this.#isKnown = true
  }

  say(said: Said, afterMs = 0): void {
    this.atMs = Math.floor(this.atMs + afterMs)
    const { phone, userId } = this.#parent
    const fact = this.#fact
    const heldMs = fact.kind === 'session' ? (fact.heldUntilMs ?? 0) : 0
    const delayMs = this.random.whole(300, 30_000)
    this.messages.push({
      road: 'segment',
      source: phone.source,
      atMs: this.atMs,
      sentMs: Math.max(uploadMs(phone, this.atMs, delayMs), heldMs),
      event: {
        ...said,
        messageId: `${this.#mark}-${this.messages.length}`,
        anonymousId: phone.anonymousId,
        ...(this.#isKnown ? { userId } : {}),
        context: this.#context,
      },
    })
  }

  track(event: string, properties: object, afterMs = 0): void {
    this.say({ type: 'track', event, properties }, afterMs)
  }

  screen(name: string, afterMs = 0): void {
    this.say({ type: 'screen', name, properties: { name } }, afterMs)
  }
}

function* session(fact: Fact & SessionFact, company: Company): Iterable<Message> {
  const { household, parent } = fact
  const talk = new PhoneTalk(fact, parent, company)
  const { random } = talk
  const hour = localHour(household.place, fact.atMs)
  talk.track('App Opened', {
    local_hour: hour,
    from: random.pick(['icon', 'icon', 'widget']),
    cold: random.chance(0.4),
  })
  talk.screen('Home', 400)
  if (hasDone(household, 'paired', fact.atMs) && random.chance(0.75)) liveView(talk, household, company.span, 'home')
  if (random.chance(0.1))
    talk.track('🍼', { ml: random.whole(6, 24) * 10, side: random.pick(['left', 'right', 'bottle']) }, 5000)
  if (random.chance(0.08))
    talk.track('Lullaby Played 🎵', { lullaby: random.pick(['Twinkle', 'La Le Lu', '摇篮曲', '☔️ Rain']) }, 3000)
  if (household.place.country === 'CN' && random.chance(0.2))
    talk.track('夜灯已打开', { 亮度: random.whole(1, 10) * 10 }, 2000)
  if (random.chance(0.1)) talk.screen('Settings', 4000)
  yield* talk.messages
}

function liveView(talk: PhoneTalk, household: Household, span: Span, from: string): void {
  const { random } = talk
  const camera = random.pick(household.cameras)
  const firmware = firmwareAt(camera, span, talk.atMs)
  const seconds = Math.min(7200, Math.round(random.around(70, 2.6)))
  const network = random.chance(0.8) ? 'wifi' : 'cellular'
  const said = { device_id: camera.deviceId, firmware, network }
  talk.screen('Live', 800)
  talk.track('Live View Started', { ...said, from }, random.whole(200, 2500))
  if (random.chance(0.06)) {
    const clip = {
      device_id: camera.deviceId,
      seconds: random.whole(5, 40),
      megabytes: Math.round(random.between(1, 30) * 10) / 10,
    }
    talk.track('Clip Saved', clip, seconds * 300)
  }
  const stalls = random.times(network === 'wifi' ? 0.3 : 1.2)
  talk.track('Live View Ended', { ...said, seconds, stalls, quality: random.pick(['720p', '1080p']) }, seconds * 700)
}

/** The phones ring. Most alerts are looked at, some swept away, and some were wrong. */
function* alert(fact: SoundFact & Fact, company: Company): Iterable<Message> {
  const { household, camera, judgement, sound } = fact
  for (const parent of household.parents) {
    const talk = new PhoneTalk(fact, parent, company)
    const { random } = talk
    const said = { ...alertId(fact), device_id: camera.deviceId, model_version: judgement.version }
    talk.track('Baby Cried Alert Shown', { ...said, score: judgement.scores['cry'] }, random.whole(400, 3000))
    const isRight = sound === 'cry'
    const answer = random.next()
    const isLooking = answer < (isRight ? 0.55 : 0.6)
    const reactionMs = Math.min(1_800_000, random.around(20_000, 3))
    const seconds_to_react = Math.round(reactionMs / 1000)
    if (isLooking) {
      talk.track('Baby Cried Alert Opened', { ...said, seconds_to_react }, reactionMs)
      if (random.chance(0.5)) liveView(talk, household, company.span, 'alert')
    } else if (answer < 0.85) {
      talk.track('Baby Cried Alert Dismissed', { ...said, seconds_to_react }, reactionMs)
    }
    if (isLooking && random.chance(isRight ? 0.06 : 0.45)) {
      const verdict = isRight ? 'correct' : 'not_my_baby_crying'
      const comment = isRight
        ? undefined
        : random.pick([undefined, undefined, 'It was the TV', '是电视的声音', 'der Hund 🐶'])
      talk.track('Alert Feedback Given', { ...said, verdict, ...(comment === undefined ? {} : { comment }) }, 5000)
    }
    yield* talk.messages
  }
}

const planAfter = { signedUp: 'free', trial: 'trial', subscribed: 'premium', cancelled: 'free' } as const

function* step(fact: Fact & { kind: 'step' }, company: Company): Iterable<Message> {
  const { household, step } = fact
  const first = household.parents[0]
  const camera = household.cameras[0]
  if (first === undefined || camera === undefined) return
  const talk = new PhoneTalk(fact, first, company, step !== 'signedUp')
  const { random } = talk
  if (step === 'signedUp') signUp(talk, household, first)
  if (step === 'paired') {
    const said = { device_id: camera.deviceId, camera_model: camera.model, attempts: 1 + random.times(0.4) }
    talk.track('Camera Paired', { ...said, seconds: random.whole(35, 240) })
    for (const parent of household.parents) yield* joinHousehold(fact, parent, company)
  }
  if (step === 'firstLive') liveView(talk, household, company.span, 'setup')
  if (step in planAfter) {
    talk.say({ type: 'identify', traits: traitsOf(household, first, planAfter[step as keyof typeof planAfter]) }, 1500)
  }
  yield* talk.messages
}

function signUp(talk: PhoneTalk, household: Household, parent: Parent): void {
  talk.track('App Opened', { local_hour: localHour(household.place, talk.atMs), from: 'icon', cold: true })
  talk.screen('Welcome 👋', 900)
  talk.becomeKnown()
  talk.say({ type: 'alias', previousId: parent.phone.anonymousId }, minuteMs)
  const campaign = household.campaign === undefined ? {} : { campaign: household.campaign }
  talk.track(
    'Signed Up',
    { method: talk.random.pick(['email', 'apple', 'google']), country: household.place.country, ...campaign },
    200,
  )
}

/** One household, one group: both parents see the same camera. */
function* joinHousehold(fact: Fact & { kind: 'step' }, parent: Parent, company: Company): Iterable<Message> {
  const { household } = fact
  const talk = new PhoneTalk({ ...fact, id: `${fact.id}-join` }, parent, company)
  const traits = { name: household.name, members: household.parents.length, cameras: household.cameras.length }
  talk.say({ type: 'identify', traits: traitsOf(household, parent, 'free') }, 2 * minuteMs)
  talk.say({ type: 'group', groupId: household.id, traits: { ...traits, time_zone: household.place.timezone } }, 500)
  yield* talk.messages
}

/** Babies grow, and with them what is known of their parents. */
function* grown(fact: Fact & { kind: 'grown' }, company: Company): Iterable<Message> {
  const { household, weeks } = fact
  for (const parent of household.parents) {
    const talk = new PhoneTalk(fact, parent, company)
    talk.say({
      type: 'identify',
      traits: { ...traitsOf(household, parent, planAt(household, fact.atMs)), baby_age_weeks: weeks },
    })
    yield* talk.messages
  }
}

function planAt(household: Household, atMs: number): string {
  if (hasDone(household, 'cancelled', atMs)) return 'free'
  if (hasDone(household, 'subscribed', atMs)) return 'premium'
  return hasDone(household, 'trial', atMs) ? 'trial' : 'free'
}

function traitsOf(household: Household, parent: Parent, plan: string): object {
  const { place, id, babyName } = household
  const { name, email } = parent
  return { name, email, plan, household_id: id, baby_name: babyName, city: place.city, country: place.country }
}

const newAppFrom = 0.35

function contextOf(parent: Parent, household: Household, span: Span, atMs: number): object {
  const { phone } = parent
  const isIos = phone.source === 'cubby_ios'
  // Phones update themselves in the days after a release.
  const isNew = span.partAt(atMs) > newAppFrom + (household.cameras[0]?.cohort ?? 0) * 0.1
  return {
    app: { name: 'Cubby', version: isNew ? '3.2.0' : '3.1.2', build: isNew ? '320' : '312' },
    device: {
      id: phone.deviceId,
      manufacturer: phone.manufacturer,
      model: phone.model,
      type: isIos ? 'ios' : 'android',
    },
    os: { name: isIos ? 'iOS' : 'Android', version: phone.osVersion },
    library: { name: isIos ? 'analytics-swift' : 'analytics-kotlin', version: isIos ? '1.7.3' : '1.19.2' },
    locale: household.place.locale,
    timezone: household.place.timezone,
  }
}
