// `millpond backup` while nothing runs: the command line holds the data lock.
import { join } from 'node:path'

import { openControl } from './control/control.ts'
import { systemClock } from './core/clock.ts'
import { diskFiles, pathExists, removeFolder } from './core/files.ts'
import { createLog, logOf } from './core/log.ts'
import type { Settings } from './core/settings.ts'
import { backup, type BackupProgress, type BackupRequest } from './deliver/backup/backup.ts'
import { lostBeginnings } from './deliver/rebuild/beginnings.ts'
import { finishSwap } from './deliver/rebuild/swap.ts'
import { openDiskStore } from './objects/disk/disk.ts'
import { openDuckdbWarehouse } from './warehouse/duckdb/duckdb.ts'
import { madeFile } from './warehouse/duckdb/made-file.ts'
import { fedFile } from './warehouse/duckdb/open.ts'

const clock = systemClock

export interface OfflineBackupRequest extends BackupRequest {
  /** Of this program. */
  readonly version: string
}

/** Errors: those of `backup`, and warehouse-unreadable. */
export async function* backupOffline(
  settings: Settings,
  { version, ...request }: OfflineBackupRequest,
): AsyncGenerator<BackupProgress> {
  const { data } = settings
  const log = logOf(createLog(settings.logLevel), 'backup')
  await finishSwap(data, fedFile, { files: diskFiles, removeFolder })
  const archive = await openDiskStore({ folder: join(data, 'archive'), clock, log })
  const media = await openDiskStore({ folder: join(data, 'media'), clock, log })
  const control = await openControl(data, { clock, log })
  try {
    const folder = join(data, 'warehouse')
    const hasWarehouse = await pathExists(join(folder, fedFile))
    const driver = hasWarehouse
      ? await openDuckdbWarehouse({ folder, settings: settings.warehouse, clock, log })
      : undefined
    try {
      yield* backup(request, {
        data,
        driver,
        exclusively: async (work) => work(),
        lostBeginnings: async () => lostBeginnings(data, diskFiles, archive),
        copyControl: async (path) => control.copyTo(path),
        holdMade: async () => driver?.made.holdStill() ?? lonelyMade(folder),
        archive,
        media,
        version,
        clock,
      })
    } finally {
      await driver?.stop()
    }
  } finally {
    await control.stop()
  }
}

/** Without the fed file there is no warehouse to open, and nobody else has the file. */
async function lonelyMade(folder: string) {
  const file = join(folder, madeFile)
  return (await pathExists(file)) ? { file, log: `${file}.wal`, release: () => undefined } : undefined
}
