// What Cubby's own server says, through Segment's SDK for Node: money, cameras, firmware.
import { chanceOf, type Company, type Fact } from '../company/company.ts'
import { badFirmware, firmwareAt } from '../company/firmware.ts'
import { dayMs } from '../company/span.ts'
import type { Message, SegmentEvent, Traffic } from './traffic.ts'

const context = { library: { name: '@segment/analytics-node', version: '3.1.0' } }

export const backendTraffic: Traffic = {
  name: 'backend',
  *tell(fact, company) {
    if (fact.kind === 'step') yield* steps(fact, company)
    if (fact.kind === 'firmware') {
      const { camera, version, previous } = fact
      yield track(fact, 'Firmware Updated', {
        device_id: camera.deviceId,
        firmware: version,
        previous,
        camera_model: camera.model,
      })
    }
    if (fact.kind === 'disconnect') {
      const { camera, firmware, reason, uptimeHours: uptime_hours, offlineSeconds: offline_seconds } = fact
      const device = { device_id: camera.deviceId, firmware, camera_model: camera.model }
      yield track(fact, 'Camera Disconnected', { ...device, reason, uptime_hours })
      yield track(fact, 'Camera Reconnected', { ...device, offline_seconds }, offline_seconds * 1000)
    }
    if (fact.kind === 'sound' && fact.judgement.isAlert) {
      const { camera, judgement, household } = fact
      const alert = { device_id: camera.deviceId, model_version: judgement.version, phones: household.parents.length }
      yield track(fact, 'Cry Alert Sent', alert, 1200)
    }
  },
}

function* steps(fact: Fact & { kind: 'step' }, company: Company): Iterable<Message> {
  const { household, step } = fact
  const random = chanceOf(company, fact, 'backend')
  const { monthlyPrice: price, currency, country } = household.place
  if (step === 'signedUp') {
    yield track(fact, 'Account Created', { household_id: household.id, country, locale: household.place.locale })
    if (household.webAnonymousId !== undefined) {
      yield said(fact, { type: 'alias', previousId: household.webAnonymousId }, 50, 'alias')
    }
  }
  if (step === 'trial') yield track(fact, 'Trial Started', { household_id: household.id, days: 7 })
  if (step === 'subscribed') {
    yield track(fact, 'Subscription Started', { household_id: household.id, plan: 'premium', price, currency })
  }
  if (step === 'cancelled') {
    const { trial, subscribed } = household.steps
    const paidDays = subscribed === undefined ? 0 : Math.round((fact.atMs - subscribed) / dayMs)
    const had = household.cameras.some((camera) =>
      [trial ?? 0, fact.atMs].some((atMs) => firmwareAt(camera, company.span, atMs) === badFirmware),
    )
    const reason = random.pick(
      had
        ? ['camera_disconnects', 'camera_disconnects', 'too_expensive']
        : ['too_expensive', 'baby_sleeps_now', 'other'],
    )
    yield track(fact, 'Subscription Cancelled', {
      household_id: household.id,
      reason,
      paid_days: paidDays,
      was_trial: subscribed === undefined,
    })
  }
}

type HouseholdFact = Extract<Fact, { household: unknown }>

function track(fact: HouseholdFact, event: string, properties: object, afterMs = 0): Message {
  return said(fact, { type: 'track', event, properties }, afterMs, event.toLowerCase().replaceAll(' ', '-'))
}

function said(fact: HouseholdFact, event: Omit<SegmentEvent, 'messageId'>, afterMs: number, mark: string): Message {
  const userId = fact.household.parents[0]?.userId ?? fact.household.id
  const atMs = Math.floor(fact.atMs + afterMs)
  const messageId = `b-${fact.id}-${mark}`
  return {
    road: 'segment',
    source: 'cubby_backend',
    atMs,
    sentMs: atMs + 900,
    event: { ...event, messageId, userId, context },
  }
}
