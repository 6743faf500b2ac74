// The checks of `millpond doctor`, in the order of a start. Each looks at one thing and never throws.
import { existsSync } from 'node:fs'
import { access, constants, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'

import { type DataLock, readIntakeInfo, takeDataLock } from '../control/lock.ts'
import { readSourcesFile, sourcesFileName } from '../control/sources-file.ts'
import { MillpondError, messageOf } from '../core/errors.ts'
import { daysUntilFull, folderBytes } from '../core/disk-use.ts'
import { diskFiles, isErrno, pathExists } from '../core/files.ts'
import type { Settings } from '../core/settings.ts'
import { socketPaths } from '../core/socket-paths.ts'
import { answers } from './access.ts'
import { type CliContext, type GlobalOptions, settingsOf } from './context.ts'
import { checkTls } from './doctor-tls.ts'
import { bytesText } from './units.ts'

export interface Check {
  readonly name: string
  /** warning: works, but somebody should know. */
  readonly state: 'good' | 'warning' | 'bad'
  readonly found: string
  /** What to do about it. */
  readonly next?: string
}

const nodeMajorMin = 24
const dayMs = 86_400_000
const daysLeftMin = 14

type Finding = Omit<Check, 'name'>

export async function examine(context: CliContext, options: GlobalOptions): Promise<Check[]> {
  const checks = [checkNode(), checkClock(context)]
  let settings: Settings
  try {
    settings = settingsOf(context, options)
  } catch (error) {
    const next = 'Mend it and run doctor again: everything else depends on it.'
    return [...checks, { name: 'settings', state: 'bad', found: messageOf(error), next }]
  }
  checks.push({ name: 'settings', state: 'good', found: 'all known, all in their bounds' })
  const lock = holdLock(settings.data)
  try {
    checks.push(
      await named('data folder', async () => await checkFolder(settings)),
      await named('disk', async () => await checkDisk(settings, context)),
      await named('running', async () => await checkRunning(settings, lock)),
      await named('port', async () =>
        checkPort({ host: settings.host, port: settings.httpPort, setting: 'MILLPOND_HTTP_PORT' }, lock === 'held'),
      ),
      await named('Forward port', async () => checkForwardPort(settings, lock === 'held')),
      await named('Postgres port', async () => checkPostgresPort(settings, lock === 'held')),
      await named('write keys', async () => await checkSources(settings)),
      await named('buffer', async () => await checkBuffer(settings)),
      await named('warehouse', async () => await checkWarehouse(settings)),
      await named('TLS', async () => await checkTls(settings, context.clock.nowMicros() / 1000)),
      await named('address', async () => checkAddress(settings)),
    )
  } finally {
    if (typeof lock === 'object') lock.release()
  }
  return checks
}

async function named(name: string, check: () => Promise<Finding>): Promise<Check> {
  try {
    return { name, ...(await check()) }
  } catch (error) {
    return { name, state: 'bad', found: messageOf(error), next: 'Check the rights of the data folder and the disk.' }
  }
}

function good(found: string): Finding {
  return { state: 'good', found }
}

function bad(found: string, next: string): Finding {
  return { state: 'bad', found, next }
}

function warning(found: string, next: string): Finding {
  return { state: 'warning', found, next }
}

function checkNode(): Check {
  const { node } = process.versions
  const isNew = Number.parseInt(node, 10) >= nodeMajorMin
  const finding = isNew
    ? good(`Node ${node}`)
    : bad(`Node ${node}`, `Millpond needs Node ${nodeMajorMin}: run npm ci again.`)
  return { name: 'node', ...finding }
}

/** A machine without a clock battery wakes up in 1970; stored times would be wrong for ever. */
function checkClock(context: CliContext): Check {
  const now = new Date(context.clock.nowMicros() / 1000)
  const isSane = now.getUTCFullYear() >= 2025 && now.getUTCFullYear() < 2100
  const found = `it is ${now.toISOString()}`
  return {
    name: 'clock',
    ...(isSane ? good(found) : bad(found, "Set the machine's clock before starting: rows keep these times.")),
  }
}

/** The lock itself while nobody runs, so that nobody starts in the middle of the checks; else what stands in the way. */
function holdLock(dataFolder: string): DataLock | 'held' | 'absent' | 'unreadable' {
  try {
    // Taking it would make it, and the folder.
    if (!existsSync(join(dataFolder, 'lock'))) return 'absent'
    return takeDataLock(dataFolder, { waitMs: 0 })
  } catch (error) {
    return error instanceof MillpondError && error.code === 'data-locked' ? 'held' : 'unreadable'
  }
}

async function checkFolder(settings: Settings): Promise<Finding> {
  const { data } = settings
  const isThere = await pathExists(data)
  let folder = data
  while (!(await pathExists(folder)) && dirname(folder) !== folder) folder = dirname(folder)
  try {
    await access(folder, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    // Which right is missing doesn't change what to do.
    return bad(`${folder} is not writable`, `Give this user the folder (chown), or choose another with MILLPOND_DATA.`)
  }
  if (!isThere) return good(`${data} will be made at the first start`)
  const found = await stat(data)
  if (!found.isDirectory()) return bad(`${data} is not a folder`, 'Choose another one with MILLPOND_DATA.')
  if ((found.mode & 0o077) !== 0) {
    return warning(`${data} can be read by other users`, `It holds keys and people's data: chmod 700 ${data}`)
  }
  return good(data)
}

async function checkDisk(settings: Settings, context: CliContext): Promise<Finding> {
  let folder = settings.data
  while (!(await pathExists(folder)) && dirname(folder) !== folder) folder = dirname(folder)
  const freeBytes = await diskFiles.freeBytes(folder)
  const found = `${bytesText(freeBytes)} free`
  if (freeBytes < settings.buffer.diskFreeBytesMin) {
    return bad(
      found,
      `Senders are refused below ${bytesText(settings.buffer.diskFreeBytesMin)} (MILLPOND_DISK_FREE_BYTES_MIN). Make room.`,
    )
  }
  const daysLeft = await estimateDaysLeft(settings, context, freeBytes)
  if (daysLeft === undefined) return good(found)
  const rate = `${found}, about ${Math.round(daysLeft)} days at the rate so far`
  return daysLeft < daysLeftMin ? warning(rate, 'Make room, or move the data folder to a larger disk.') : good(rate)
}

/** From what has gathered since the installation's secret was made; undefined in the first day. */
async function estimateDaysLeft(
  settings: Settings,
  context: CliContext,
  freeBytes: number,
): Promise<number | undefined> {
  const secret = join(settings.data, 'secret')
  if (!(await pathExists(secret))) return undefined
  const ageMs = context.clock.nowMicros() / 1000 - (await stat(secret)).mtimeMs
  if (ageMs < dayMs) return undefined
  const { ballastBytes, diskFreeBytesMin } = settings.buffer
  const usedBytes = (await folderBytes(settings.data)) - ballastBytes
  return daysUntilFull({ freeBytes: freeBytes - diskFreeBytesMin, usedBytes, ageMs })
}

async function checkRunning(settings: Settings, lock: ReturnType<typeof holdLock>): Promise<Finding> {
  if (lock === 'unreadable') return bad('the data lock cannot be opened', 'Check the rights of the data folder.')
  if (lock !== 'held') return good('no, and the data lock is free')
  const pid = readIntakeInfo(settings.data)?.pid
  const who = pid === undefined ? 'yes' : `yes, pid ${pid}`
  if (await answers(socketPaths(settings.data).admin)) return good(`${who}, and the engine answers`)
  return warning(`${who}, but the engine does not answer`, 'It is starting again; if that lasts, its log says why.')
}

interface PortWish {
  readonly host: string
  readonly port: number
  /** That names another. */
  readonly setting: string
}

/** Without a shared key it is opened on loopback, whatever the host. */
async function checkForwardPort({ host, forwardPort, forward }: Settings, isRunning: boolean): Promise<Finding> {
  if (forwardPort === undefined) return good('none is opened (MILLPOND_FORWARD_PORT=off)')
  const isShut = forward.forwardSharedKey === undefined
  return checkPort(
    { host: isShut ? '127.0.0.1' : host, port: forwardPort, setting: 'MILLPOND_FORWARD_PORT' },
    isRunning,
  )
}

async function checkPostgresPort({ host, postgresPort }: Settings, isRunning: boolean): Promise<Finding> {
  if (postgresPort === undefined) return good('none is opened (MILLPOND_POSTGRES_PORT=off)')
  return checkPort({ host, port: postgresPort, setting: 'MILLPOND_POSTGRES_PORT' }, isRunning)
}

async function checkPort({ host, port, setting }: PortWish, isRunning: boolean): Promise<Finding> {
  const where = `${host}:${port}`
  if (port === 0) return good('any free one')
  if (isRunning) return good(`${where}, of the running Millpond`)
  return await new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => {
      const isTaken = isErrno(error, 'EADDRINUSE')
      const next = isTaken
        ? `Stop the other program, or set ${setting}.`
        : `Set MILLPOND_HOST or ${setting} to one that this user may use.`
      resolve(bad(isTaken ? `${where} is taken` : `${where}: ${messageOf(error)}`, next))
    })
    server.listen({ host, port, exclusive: true }, () => {
      server.close(() => {
        resolve(good(`${where} is free`))
      })
    })
  })
}

