// Goal: whatever keeps an engine from being made, the next try comes, and intake never hears of it as an exception.
import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'

import { expect, test } from 'vitest'

import { createManualClock } from '../../test/wire/manual-clock.ts'
import { createLog } from '../core/log.ts'
import { startEngineChild } from './engine-child.ts'

/** What fork returns when the kernel has no process or no file to give: an object without a pid, and an error later. */
function stillborn(): ChildProcess {
  return Object.assign(new EventEmitter(), { pid: undefined, connected: false }) as unknown as ChildProcess
}

function start(fork: () => ChildProcess): { clock: ReturnType<typeof createManualClock>; engine: Started } {
  const clock = createManualClock()
  const options = { runFolder: tmpdir(), queriesRunningMax: 1, begin: { kind: 'stop' } as const }
  const engine = startEngineChild(options, { clock, log: createLog('silent'), onMessage: () => undefined, fork })
  return { clock, engine }
}
type Started = ReturnType<typeof startEngineChild>

test('a fork that fails with an error and no exit is tried again', async () => {
  const made: ChildProcess[] = []
  const { clock, engine } = start(() => {
    const child = stillborn()
    made.push(child)
    return child
  })
  for (let round = 1; round <= 3; round += 1) {
    expect(engine.starts()).toBe(round)
    made.at(-1)?.emit('error', new Error('spawn EAGAIN'))
    expect(engine.state()).toBe('waiting')
    clock.advance(3_000)
  }
  expect(engine.state()).toBe('starting')
  await engine.stop(10)
  made.at(-1)?.emit('error', new Error('spawn EAGAIN'))
  expect(engine.state()).toBe('stopped')
})

test('a fork that throws is tried again', async () => {
  const { clock, engine } = start(() => {
    throw new Error('spawn EMFILE')
  })
  clock.advance(100)
  expect([engine.starts(), engine.state()]).toEqual([2, 'waiting'])
  await engine.stop(10)
  clock.advance(10_000)
  expect([engine.starts(), engine.state()]).toEqual([2, 'stopped'])
})
