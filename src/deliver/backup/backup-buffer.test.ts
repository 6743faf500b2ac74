// Segments that leave the buffer while it is copied: whatever a backup has of the buffer must have no hole, since a reader
// that has come from the archive into the buffer never looks back.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { sequencesPerStart } from '../../buffer/frame.ts'
import { segmentName } from '../../buffer/segment.ts'
import { type Control, openControl } from '../../control/control.ts'
import { systemClock } from '../../core/clock.ts'
import { createLog } from '../../core/log.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import { archivedName } from '../archive/archived-segment.ts'
import { backup, type BackupDeps } from './backup.ts'

const segments = [1, 11, 21, 31, 41, 51].map((count) => sequencesPerStart + count)
let room: string
let data: string
let control: Control

beforeEach(async () => {
  room = await mkdtemp(join(tmpdir(), 'millpond-backup-buffer-'))
  data = join(room, 'data')
  control = await openControl(data, { clock: systemClock, log: createLog('silent') })
  await control.addSource('web', 'server')
  for (const folder of ['buffer/events', 'archive/events']) await mkdir(join(data, folder), { recursive: true })
  // All but the newest are archived; the buffer has not removed them yet.
  for (const firstSequence of segments) {
    await writeFile(join(data, 'buffer/events', segmentName(firstSequence)), `segment ${firstSequence}`)
    if (firstSequence === segments.at(-1)) continue
    const object = archivedName('events', { firstSequence, lastSequence: firstSequence + 9, receivedAtMicros: 1 })
    await writeFile(join(data, 'archive', object), `archived ${firstSequence}`)
  }
})
afterEach(async () => {
  await control.stop()
  await rm(room, { recursive: true, force: true })
})

/** Every look at the clock is a second later, so that a backup gives out each of its steps. */
function hastyClock(): BackupDeps['clock'] {
  let nowMs = 0
  return { ...systemClock, monotonicMs: () => (nowMs += 1000) }
}

async function deps(): Promise<BackupDeps> {
  return {
    data,
    driver: undefined,
    exclusively: async (work) => work(),
    lostBeginnings: async () => [],
    copyControl: async (path) => control.copyTo(path),
    holdMade: async () => undefined,
    archive: await openDiskStore({ folder: join(data, 'archive') }),
    media: await openDiskStore({ folder: join(data, 'media') }),
    version: '1.2.3',
    clock: hastyClock(),
  }
}

describe('segments that are removed while the buffer is copied', () => {
  // How many leave between two steps.
  test.each([0, 1, 2, 3])('leave no hole in it: %i at a time', async (atOnce) => {
    const target = join(room, 'backup')
    const copied = async (): Promise<string[]> =>
      (await readdir(join(target, 'buffer/events')).catch((): string[] => [])).toSorted()
    for await (const _line of backup({ folder: target }, await deps())) {
      if ((await copied()).length === 0) continue
      // Oldest first, as the writer does it, and never the newest.
      const leaving = (await readdir(join(data, 'buffer/events'))).toSorted().slice(0, -1).slice(0, atOnce)
      for (const name of leaving) await rm(join(data, 'buffer/events', name))
    }
    const names = segments.map(segmentName)
    const there = await copied()
    expect(there).toEqual(names.slice(names.length - there.length))
    expect(await readdir(join(target, 'archive/events'))).toHaveLength(segments.length - 1)
  })
})
