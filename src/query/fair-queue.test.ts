// The queue against its promises, whatever comes in whatever order.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { FairQueue, type Release } from './fair-queue.ts'

const never = new AbortController().signal
const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

interface Entry {
  readonly person: string
  readonly number: number
  readonly abort: AbortController
  state: 'waiting' | 'running' | 'ended' | 'queries-waiting' | 'query-cancelled'
  release: Release | undefined
}

/** Drives a queue and keeps book of what it did. */
class Drive {
  readonly queue: FairQueue
  readonly entries: Entry[] = []
  readonly granted: Entry[] = []

  constructor(runningMax: number, waitingMax: number) {
    this.queue = new FairQueue({ runningMax, waitingMax })
  }

  enter(person: string): void {
    const number = this.entries.length
    const entry: Entry = { person, number, abort: new AbortController(), state: 'waiting', release: undefined }
    this.entries.push(entry)
    this.queue.enter(person, entry.abort.signal).then(
      (release) => {
        entry.state = 'running'
        entry.release = release
        this.granted.push(entry)
      },
      (error: { code: 'queries-waiting' | 'query-cancelled' }) => {
        entry.state = error.code
      },
    )
  }

  of(state: Entry['state']): Entry[] {
    return this.entries.filter((entry) => entry.state === state)
  }
}

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('enter' as const), person: fc.constantFrom('a', 'b', 'c', 'd') }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('end' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort' as const), pick: fc.nat() }) },
)

test('places are never too many, never idle while somebody waits, and go round the persons in turn', async () => {
  const limits = fc.record({ running: fc.integer({ min: 1, max: 3 }), waiting: fc.integer({ min: 0, max: 6 }) })
  await fc.assert(
    fc.asyncProperty(limits, fc.array(step, { maxLength: 60 }), async ({ running, waiting }, steps) => {
      const drive = new Drive(running, waiting)
      for (const one of steps) {
        const before = drive.of('waiting')
        const grants = drive.granted.length
        if (one.kind === 'enter') drive.enter(one.person)
        const live = drive.of(one.kind === 'end' ? 'running' : 'waiting')
        const picked = one.kind === 'enter' ? undefined : live[one.pick % Math.max(1, live.length)]
        if (one.kind === 'end' && picked !== undefined) {
          picked.state = 'ended'
          picked.release?.()
          picked.release?.()
        }
        if (one.kind === 'abort') picked?.abort.abort()
        await turn()
        expect(drive.of('running').length).toBeLessThanOrEqual(running)
        expect(drive.of('waiting').length).toBeLessThanOrEqual(waiting)
        expect([drive.queue.running, drive.queue.waiting]).toEqual([
          drive.of('running').length,
          drive.of('waiting').length,
        ])
        if (drive.of('waiting').length > 0) expect(drive.of('running').length).toBe(running)
        for (const entry of drive.granted.slice(grants)) {
          // First come, first served within a person; and nobody else who waited was served longer ago.
          const older = before.filter((other) => other.person === entry.person && other.number < entry.number)
          expect(older).toEqual([])
        }
      }
      expectTurns(drive)
    }),
    { numRuns: 300 },
  )
})

/** While somebody waits without a break, nobody else is served twice. */
function expectTurns(drive: Drive): void {
  const served = drive.granted.map((entry) => entry.number)
  for (const [index, entry] of drive.granted.entries()) {
    // Grants between this one's arrival and its turn, each after another grant of the same person.
    const between = drive.granted.slice(0, index).filter((other) => isAfter(other, entry, served))
    const others = between.filter((other) => other.person !== entry.person).map((other) => other.person)
    const own = between.length - others.length
    const most = Math.max(0, ...[...new Set(others)].map((person) => others.filter((other) => other === person).length))
    expect(most).toBeLessThanOrEqual(own + 1)
  }
}

/** `other` came later than `entry` but was served earlier: it overtook. */
function isAfter(other: Entry, entry: Entry, served: readonly number[]): boolean {
  return other.number > entry.number && served.indexOf(other.number) < served.indexOf(entry.number)
}

test('a newcomer takes the place of whoever holds most places to wait', async () => {
  const drive = new Drive(1, 3)
  for (const person of ['a', 'a', 'a', 'a', 'b', 'a', 'b', 'c']) drive.enter(person)
  await turn()
  expect(drive.entries.map((entry) => entry.state)).toEqual([
    'running',
    'waiting',
    'queries-waiting',
    'queries-waiting',
    'waiting',
    'queries-waiting',
    'queries-waiting',
    'waiting',
  ])
})

test('stopping refuses all who wait and all who come, and lets the running ones end', async () => {
  const drive = new Drive(1, 5)
  for (const person of ['a', 'a', 'b']) drive.enter(person)
  await turn()
  drive.queue.stop()
  await turn()
  expect(drive.entries.map((entry) => entry.state)).toEqual(['running', 'query-cancelled', 'query-cancelled'])
  await expect(drive.queue.enter('c', never)).rejects.toMatchObject({ code: 'query-cancelled' })
  drive.granted[0]?.release?.()
  expect(drive.queue.running).toBe(0)
})

test('work that nobody waits for comes behind every line, in order of coming', async () => {
  const queue = new FairQueue({ runningMax: 1, waitingMax: 2 })
  const signal = new AbortController().signal
  const order: string[] = []
  const enter = async (person: string, isBehind = false): Promise<void> => {
    const release = await queue.enter(person, signal, isBehind)
    order.push(person)
    release()
  }
  const release = await queue.enter('first', signal)
  const waiting = [enter('night 1', true), enter('night 2', true), enter('ana'), enter('bob')]
  const gone = new AbortController()
  const cancelled = queue.enter('night 3', gone.signal, true)
  gone.abort()
  await expect(cancelled).rejects.toThrow('cancelled')
  release()
  await Promise.all(waiting)
  expect(order).toEqual(['ana', 'bob', 'night 1', 'night 2'])
  expect(queue.running).toBe(0)
})