async function checkSources(settings: Settings): Promise<Finding> {
  const path = join(settings.data, sourcesFileName)
  if (!(await pathExists(path))) return good('none yet: millpond source add web')
  const { keys } = readSourcesFile(path)
  const active = keys.filter((key) => key.state === 'active').length
  const found = `${active} active of ${keys.length} ever issued`
  if (((await stat(path)).mode & 0o077) !== 0)
    return warning(`${found}; other users can read them`, `chmod 600 ${path}`)
  return good(found)
}

async function checkBuffer(settings: Settings): Promise<Finding> {
  const folder = join(settings.data, 'buffer')
  const streams = await diskFiles.list(folder)
  if (streams.length === 0) return good('empty')
  const found: string[] = []
  let fullest = 0
  for (const stream of streams) {
    const bytes = await folderBytes(join(folder, stream))
    const files = (await diskFiles.list(join(folder, stream))).filter((name) => name.endsWith('.seg')).length
    fullest = Math.max(fullest, bytes)
    found.push(`${stream} ${bytesText(bytes)} in ${files} ${files === 1 ? 'segment' : 'segments'}`)
  }
  const text = found.join(', ')
  if (fullest < settings.buffer.streamBytesMax * 0.8) return good(text)
  return warning(
    text,
    `Senders are refused at ${bytesText(settings.buffer.streamBytesMax)} (MILLPOND_STREAM_BYTES_MAX): the engine is behind.`,
  )
}

