// The rebuild's process dies at every point of its life, as a real process: questions fail, and nothing else does.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { startRebuildChild } from './child.ts'
import type { RebuildJob, RebuildOrder } from './job.ts'

/** Answers every question, except one kind of them, to which it does what its second word says. */
const script = `
  const [at, how] = process.argv.slice(2)
  const positions = [{ stream: 'events', sequence: 7 }]
  process.on('message', ({ kind }) => {
    if (kind !== at) {
      process.send({ kind: 'progress', eventsLoaded: 3 })
      const result = { digest: [], tables: [] }
      process.send(kind === 'finish' ? { kind: 'finished', result } : { kind: 'done', positions })
    } else if (how === 'dies') process.kill(process.pid, 'SIGKILL')
    else if (how === 'ends') process.exit(3)
    else if (how === 'hangs-up') process.disconnect()
    else if (how === 'fails') process.send({ kind: 'failed', message: 'the disk is full' })
  })
  setInterval(() => undefined, 1000)
`
const order = { settings: {}, platforms: {}, snapshot: undefined, until: undefined } as unknown as RebuildOrder
const finishOrder = { expired: [], asTheyAre: [], snapshot: undefined, dataset: undefined }
const phases = ['begin', 'advance', 'finish'] as const

let folder: string
let child: ChildProcess | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-child-'))
  await writeFile(join(folder, 'dummy.mjs'), script)
})

afterEach(async () => {
  child?.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

function forked(at = '', how = '', execPath = process.execPath): ChildProcess {
  const path = join(folder, 'dummy.mjs')
  child = fork(path, [at, how], { execPath, execArgv: [], serialization: 'advanced', stdio: ['ignore', 2, 2, 'ipc'] })
  return child
}

async function askAll(one: ChildProcess, each: (job: RebuildJob) => void = () => undefined): Promise<void> {
  const job = await startRebuildChild(one, order)
  each(job)
  await job.advance(undefined)
  await job.finish(finishOrder)
}

function failure(why: RegExp): object {
  const message = expect.stringMatching(new RegExp(`^The rebuild failed, and nothing was changed: ${why.source}$`))
  return { code: 'warehouse-unavailable', message: message as unknown }
}

function isOver(one: ChildProcess): boolean {
  return one.exitCode !== null || one.signalCode !== null
}

test('answers come back, and a stop ends the process', async () => {
  const one = forked()
  const job = await startRebuildChild(one, order)
  await job.advance(undefined)
  expect(job.eventsLoaded()).toBe(3)
  expect(await job.positions()).toEqual([{ stream: 'events', sequence: 7 }])
  expect(await job.finish(finishOrder)).toEqual({ digest: [], tables: [] })
  await job.stop()
  expect(one.signalCode).toBe('SIGKILL')
  await job.stop()
})

describe.each(phases)('at %s', (phase) => {
  test.each([
    ['dies', /the rebuild's process ended \(SIGKILL\)/],
    ['ends', /the rebuild's process ended \(3\)/],
    ['hangs-up', /the rebuild's process ended \(SIGKILL\)/],
    ['fails', /the disk is full/],
  ])('a process that %s fails the question, clearly', async (how, why) => {
    const one = forked(phase, how)
    let job: RebuildJob | undefined
    await expect(askAll(one, (started) => (job = started))).rejects.toMatchObject(failure(why))
    await job?.stop()
    expect(isOver(one)).toBe(true)
  })
})

test('a process that is killed between two questions fails the next one, and those behind it', async () => {
  const one = forked()
  const job = await startRebuildChild(one, order)
  one.kill('SIGKILL')
  // Sent into a channel whose other end is gone, or about to be.
  await expect(job.advance(undefined)).rejects.toMatchObject(failure(/the rebuild's process .*/))
  await expect(job.advance(undefined)).rejects.toMatchObject(failure(/the rebuild's process is gone/))
  await expect(job.finish(finishOrder)).rejects.toMatchObject(failure(/the rebuild's process is gone/))
  await job.stop()
})

test('a channel that breaks under a big question does not end the engine', async () => {
  const one = forked()
  const job = await startRebuildChild(one, order)
  one.kill('SIGSTOP')
  // More than a pipe holds: the rest is written when the reader is gone.
  const until = Array.from({ length: 100_000 }, (_, sequence) => ({ stream: 'events', sequence }))
  const asked = expect(job.advance(until)).rejects.toMatchObject(failure(/the rebuild's process .*/))
  one.kill('SIGKILL')
  await asked
  await job.stop()
})

test('a stop fails the question that waits', async () => {
  const one = forked('advance', 'is silent')
  const job = await startRebuildChild(one, order)
  const asked = expect(job.advance(undefined)).rejects.toMatchObject(failure(/the rebuild's process ended \(SIGKILL\)/))
  await job.stop()
  await asked
})

test('all questions that wait are failed', async () => {
  const one = forked('advance', 'is silent')
  const job = await startRebuildChild(one, order)
  const asked = Promise.allSettled([job.advance(undefined), job.advance(undefined)])
  one.kill('SIGKILL')
  expect((await asked).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await job.stop()
})

test('a process that can not be made is told, and waits for nothing', async () => {
  const one = forked('', '', join(folder, 'no-such-program'))
  await expect(startRebuildChild(one, order)).rejects.toMatchObject(failure(/.*ENOENT.*/))
})

test('an error of the process behind its end goes unheard', async () => {
  const one = forked()
  const job = await startRebuildChild(one, order)
  await job.stop()
  if (one.connected) await once(one, 'disconnect')
  one.send({ kind: 'advance', until: undefined })
  // The error is emitted in the next tick: without a listener it would end this process.
  await new Promise((resolve) => setImmediate(resolve))
  await expect(job.advance(undefined)).rejects.toMatchObject(failure(/the rebuild's process is gone/))
})
