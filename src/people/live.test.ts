// A page that is open, over a clock and a feed of the test's own: when it asks, what it tells, and when it stops.
import { beforeEach, expect, test } from 'vitest'

import type { Clock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import { type Arrived, heartbeatMs, type LiveRows, type LiveStatus, type Subjects, watchPerson } from './live.ts'
import type { TimelineRow } from './timeline.ts'

let nowMs: number
let timers: { atMs: number; task: () => void }[]
let listeners: Set<(subjects: Subjects) => void>
let asked: number[]
let answer: () => Promise<Arrived>
let told: (LiveRows | LiveStatus)[]
let isSlow: boolean
let isCut: boolean
let isMasked: boolean
let isOver: boolean
let refreshed: number
let stop: () => void

const clock: Clock = {
  nowMicros: () => nowMs * 1000,
  monotonicMs: () => nowMs,
  schedule(task, delayMs) {
    const timer = { atMs: nowMs + delayMs, task }
    timers.push(timer)
    return () => {
      timers = timers.filter((one) => one !== timer)
    }
  },
}

async function pass(ms: number): Promise<void> {
  const endMs = nowMs + ms
  for (;;) {
    // What was asked is answered.
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve()
    const next = timers.filter(({ atMs }) => atMs <= endMs).sort((one, other) => one.atMs - other.atMs)[0]
    if (next === undefined) break
    timers = timers.filter((one) => one !== next)
    nowMs = next.atMs
    next.task()
  }
  nowMs = endMs
}

function say(...ids: readonly string[]): void {
  for (const listener of listeners) listener({ ids: new Set(ids), isCut })
}

function arrived(loadedMicros: number, kinds: readonly string[], left = 0): Arrived {
  const rows = kinds.map((kind): TimelineRow => {
    return { time: '', receivedAt: '', source: 'web', kind, title: '', severity: null, ref: '' }
  })
  return { rows, left, loadedMicros, receivedMicros: (nowMs - 40) * 1000 }
}

beforeEach(async () => {
  nowMs = 1_000_000
  timers = []
  listeners = new Set()
  asked = []
  answer = async () => arrived(0, [])
  told = []
  isSlow = false
  isCut = false
  isMasked = false
  isOver = false
  refreshed = 0
  const feed = {
    subscribeSubjects(listener: (subjects: Subjects) => void) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
  const watcher = {
    ids: () => [{ kind: 'user', id: 'u1' } as const, { kind: 'device', id: 'cam' } as const],
    async arrived(afterMicros: number) {
      asked.push(afterMicros)
      return answer()
    },
    refresh: async () => void (refreshed += 1),
    rows: (rows: LiveRows) => void told.push(rows),
    status: (status: LiveStatus) => void told.push(status),
    isMasked: () => isMasked,
    isReady: () => !isSlow,
    isOver: () => isOver,
  }
  stop = watchPerson({ feed, clock, log: createLog('silent') }, watcher, 7)
  await pass(0)
  told = []
})

test('It asks when it is opened, and then not before something comes', async () => {
  expect(asked).toEqual([7])
  await pass(60_000)
  expect(asked).toEqual([7])
  expect(told).toEqual(Array.from({ length: 60_000 / heartbeatMs }, () => ({ behindMs: 0, dropped: 0 })))
})

test('An event of the person is asked for soon, several at once, and the next question begins behind it', async () => {
  answer = async () => arrived(50, ['track'])
  say('user:u1')
  say('device:cam')
  await pass(100)
  expect(asked).toEqual([7, 7])
  expect(told).toMatchObject([{ behindMs: 40, dropped: 0 }])
  say('user:u1')
  await pass(100)
  expect(asked).toEqual([7, 7, 50])
})

test('Loads about others ask nothing, however many there are', async () => {
  for (let n = 0; n < 100; n += 1) say('user:u2', 'anonymous:u1')
  await pass(60_000)
  expect(asked).toEqual([7])
})

test.each(['masked', 'cut'] as const)('Where ids are %s nobody can tell, and it asks a little later', async (why) => {
  if (why === 'cut') isCut = true
  else isMasked = true
  say('user:u2')
  await pass(4000)
  expect(asked).toEqual([7])
  await pass(1000)
  expect(asked).toEqual([7, 7])
})

test('What came too much at once is counted, and a link is followed', async () => {
  answer = async () => arrived(50, ['identify'], 12)
  say('user:u1')
  await pass(100)
  expect(told).toMatchObject([{ dropped: 12 }])
  expect(refreshed).toBe(1)
})

test('While the reader is slow nothing is asked, and it is told how far the page is behind', async () => {
  isSlow = true
  say('user:u1')
  await pass(heartbeatMs)
  expect(asked).toEqual([7])
  expect(told).toEqual([{ behindMs: heartbeatMs, dropped: 0 }])
  isSlow = false
  await pass(1000)
  expect(asked).toEqual([7, 7])
})

test('A question that fails is asked again, from the same place', async () => {
  answer = async () => {
    throw new Error('too many queries')
  }
  say('user:u1')
  await pass(100)
  answer = async () => arrived(50, ['track'])
  await pass(5000)
  expect(asked).toEqual([7, 7, 7])
  expect(told).toHaveLength(1)
})

test('It ends with the right to look, and when the page goes', async () => {
  isOver = true
  say('user:u1')
  await pass(1000)
  expect(asked).toEqual([7])
  stop()
  expect(listeners.size).toBe(0)
  await pass(60_000)
  expect(timers).toEqual([])
})