/** What senders fed, and what people made. */
const warehouseFiles = ['fed.duckdb', 'made.duckdb']

async function checkWarehouse(settings: Settings): Promise<Finding> {
  const found: string[] = []
  for (const name of warehouseFiles) {
    const path = join(settings.data, 'warehouse', name)
    if (!(await pathExists(path))) continue
    const { size } = await stat(path)
    await access(path, constants.R_OK | constants.W_OK)
    found.push(`${name} ${bytesText(size)}`)
  }
  return good(found.length === 0 ? 'not made yet' : found.join(', '))
}

/** Some SDKs speak only https, and a server for everybody should too. */
function checkAddress(settings: Settings): Finding {
  const { publicUrl, host, tlsCert } = settings
  const address = publicUrl ?? `${tlsCert === undefined ? 'http' : 'https'}://${host}:${settings.httpPort}`
  if (address.startsWith('https://')) return good(address)
  const isLocal = /^(127\.|localhost$|::1$|\[::1\]$)/.test(host) && publicUrl === undefined
  const next =
    'Swift and Kotlin SDKs speak only https: set MILLPOND_TLS_CERT and _KEY, or MILLPOND_PUBLIC_URL of a proxy.'
  return isLocal ? good(`${address}, for this machine only`) : warning(address, next)
}
