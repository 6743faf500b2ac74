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
  let waiting: PromiseWithResolvers<Answer> | undefined
  let isGone = false

  child.on('message', (message: FromRebuild) => {
    if (message.kind === 'progress') {
      eventsLoaded = message.eventsLoaded
      return
    }
    if (message.kind === 'done') positions = message.positions
    waiting?.resolve(message)
  })
  child.once('exit', (code, signal) => {
    isGone = true
    waiting?.resolve({ kind: 'failed', message: `the rebuild's process ended (${signal ?? code})` })
  })

  async function ask(message: ToRebuild): Promise<Answer> {
    if (isGone) throw failure("the rebuild's process is gone")
    waiting = Promise.withResolvers<Answer>()
    child.send(message)
    const answer = await waiting.promise
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
      if (isGone) return
      const gone = new Promise<void>((resolve) => {
        child.once('exit', () => {
          resolve()
        })
      })
      // Nothing of it is needed: what counts was handed over by `finish`.
      child.kill('SIGKILL')
      await gone
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
