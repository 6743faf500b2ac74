// The demo company's generator: the same seed gives the same company, everything lies in its time, no id comes twice, and
// the stories that docs/guide/demo.md tells are in the data.
import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'

import { type Company, consentOf, foundCompany } from '../../demo/company/company.ts'
import { badFirmware, firmwareAt, goodFirmware } from '../../demo/company/firmware.ts'
import { dayMs, spanFrom, startBefore } from '../../demo/company/span.ts'
import { messagesNow } from '../../demo/live.ts'
import { readOptions } from '../../demo/options.ts'
import { randomOf } from '../../demo/random.ts'
import { millpondCommand } from '../../demo/report.ts'
import { factsOfDay } from '../../demo/stories/stories.ts'
import { hasArrived, type Message, tellAll } from '../../demo/traffic/traffic.ts'

const startMs = Date.UTC(2026, 2, 1)
const days = 4
const households = 40

function found(seed = 'cubby', start = startMs): Company {
  return foundCompany({ seed, households, span: spanFrom(start, days) })
}

function history(company: Company): Message[] {
  const messages: Message[] = []
  for (let day = 0; day < days; day += 1) messages.push(...tellAll(factsOfDay(company, day), company))
  return messages
}

/** The id that keeps a message from being stored twice; raw messages have none, or want to be duplicates. */
function idOf(message: Message): string | undefined {
  if (message.road === 'segment') return message.event.messageId
  if (message.road === 'raw') return undefined
  return String(message.record['inference_id'] ?? message.record['insert_id'])
}

describe('the same seed', () => {
  it('gives the same company and the same messages', () => {
    expect(found().households).toEqual(found().households)
    expect(history(found())).toEqual(history(found()))
  })

  it('gives the same names, ids and times on other days', () => {
    const later = startMs + 100 * dayMs
    const moved = (company: Company, start: number) =>
      history(company).map((message) => [idOf(message), message.road, message.atMs - start])
    expect(moved(found('cubby', later), later)).toEqual(moved(found(), startMs))
    const names = (company: Company) => company.households.map(({ parents }) => parents.map(({ name }) => name))
    expect(names(found('cubby', later))).toEqual(names(found()))
  })

  it('gives every visitor of the website one answer about consent, and not everybody the same', () => {
    const company = found()
    const answers = new Map<string, Set<string>>()
    for (const message of history(company)) {
      if (message.road !== 'segment' || message.source !== 'cubby_web') continue
      const { anonymousId = '', context } = message.event
      const { consent } = context as { readonly consent: object }
      expect(consent).toEqual(consentOf(company, anonymousId))
      answers.set(anonymousId, (answers.get(anonymousId) ?? new Set()).add(JSON.stringify(consent)))
    }
    expect([...answers.values()].every(({ size }) => size === 1)).toBe(true)
    expect(new Set([...answers.values()].flatMap((one) => [...one])).size).toBeGreaterThan(2)
  })

  it('is not another one', () => {
    expect(found('other').households).not.toEqual(found().households)
  })
})

