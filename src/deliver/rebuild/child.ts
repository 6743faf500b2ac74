// The engine's hold on a rebuild in a process of its own: whatever happens to it there, the engine goes on.
import type { ChildProcess } from 'node:child_process'

import { MillpondError } from '../../core/errors.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { RebuildJob, RebuildOrder } from './job.ts'
import type { FromRebuild, ToRebuild } from './messages.ts'

type Answer = Exclude<FromRebuild, { kind: 'progress' }>

/** `child` was just forked and speaks FromRebuild. */
export async function startRebuildChild(child: ChildProcess, order: RebuildOrder): Promise<RebuildJob> {
  let eventsLoaded = 0
  let positions: readonly StreamPosition[] = []
  /** Oldest first. */
  let waiting: PromiseWithResolvers<Answer>[] = []
  let isGone = false
  const ended = Promise.withResolvers<void>()

  child.on('message', (message: FromRebuild) => {
    if (message.kind === 'progress') {
      eventsLoaded = message.eventsLoaded
      return
    }
    if (message.kind === 'done') positions = message.positions
    waiting.shift()?.resolve(message)
  })
  function giveUp(why: string): void {
    isGone = true
    for (const one of waiting) one.resolve({ kind: 'failed', message: why })
    waiting = []
  }
  child.once('exit', (code, signal) => {
    giveUp(`the rebuild's process ended (${signal ?? code})`)
    ended.resolve()
  })
  // It can't answer any more; its end, which says how it came to that, is heard above.
  child.once('disconnect', () => {
    isGone = true
    child.kill('SIGKILL')
  })
  // Always heard: without a listener an error would end the engine.
  child.on('error', (error) => {
    giveUp(`the rebuild's process failed: ${error.message}`)
    // It could not be made: there won't be an exit.
    if (child.pid === undefined) ended.resolve()
  })

  async function ask(message: ToRebuild): Promise<Answer> {
    if (isGone) throw failure("the rebuild's process is gone")
    const asked = Promise.withResolvers<Answer>()
    waiting.push(asked)
    child.send(message, (error) => {
      if (error !== null) giveUp(`the rebuild's process can't be asked: ${error.message}`)
    })
    const answer = await asked.promise
    if (answer.kind === 'failed') throw failure(answer.message)
    return answer
  }

  const job: RebuildJob = {
    async advance(until) {
      await ask({ kind: 'advance', until })
    },
    eventsLoaded: () => eventsLoaded,
    positions: async () => positions,
    async finish(finishOrder) {
      const answer = await ask({ kind: 'finish', order: finishOrder })
      if (answer.kind !== 'finished') throw failure('the rebuild answered something else than its result')
      return answer.result
    },
    async stop() {
      // Nothing of it is needed: what counts was handed over by `finish`.
      child.kill('SIGKILL')
      await ended.promise
    },
  }
  try {
    await ask({ kind: 'begin', order })
  } catch (error) {
    await job.stop()
    throw error
  }
  return job
}

function failure(message: string): MillpondError {
  return new MillpondError('warehouse-unavailable', `The rebuild failed, and nothing was changed: ${message}`)
}
