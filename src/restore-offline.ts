// `millpond restore`: a data folder made from a backup. Its files are copied, then the tables are made again from archive
// and buffer as in a rebuild. Nothing runs meanwhile, and nothing can: see the marker in deliver/backup/restore.ts.
import { takeDataLock } from './control/lock.ts'
import { systemClock } from './core/clock.ts'
import type { Settings } from './core/settings.ts'
import {
  carriedIn,
  checkBackup,
  checkDataFolder,
  copyBackup,
  endRestore,
  verifyBackup,
} from './deliver/backup/restore.ts'
import { refusalOf } from './deliver/backup/target.ts'
import { rebuildRestored } from './rebuild-offline.ts'

export interface RestoreRequest {
  /** Absolute path of the backup. */
  readonly backup: string
  /** Only read every byte of the backup, and compare. */
  readonly verify?: boolean | undefined
}

export type RestoreProgress =
  | { readonly step: 'copying' | 'loading'; readonly done: number; readonly total: number }
  | { readonly end: RestoreOutcome }

export interface RestoreOutcome {
  readonly data: string
  readonly files: number
  readonly bytes: number
  readonly createdAt: string
  /** Made again from archive and buffer; null: nothing was restored, or an earlier run had done it. */
  readonly events: number | null
  readonly seconds: number
}

const progressIntervalMs = 200

/** Errors: backup-invalid, data-locked, disk-full, and those of a rebuild. */
export async function* restoreOffline(settings: Settings, request: RestoreRequest): AsyncGenerator<RestoreProgress> {
  const { data } = settings
  const startMs = systemClock.monotonicMs()
  const manifest = await checkBackup(request.backup)
  let events: number | null = null
  if (request.verify === true) {
    yield* paced(verifyBackup(request.backup, manifest), manifest.bytes)
  } else {
    await checkDataFolder(data, manifest)
    const lock = takeDataLock(data, { isRestoring: true })
    try {
      yield* paced(copyBackup(request.backup, data, manifest), manifest.bytes)
      for await (const line of rebuildRestored(settings, carriedIn(data, manifest))) {
        if ('end' in line) events = line.end.events
        else if ('done' in line) yield { step: 'loading', ...line }
      }
      await endRestore(data)
    } catch (error) {
      throw refusalOf(error, data, 'the restore has stopped')
    } finally {
      lock.release()
    }
  }
  const { files, bytes, createdAt } = manifest
  const seconds = Math.round((systemClock.monotonicMs() - startMs) / 100) / 10
  yield { end: { data, files, bytes, createdAt, events, seconds } }
}

async function* paced(steps: AsyncIterable<number>, total: number): AsyncGenerator<RestoreProgress> {
  let done = 0
  let toldAtMs = systemClock.monotonicMs()
  for await (const bytes of steps) {
    done += bytes
    if (systemClock.monotonicMs() - toldAtMs < progressIntervalMs) continue
    toldAtMs = systemClock.monotonicMs()
    yield { step: 'copying', done: Math.min(done, total), total }
  }
}
