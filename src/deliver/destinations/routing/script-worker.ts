// The thread of one destination's scripts: what they compute holds up nobody else.
import { parentPort, workerData } from 'node:worker_threads'

import { assert } from '../../../core/errors.ts'
import { stepBack } from '../../../core/thread-priority.ts'
import { RoutingScript, type ScriptStart } from './script.ts'
import type { FromScript, ToScript } from './script-messages.ts'

async function runWorker(): Promise<void> {
  const port = parentPort
  assert(port !== null, 'this file runs in a worker thread')
  stepBack()
  const post = (message: FromScript): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    port.postMessage(message)
  }
  const script = new RoutingScript(workerData as ScriptStart)
  // Who asks waits for the answer before asking again.
  port.on('message', ({ batch, inputs }: ToScript) => {
    void (async () => {
      const answers: string[] = []
      for (const input of inputs) answers.push(await script.answer(input))
      post({ kind: 'answered', batch, answers })
    })()
  })
  post({ kind: 'ready', problem: (await script.problem()) ?? null })
}

await runWorker()
