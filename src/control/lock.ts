// data/lock: one process at a time owns a data folder. An exclusive SQLite transaction, never committed, is held for
// the owner's whole life; the kernel frees it when the process ends, however it ends. The file itself stays empty.
//
// Nothing else in the owning process may open `lock`: closing any handle of it would drop the kernel's lock.
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { type Files, isErrno, writeFileAtomic } from '../core/files.ts'
import { MillpondError } from '../core/errors.ts'

const sqliteBusy = 5
/** While it is there a restore into the data folder has begun and not ended: half of the data must not be taken for all. */
export const restoreMarker = join('restore', 'millpond-backup.json')

export interface DataLock {
  release(): void
}

export interface DataLockOptions {
  /** A command that takes the lock holds it for some milliseconds: waiting that long beats refusing. */
  readonly waitMs?: number
  /** For the restore itself. */
  readonly isRestoring?: boolean
}

/** What a running intake tells about itself in `run/intake.json`. */
export interface IntakeInfo {
  readonly pid: number
  readonly address: string
  /** `host:port` of Fluent Forward; absent when it is off. */
  readonly forwardAddress?: string
  readonly startedAtMicros: number
}

/**
 * Makes the data folder if absent. Blocks for at most `waitMs` (2,000). Errors: data-locked, naming the owner's pid;
 * backup-invalid if the folder is half restored.
 */
export function takeDataLock(dataFolder: string, options: DataLockOptions = {}): DataLock {
  if (options.isRestoring !== true && existsSync(join(dataFolder, restoreMarker))) throw halfRestored(dataFolder)
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const path = join(dataFolder, 'lock')
  const database = new DatabaseSync(path, { timeout: options.waitMs ?? 2_000 })
  chmodSync(path, 0o600)
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (!(error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy)) throw error
    throw lockedBy(dataFolder, error)
  }
  // The listener also keeps the database reachable: collected as garbage it would let go of the lock in mid-life.
  const close = (): void => database.close()
  process.once('exit', close)
  return {
    release() {
      process.off('exit', close)
      close()
    },
  }
}

/** Tells other processes who owns the data folder; written by intake when it listens. */
export async function writeIntakeInfo(files: Files, dataFolder: string, info: IntakeInfo): Promise<void> {
  await writeFileAtomic(files, join(dataFolder, 'run', 'intake.json'), `${JSON.stringify(info)}\n`)
}

/** What the last intake wrote; it need not run any more. */
export function readIntakeInfo(dataFolder: string): Partial<IntakeInfo> | undefined {
  try {
    const info: unknown = JSON.parse(readFileSync(join(dataFolder, 'run', 'intake.json'), 'utf8'))
    return typeof info === 'object' && info !== null ? info : undefined
  } catch (error) {
    // Absent, or torn by a copy: the pid is a help to people, nothing depends on it.
    if (isErrno(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}

function lockedBy(dataFolder: string, cause: unknown): MillpondError {
  const pid = readIntakeInfo(dataFolder)?.pid
  const who = pid === undefined ? 'another Millpond' : `another Millpond (pid ${pid})`
  return new MillpondError(
    'data-locked',
    `The data folder ${dataFolder} is in use by ${who}. Stop it first, or choose another folder with MILLPOND_DATA`,
    { cause },
  )
}

function halfRestored(dataFolder: string): MillpondError {
  return new MillpondError(
    'backup-invalid',
    `A restore into ${dataFolder} has not ended. Run the same \`millpond restore\` again: it goes on where it stopped`,
  )
}
