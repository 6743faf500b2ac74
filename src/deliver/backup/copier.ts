// The hold on the thread that copies: one file at a time.
import { on } from 'node:events'
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

import { MillpondError } from '../../core/errors.ts'
import type { FileFacts } from './copy.ts'
import type { CopyOrder, FromCopyWorker } from './copy-worker.ts'

export interface Copier {
  /** Gives out the bytes of each step, and in the end what was read; undefined: there is no such file. */
  run(order: CopyOrder): AsyncGenerator<number, FileFacts | undefined>
  /** Whatever is under way is left as it is. */
  stop(): Promise<void>
}

export function startCopier(): Copier {
  const worker = new Worker(new URL(`./copy-worker${extname(import.meta.url)}`, import.meta.url), { name: 'backup' })
  const messages = on(worker, 'message', { close: ['exit'] })
  return {
    async *run(order) {
      worker.postMessage(order, [])
      for (;;) {
        const next = await messages.next()
        if (next.done === true) throw new MillpondError('bug', "BUG: the backup's thread ended by itself")
        const [message] = next.value as [FromCopyWorker]
        if (message.kind === 'done') return message.facts
        if (message.kind === 'failed') throw Object.assign(new Error(message.message), { code: message.code })
        yield message.bytes
      }
    },
    async stop() {
      await worker.terminate()
    },
  }
}
