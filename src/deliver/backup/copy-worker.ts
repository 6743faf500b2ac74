// The thread that reads, hashes and writes the files of a backup: a hash of the whole archive on the engine's main thread
// would take half of it away from loads and queries for minutes.
//
//   order ─▶ bytes, now and then ─▶ done, or failed
import { parentPort } from 'node:worker_threads'

import { openIfThere } from '../../buffer/segment.ts'
import { assert, messageOf } from '../../core/errors.ts'
import { diskFiles } from '../../core/files.ts'
import { stepBack } from '../../core/thread-priority.ts'
import { type FileFacts, readHashed } from './copy.ts'

export interface CopyOrder {
  readonly source: string
  /** Undefined: it is read and hashed only. */
  readonly to: string | undefined
}

export type FromCopyWorker =
  | { readonly kind: 'bytes'; readonly bytes: number }
  /** Undefined: there is no such file. */
  | { readonly kind: 'done'; readonly facts: FileFacts | undefined }
  | { readonly kind: 'failed'; readonly code: string | undefined; readonly message: string }

/** Told in steps of this size, so that a reader who is slow finds few of them waiting. */
const stepBytes = 8 * 1024 * 1024

function runWorker(): void {
  const port = parentPort
  assert(port !== null, 'this file runs in a worker thread')
  const post = (message: FromCopyWorker): void => {
    port.postMessage(message)
  }
  stepBack()

  async function copy({ source, to }: CopyOrder): Promise<FileFacts | undefined> {
    const file = await openIfThere(diskFiles, source)
    if (file === undefined) return undefined
    try {
      const steps = readHashed(diskFiles, file, to)
      let untold = 0
      for (;;) {
        const step = await steps.next()
        if (step.done === true) {
          post({ kind: 'bytes', bytes: untold })
          return step.value
        }
        untold += step.value
        if (untold < stepBytes) continue
        post({ kind: 'bytes', bytes: untold })
        untold = 0
      }
    } finally {
      await file.close()
    }
  }

  port.on('message', (order: CopyOrder) => {
    copy(order).then(
      (facts) => {
        post({ kind: 'done', facts })
      },
      (error: unknown) => {
        const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
        post({ kind: 'failed', code, message: messageOf(error) })
      },
    )
  })
}

runWorker()