describe('history', () => {
  const company = found()
  const messages = history(company)

  it('has the facts of a day on that day', () => {
    for (let day = 0; day < days; day += 1) {
      const facts = factsOfDay(company, day)
      expect(facts.length).toBeGreaterThan(0)
      expect(facts.filter(({ atMs }) => company.span.dayAt(atMs) !== day)).toEqual([])
    }
  })

  it('uses no id twice', () => {
    const ids = messages.map(idOf).filter((id) => id !== undefined)
    expect(ids.length).toBeGreaterThan(1000)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('lies between the first day and now, and nothing arrives before it was sent', () => {
    const nowMs = company.span.at(0.6)
    const arrived = messages.filter((message) => hasArrived(message, nowMs))
    expect(arrived.length).toBeGreaterThan(1000)
    expect(arrived.filter(({ atMs }) => atMs < startMs || atMs > nowMs)).toEqual([])
    const early = messages.filter((message) => message.road === 'segment' && message.sentMs < message.atMs)
    expect(early).toEqual([])
  })

  it('has phones that upload hours late, with the times at which things happened', () => {
    const late = messages.filter((one) => one.road === 'segment' && one.sentMs - one.atMs > 3_600_000)
    expect(late.length).toBeGreaterThan(0)
    expect(late.length).toBeLessThan(messages.length / 20)
  })

  it('has names of all scripts', () => {
    const text = JSON.stringify(messages)
    const scripts = ['夜灯已打开', '🍼', 'Lullaby Played 🎵'].map((name) => text.includes(name))
    expect(scripts).toEqual([true, true, true])
    const names = company.households.flatMap(({ parents }) => parents.map(({ name }) => name)).join(' ')
    expect(names).toMatch(/\p{Script=Han}/u)
    expect(names).toMatch(/ä|ö|ü|ã|ç|é/)
  })
})

test('The bad firmware reaches not quite half of the cameras, and is gone at the end.', () => {
  const { households, span } = foundCompany({ seed: 'cubby', households: 300, span: spanFrom(startMs, 30) })
  const versionsAt = (part: number): string[] =>
    households.flatMap(({ cameras }) => cameras.map((camera) => firmwareAt(camera, span, span.at(part))))
  const shareOf = (version: string, part: number): number => {
    const versions = versionsAt(part)
    return versions.filter((one) => one === version).length / versions.length
  }
  expect(shareOf(badFirmware, 0.49)).toBe(0)
  expect(shareOf(badFirmware, 0.7)).toBeGreaterThan(0.35)
  expect(shareOf(badFirmware, 0.7)).toBeLessThan(0.5)
  expect(shareOf(goodFirmware, 0.95)).toBe(1)
})

test('Live traffic happens now and in the minutes after, with ids of its own.', () => {
  const company = found()
  const random = randomOf('live')
  const nowMs = company.span.endMs + 12 * 3_600_000
  const messages = Array.from({ length: 300 }, (_, count) =>
    messagesNow(company, random, `live-${count}`, nowMs),
  ).flat()
  const ids = messages.map(idOf).filter((id) => id !== undefined)
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(messages.map(({ road }) => road))).toEqual(new Set(['segment', 'fluent', 'raw']))
  expect(messages.filter(({ atMs }) => atMs < nowMs - 4 * dayMs || atMs > nowMs + dayMs)).toEqual([])
  const past = new Set(history(company).map(idOf))
  expect(ids.filter((id) => past.has(id))).toEqual([])
})

describe('chance', () => {
  it('stays in its bounds', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: -50, max: 50 }), fc.nat(100), (name, least, more) => {
        const random = randomOf(name)
        const whole = random.whole(least, least + more)
        expect(Number.isInteger(whole) && whole >= least && whole <= least + more).toBe(true)
        expect(random.weighed([['never', 0] as const, ['always', 1] as const])).toBe('always')
        expect(random.around(10, 2)).toBeGreaterThan(0)
        expect(random.hex(13)).toMatch(/^[0-9a-f]{13}$/)
      }),
    )
  })

  it('is as often as it says', () => {
    const random = randomOf('often')
    const draws = Array.from({ length: 20_000 }, () => random.times(2.6))
    expect(draws.reduce((sum, one) => sum + one, 0) / draws.length).toBeCloseTo(2.6, 1)
    const hits = Array.from({ length: 20_000 }, () => random.chance(0.3)).filter(Boolean)
    expect(hits.length / 20_000).toBeCloseTo(0.3, 1)
  })
})

describe('the command line', () => {
  it('reads its options', () => {
    expect(readOptions(['--no-live', '--days', '3'], '/srv')).toMatchObject({
      live: false,
      days: 3,
      data: '/srv/millpond-demo',
    })
    expect(readOptions(['--help'], '/srv')).toBeUndefined()
  })

  it.each([
    ['--days', '1'],
    ['--households', 'many'],
    ['--pace', '0.5'],
  ])('refuses %s %s', (name, value) => {
    expect(() => readOptions([name, value], '/srv')).toThrow(`${name} must be a whole number`)
  })

  it('names the folder so that a shell finds it', () => {
    expect(millpondCommand('/srv/demo data', '/srv')).toBe("node bin/millpond.js --data './demo data'")
    expect(millpondCommand('/other/demo', '/srv')).toBe('node bin/millpond.js --data /other/demo')
  })

  it('counts whole days back from the last midnight', () => {
    expect(startBefore(startMs + 5 * 3_600_000, 30)).toBe(startMs - 30 * dayMs)
  })
})
