import { expect, test } from 'vitest'

import type { Clock } from '../../core/clock.ts'
import { shareStatus } from './shared-status.ts'
import type { Status } from './status.ts'

let nowMs = 0
const clock: Clock = { nowMicros: () => nowMs * 1000, monotonicMs: () => nowMs, schedule: () => () => undefined }

/** Each run answers its number once the test lets it. */
function setUp() {
  nowMs = 0
  const ends: (() => void)[] = []
  const shared = shareStatus(
    async () =>
      new Promise((resolve, reject) => {
        const run = ends.length + 1
        ends.push(() => {
          if (run === 3) reject(new Error('third'))
          else resolve({ version: String(run) } as Status)
        })
      }),
    clock,
  )
  return { ...shared, ends, end: (run: number): void => ends[run - 1]?.() }
}

test('an answer is never older than its question, and those who ask meanwhile share the next', async () => {
  const { status, ends, end } = setUp()
  const first = status()
  const [second, third] = [status(), status()]
  expect(ends).toHaveLength(1)
  end(1)
  expect((await first).version).toBe('1')
  await expect.poll(() => ends.length).toBe(2)
  end(2)
  expect([(await second).version, (await third).version]).toEqual(['2', '2'])
  const failing = status()
  const after = status()
  end(3)
  await expect(failing).rejects.toThrow('third')
  await expect.poll(() => ends.length).toBe(4)
  end(4)
  expect((await after).version).toBe('4')
})

test('a recent answer is at most half a second old', async () => {
  const { recentStatus, ends, end } = setUp()
  const asked = [recentStatus(), recentStatus()]
  end(1)
  expect((await Promise.all(asked)).map(({ version }) => version)).toEqual(['1', '1'])
  nowMs = 499
  expect((await recentStatus()).version).toBe('1')
  nowMs = 500
  const later = recentStatus()
  expect(ends).toHaveLength(2)
  end(2)
  expect((await later).version).toBe('2')
})
