// What every command gets: where to write, where settings come from, and how to start the server. Built once by main.ts;
// tests that need no process build their own.
import { readFile } from 'node:fs/promises'

import { loadSettings } from '../config/config.ts'
import type { Clock } from '../core/clock.ts'
import type { Settings } from '../core/settings.ts'

/** A stream of the process, as far as commands use it. */
export interface OutStream {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string | Uint8Array): boolean
  once(event: 'drain' | 'close', listener: () => void): unknown
  removeListener(event: 'drain' | 'close', listener: () => void): unknown
}

export interface CliContext {
  readonly stdout: OutStream
  readonly stderr: OutStream
  readonly readStdin: () => Promise<string>
  readonly workingFolder: string
  /** MILLPOND_ variables of the environment. */
  readonly variables: ReadonlyMap<string, string>
  readonly version: string
  readonly clock: Clock
  readonly wait: (ms: number) => Promise<void>
  /** Runs the server until it is told to stop. Heavy, so it is loaded only when called. */
  readonly runIntake: (settings: Settings) => Promise<void>
  /** Makes the tables again from the archive while nothing runs; needs the data lock. As heavy. */
  readonly rebuildOffline: (settings: Settings, request: OfflineRebuild) => AsyncIterable<unknown>
  /** Copies the data folder while nothing runs; needs the data lock. As heavy. */
  readonly backupOffline: (settings: Settings, request: OfflineBackup) => AsyncIterable<unknown>
  /** Fills an empty data folder from a backup; takes the lock itself. As heavy. */
  readonly restoreOffline: (settings: Settings, request: OfflineRestore) => AsyncIterable<unknown>
}

export interface OfflineBackup {
  readonly folder: string
  readonly version: string
}

export interface OfflineRestore {
  readonly backup: string
  readonly verify?: boolean | undefined
}

export interface OfflineRebuild {
  /** Gives up, and changes nothing. */
  readonly signal?: AbortSignal | undefined
  readonly dataset?: string | undefined
  readonly force?: boolean | undefined
}

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string
  readonly data?: string
}

/** Error: setting-invalid. */
export function settingsOf(context: CliContext, options: GlobalOptions): Settings {
  return loadSettings({
    variables: context.variables,
    workingFolder: context.workingFolder,
    ...(options.config === undefined ? {} : { file: options.config }),
    ...(options.data === undefined ? {} : { data: options.data }),
  })
}

/** Waits while the reader of a pipe is slower than we are. */
export async function writeOut(context: CliContext, text: string | Uint8Array): Promise<void> {
  if (context.stdout.write(text)) return
  const { stdout } = context
  await new Promise<void>((resolve) => {
    const goOn = (): void => {
      stdout.removeListener('drain', goOn)
      stdout.removeListener('close', goOn)
      resolve()
    }
    stdout.once('drain', goOn)
    stdout.once('close', goOn)
  })
}

/** What a file holds; `-` is standard input. */
export async function readText(context: CliContext, path: string): Promise<string> {
  return path === '-' ? context.readStdin() : readFile(path, 'utf8')
}
