// From where on everything that was collected is still there. What came before has expired, or is from before there was
// an archive.
import { join } from 'node:path'

import { fedStreamNames, type StreamName } from '../../buffer/buffer.ts'
import type { Files } from '../../core/files.ts'
import type { ObjectStore } from '../../objects/store.ts'
import { archiveBegins } from '../archive/archive-begins.ts'

export interface Beginning {
  readonly stream: StreamName
  /** Of the first record that is there. */
  readonly receivedAtMicros: number
}

/** Streams that have lost their beginning. */
export async function lostBeginnings(data: string, files: Files, store: ObjectStore): Promise<readonly Beginning[]> {
  const lost: Beginning[] = []
  for (const stream of fedStreamNames) {
    const beginning = await archiveBegins(store, stream, { files, folder: join(data, 'buffer', stream) })
    if (beginning === undefined) continue
    const { receivedAtMicros, eventsBefore } = beginning
    if (eventsBefore === undefined || Object.keys(eventsBefore).length > 0) lost.push({ stream, receivedAtMicros })
  }
  return lost
}
