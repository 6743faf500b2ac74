// Certificate and key from PEM files, loaded again when either changes, so that a renewal needs no restart.
import { watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createSecureContext, type Server as SecureServer } from 'node:tls'

import type { Clock } from '../core/clock.ts'
import { MillpondError, messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'

export interface TlsPaths {
  readonly cert: string
  readonly key: string
}

/** Renewals write two files one after the other; wait until both are there. */
const settleMs = 500

/** Error: setting-invalid, also for files that are no PEM or don't belong together. */
export async function readTls(paths: TlsPaths): Promise<{ cert: Buffer; key: Buffer }> {
  try {
    const pair = { cert: await readFile(paths.cert), key: await readFile(paths.key) }
    createSecureContext(pair)
    return pair
  } catch (error) {
    const message = `The TLS files can't be used (${paths.cert}, ${paths.key}): ${messageOf(error)}`
    throw new MillpondError('setting-invalid', message, { cause: error })
  }
}

/** The returned function ends the watching. */
export function watchTls(server: SecureServer, paths: TlsPaths, deps: { clock: Clock; log: Log }): () => void {
  let cancelReload = (): void => undefined

  async function reload(): Promise<void> {
    try {
      server.setSecureContext(await readTls(paths))
      deps.log.info('The TLS certificate was loaded again.')
    } catch (error) {
      deps.log.error({ err: error }, 'The changed TLS files are not usable; the certificate loaded before stays.')
    }
  }
  // Folders, not files: renewals replace files by rename, and a watched file that is replaced is watched no more.
  const watchers = [...new Set([dirname(paths.cert), dirname(paths.key)])].map((folder) =>
    watch(folder, { persistent: false }, () => {
      cancelReload()
      cancelReload = deps.clock.schedule(() => void reload(), settleMs)
    }),
  )
  for (const watcher of watchers) {
    watcher.on('error', (error) => {
      deps.log.error({ err: error }, 'A folder of TLS files is watched no more; a renewal needs a restart.')
    })
  }
  return () => {
    cancelReload()
    for (const watcher of watchers) watcher.close()
  }
}
