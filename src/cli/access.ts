// Who answers a command: a running Millpond over its socket, or, when none runs, the data folder itself under the lock.
//
//   socket answers ─────────────────────────▶ engine
//   no answer ──lock is free──▶ the data folder (or not-running)
//        └──lock is held: the engine is starting again──▶ ask again, for 5 s ──▶ engine-unavailable
import { existsSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'

import {
  type Control,
  openControl,
  type Source,
  type SourcePlatform,
  type SourceState,
  type TokenInfo,
} from '../control/control.ts'
import { type DataLock, takeDataLock } from '../control/lock.ts'
import { MillpondError } from '../core/errors.ts'
import { createLog } from '../core/log.ts'
import type { Settings } from '../core/settings.ts'
import { socketPaths } from '../core/socket-paths.ts'
import { type AdminClient, createAdminClient } from './admin-client.ts'
import type { CliContext } from './context.ts'

const engineWaitMs = 5_000
const askAgainMs = 100

/** Sources and tokens, wherever they are kept at the moment. */
export interface Keeper {
  listSources(): Promise<Source[]>
  addSource(source: string, platform: SourcePlatform): Promise<Source>
  rotateSource(source: string): Promise<Source>
  setSourceState(source: string, state: SourceState): Promise<Source>
  listTokens(): Promise<TokenInfo[]>
  /** `for`: whose it will be; else the owner's. `days`: how long it is good; else until it is revoked. */
  createToken(name: string, asked: { for?: string; days?: number }): Promise<{ info: TokenInfo; token: string }>
  revokeToken(id: string): Promise<void>
}

/** Errors: data-locked, engine-unavailable, and those of `work`. */
export async function withKeeper<T>(
  context: CliContext,
  settings: Settings,
  work: (keeper: Keeper) => Promise<T>,
): Promise<T> {
  const access = await findAccess(context, settings)
  if (access.client !== undefined) {
    return await closing(access.client, async (client) => await work(remoteKeeper(client)))
  }
  const lock = access.lock ?? takeDataLock(settings.data)
  try {
    const control = await openControl(settings.data, { clock: context.clock, log: createLog('silent') })
    try {
      return await work(localKeeper(control, context.clock))
    } finally {
      await control.stop()
    }
  } finally {
    lock.release()
  }
}

/** Errors: not-running, engine-unavailable, and those of `work`. */
export async function withEngine<T>(
  context: CliContext,
  settings: Settings,
  work: (client: AdminClient) => Promise<T>,
): Promise<T> {
  const access = await findAccess(context, settings)
  access.lock?.release()
  if (access.client === undefined) {
    throw new MillpondError('not-running', `No Millpond is running on the data folder ${settings.data}`)
  }
  return await closing(access.client, work)
}

/**
 * Over the socket while Millpond runs, else on the data folder, which is ours alone meanwhile. Errors: data-locked,
 * engine-unavailable, and those of the work.
 */
export async function withEngineOrFolder<T>(
  context: CliContext,
  settings: Settings,
  work: { engine: (client: AdminClient) => Promise<T>; folder: () => Promise<T> },
): Promise<T> {
  const access = await findAccess(context, settings)
  if (access.client !== undefined) return await closing(access.client, work.engine)
  const lock = access.lock ?? takeDataLock(settings.data)
  try {
    return await work.folder()
  } finally {
    lock.release()
  }
}

type Access = { client: AdminClient; lock?: undefined } | { client?: undefined; lock: DataLock | undefined }

async function findAccess(context: CliContext, settings: Settings): Promise<Access> {
  const socket = socketPaths(settings.data).admin
  const deadlineMs = context.clock.monotonicMs() + engineWaitMs
  for (;;) {
    if (await answers(socket)) return { client: await createAdminClient(socket) }
    const lock = tryLock(settings.data)
    if (lock !== 'held') return { lock }
    if (context.clock.monotonicMs() >= deadlineMs) {
      throw new MillpondError(
        'engine-unavailable',
        'Millpond is running, but its engine has not answered for 5 seconds',
      )
    }
    await context.wait(askAgainMs)
  }
}

/** Undefined: there is no data folder yet, and asking must not make one. */
function tryLock(dataFolder: string): DataLock | 'held' | undefined {
  if (!existsSync(join(dataFolder, 'lock'))) return undefined
  try {
    return takeDataLock(dataFolder, { waitMs: 0 })
  } catch (error) {
    if (error instanceof MillpondError && error.code === 'data-locked') return 'held'
    throw error
  }
}

/** True if somebody listens at the socket. */
export async function answers(socketPath: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(socketPath)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => {
      resolve(false)
    })
  })
}

async function closing<T>(client: AdminClient, work: (client: AdminClient) => Promise<T>): Promise<T> {
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

function localKeeper(control: Control, clock: CliContext['clock']): Keeper {
  return {
    async listSources() {
      return control.listSources()
    },
    async addSource(source, platform) {
      return await control.addSource(source, platform)
    },
    async rotateSource(source) {
      return await control.rotateSource(source)
    },
    async setSourceState(source, state) {
      return await control.setSourceState(source, state)
    },
    async listTokens() {
      return control.listTokens()
    },
    async createToken(name, { for: handle, days }) {
      const expiresAtMicros = days === undefined ? undefined : clock.nowMicros() + days * 24 * 3_600_000_000
      return await control.createToken(name, handle, expiresAtMicros)
    },
    async revokeToken(id) {
      await control.revokeToken(id)
    },
  }
}

function remoteKeeper(client: AdminClient): Keeper {
  const path = (source: string, action: string): string => `/api/sources/${encodeURIComponent(source)}/${action}`
  return {
    async listSources() {
      return listIn<Source>(await client.call('GET', '/api/sources'), 'sources')
    },
    async addSource(source, platform) {
      return (await client.call('POST', '/api/sources', { source, platform })) as Source
    },
    async rotateSource(source) {
      return (await client.call('POST', path(source, 'rotate'))) as Source
    },
    async setSourceState(source, state) {
      return (await client.call('POST', path(source, state === 'active' ? 'enable' : 'disable'))) as Source
    },
    async listTokens() {
      return listIn<TokenInfo>(await client.call('GET', '/api/tokens'), 'tokens')
    },
    async createToken(name, { for: handle, days: expiresInDays }) {
      const input = { name, for: handle, expiresInDays }
      const made = (await client.call('POST', '/api/tokens', input)) as TokenInfo & { token: string }
      const { token, ...info } = made
      return { info, token }
    },
    async revokeToken(id) {
      await client.call('DELETE', `/api/tokens/${encodeURIComponent(id)}`)
    },
  }
}

/** The list in an answer `{"<name>":[…]}`, or the answer itself if it is one. */
export function listIn<T>(answer: unknown, name: string): T[] {
  const list = Array.isArray(answer) ? answer : (answer as Record<string, unknown> | undefined)?.[name]
  if (Array.isArray(list)) return list as T[]
  throw new MillpondError('bug', `the engine answered without a list of ${name}`)
}
