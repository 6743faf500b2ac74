// Builds the intake process: the public port, the collect paths and the writing end of stream `events`. It is the
// parent of the engine, small and never blocked: what it answers is on disk, whatever the engine is doing.
import { flushCompileCache } from 'node:module'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'

import { openBallast } from './buffer/ballast.ts'
import type { StreamWriter } from './buffer/buffer.ts'
import type { Append } from './buffer/record.ts'
import { openWriter } from './buffer/writer.ts'
import {
  createClientAddress,
  createCollectServer,
  guardServer,
  type MediaDeps,
  removeUnnamed,
  serverOptions,
} from './collect/collect.ts'
import { createForwardServer, type ForwardServer, type ForwardTls } from './collect/fluent/fluent.ts'
import { type IntakeInfo, takeDataLock, writeIntakeInfo } from './control/lock.ts'
import { openKeyDirectory, type ReloadableKeyDirectory, sourcesFileName } from './control/sources-file.ts'
import { installationSecret } from './control/secret.ts'
import { systemClock } from './core/clock.ts'
import { diskFiles, pathExists } from './core/files.ts'
import { createLog, logOf, type Log } from './core/log.ts'
import type { Settings } from './core/settings.ts'
import { makeSocketFolder, socketPaths } from './core/socket-paths.ts'
import { openDiskStore } from './objects/disk/disk.ts'
import { encryptedStore } from './objects/encrypted/encrypted.ts'
import { wrappingKeys } from './objects/encrypted/keys.ts'
import { type Door, openDoor } from './processes/door.ts'
import { type EngineChild, startEngineChild } from './processes/engine-child.ts'
import {
  type EngineFacts,
  type IntakeStatus,
  type IntakeStream,
  intakeStreams,
  type ToIntake,
} from './processes/messages.ts'
import { endOrphanEngine } from './processes/orphan.ts'
import { createEngineProxy } from './processes/proxy.ts'
import { startBlock } from './processes/start-block.ts'
import { readTls, watchTls } from './processes/tls.ts'

const clock = systemClock
/** An orderly stop takes this long at most; then the rest is ended hard, which costs nothing but reading again. */
const stopTimeoutMs = 10_000
/** Of these, what requests in flight get at most, and what is kept for the writer after the engine. */
const doorTimeoutMs = 4_000
const writerTimeoutMs = 1_500
const forwardTimeoutMs = 2_000

interface Intake {
  stop(): Promise<void>
}

/** Runs until SIGINT or SIGTERM. Errors: data-locked, port-taken, setting-invalid. */
export async function runIntake(settings: Settings): Promise<void> {
  const log = createLog(settings.logLevel)
  const signalled = new Promise<void>((resolve) => {
    process.once('SIGINT', resolve)
    process.once('SIGTERM', resolve)
  })
  const intake = await startIntake(settings, log)
  await signalled
  log.info('Stopping: what was begun is finished first. A second signal ends it at once.')
  const endNow = (): void => {
    process.kill(process.pid, 'SIGKILL')
  }
  process.once('SIGINT', endNow)
  process.once('SIGTERM', endNow)
  const cancelDeadline = clock.schedule(() => {
    log.error(
      { stopTimeoutMs },
      'The stop did not finish in time; the process ends hard, and nothing answered is lost.',
    )
    endNow()
  }, stopTimeoutMs)
  await intake.stop()
  cancelDeadline()
  process.removeListener('SIGINT', endNow)
  process.removeListener('SIGTERM', endNow)
}

/** What to undo, last first, when a later step fails: a half-started process must not keep port or lock. */
type Undo = (() => void | Promise<void>)[]

async function startIntake(settings: Settings, log: Log): Promise<Intake> {
  const undo: Undo = []
  try {
    return await buildIntake(settings, log, undo)
  } catch (error) {
    for (const step of undo.toReversed()) await step()
    throw error
  }
}

async function buildIntake(settings: Settings, log: Log, undo: Undo): Promise<Intake> {
  const startedAtMicros = clock.nowMicros()
  const lock = takeDataLock(settings.data)
  undo.push(() => lock.release())
  const sockets = socketPaths(settings.data)
  await makeSocketFolder(sockets)
  await endOrphanEngine(sockets.runFolder, logOf(log, 'start'))

  const writers = await openWriters(settings, log, undo)
  const keys = openKeyDirectory(join(settings.data, sourcesFileName), { clock, log: logOf(log, 'control') })
  const clientAddress = createClientAddress(settings.trustedProxies)
  const proxy = createEngineProxy(
    { socketPath: sockets.http, clientAddress: (request) => clientAddress(request) ?? '' },
    { log: logOf(log, 'proxy'), isEngineUp: () => engine?.state() === 'running' },
  )
  undo.push(() => proxy.stop())
  let engine: EngineChild | undefined
  let door: Door | undefined
  const collect = createCollectServer(settings, {
    append: writers.events.append,
    keys,
    clock,
    log: logOf(log, 'collect'),
    fallback: proxy.handle,
    health: () => healthOf(writers, engine),
    media: await openMedia(settings, log),
    address: () => door?.boundAddress ?? '',
  })
  const opened = await openDoor(settings, collect.handle, {
    clock,
    log,
    options: serverOptions(),
    guard: (server) => guardServer(server, settings.collect, clock),
  })
  undo.push(() => opened.close(0))
  const { address } = opened
  door = opened
  const forward = await openForward(settings, writers.forward.append, log)
  undo.push(() => forward?.stop(0))
  const addresses = { address, ...(forward === undefined ? {} : { forwardAddress: forward.address }) }
  await tellWhoRuns(settings, { pid: process.pid, ...addresses, startedAtMicros }, log)

  const runningEngine = connectEngine(settings, log, {
    runFolder: sockets.runFolder,
    writers,
    keys,
    ...addresses,
    status: () => ({
      pid: process.pid,
      address,
      startedAtMicros,
      engineStarts: engine?.starts() ?? 0,
      residentBytes: process.memoryUsage.rss(),
      writers: { events: writers.events.status(), forward: writers.forward.status() },
      collect: collect.stats(),
      answers: collect.answers(),
      forward: forward?.stats() ?? {},
    }),
  })
  engine = runningEngine
  return {
    async stop() {
      const engineDeadlineMs = clock.monotonicMs() + stopTimeoutMs - writerTimeoutMs
      proxy.endFeeds()
      await Promise.all([opened.close(doorTimeoutMs), forward?.stop(forwardTimeoutMs)])
      await runningEngine.stop(engineDeadlineMs - clock.monotonicMs())
      await proxy.stop()
      await stopWriters(writers)
      lock.release()
    },
  }
}

interface EngineConnection {
  readonly runFolder: string
  readonly writers: IntakeWriters
  readonly keys: ReloadableKeyDirectory
  readonly address: string
  readonly forwardAddress?: string
  readonly status: () => IntakeStatus
}

/** Starts the engine, wakes it after each cut, and does what it asks for. */
function connectEngine(settings: Settings, log: Log, connection: EngineConnection): EngineChild {
  const { writers, keys, status } = connection
  const tellStarted = startAnnouncer(settings, connection)

  async function receive(message: ToIntake): Promise<void> {
    switch (message.kind) {
      case 'ready':
        tellStarted(message)
        return
      case 'covered':
        await writers[message.stream].release(message.sequence)
        return
      case 'sources-changed':
        keys.reload()
        return
      case 'ask-status':
        engine.send({ kind: 'status', question: message.question, status: status() })
    }
  }

  const engine = startEngineChild(
    {
      runFolder: connection.runFolder,
      queriesRunningMax: settings.query.queriesRunningMax,
      begin: { kind: 'begin', settings },
    },
    { clock, log: logOf(log, 'engine'), onMessage: (message) => void receive(message) },
  )
  for (const stream of intakeStreams) {
    writers[stream].onCut((cut) => {
      engine.send({ kind: 'cut', cut })
    })
  }
  return engine
}

/** The Fluent Forward port, unless it is switched off. Errors: port-taken, setting-invalid. */
async function openForward(settings: Settings, append: Append, log: Log): Promise<ForwardServer | undefined> {
  if (settings.forwardPort === undefined) return undefined
  const deps = { append, clock, log: logOf(log, 'forward') }
  const tls = await forwardTls(settings, log)
  return createForwardServer(settings, tls === undefined ? deps : { ...deps, tls })
}

async function forwardTls({ tlsCert, tlsKey }: Settings, log: Log): Promise<ForwardTls | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  const paths = { cert: tlsCert, key: tlsKey }
  const deps = { clock, log: logOf(log, 'tls') }
  return { ...(await readTls(paths)), watch: (server) => watchTls(server, paths, deps) }
}

type IntakeWriters = Readonly<Record<IntakeStream, StreamWriter>>

async function openWriters(settings: Settings, log: Log, undo: Undo): Promise<IntakeWriters> {
  const deps = { files: diskFiles, clock, log: logOf(log, 'buffer') }
  const ballast = await openBallast(join(settings.data, 'ballast'), settings.buffer, deps)
  async function open(stream: IntakeStream): Promise<StreamWriter> {
    const folder = join(settings.data, 'buffer', stream)
    const writer = await openWriter({ ...settings.buffer, stream, folder }, { ...deps, ballast })
    undo.push(() => writer.stop())
    return writer
  }
  return { events: await open('events'), forward: await open('forward') }
}

/** Files under media/, encrypted. What a killed process left of uploads goes. */
async function openMedia(settings: Settings, log: Log): Promise<MediaDeps> {
  const folder = join(settings.data, 'media')
  const secret = await installationSecret(diskFiles, settings.data, randomBytes)
  const keys = wrappingKeys(secret, settings.media.mediaKey)
  const disk = await openDiskStore({ folder, files: diskFiles, clock, log: logOf(log, 'media') })
  const store = encryptedStore({ store: disk, keys })
  await removeUnnamed(store, logOf(log, 'media'))
  return {
    settings: settings.media,
    diskFreeBytesMin: settings.buffer.diskFreeBytesMin,
    store,
    keyId: keys[0].id.toString('hex'),
    // Before the first file there is no folder yet.
    freeBytes: async () => diskFiles.freeBytes((await pathExists(folder)) ? folder : settings.data),
  }
}

async function stopWriters(writers: IntakeWriters): Promise<void> {
  for (const stream of intakeStreams) await writers[stream].stop()
}

/** Help for people only: a disk without room for it must not keep Millpond from starting, and from saying 503. */
async function tellWhoRuns(settings: Settings, info: IntakeInfo, log: Log): Promise<void> {
  try {
    await writeIntakeInfo(diskFiles, settings.data, info)
  } catch (error) {
    logOf(log, 'start').warn({ err: error }, 'run/intake.json could not be written; doctor will not know this process.')
  }
}

/** The block is printed once, when everything answers; a restarted engine doesn't print it again. */
function startAnnouncer(
  settings: Settings,
  { address, forwardAddress }: Pick<EngineConnection, 'address' | 'forwardAddress'>,
): (engine: EngineFacts) => void {
  let isTold = false
  return ({ oneTimeCode, postgresAddress }) => {
    if (isTold) return
    isTold = true
    const facts = { settings, address, forwardAddress, postgresAddress, oneTimeCode, command: commandName() }
    process.stdout.write(startBlock(facts))
    flushCompileCache()
  }
}

/** In a checkout `millpond` is on nobody's path. */
function commandName(): string {
  return import.meta.url.endsWith('.ts') ? 'node bin/millpond.js' : 'npx millpond'
}

/** What `/health` answers to anybody: states, no data. */
function healthOf(writers: IntakeWriters, engine: EngineChild | undefined): { ok: boolean; [name: string]: unknown } {
  const all = intakeStreams.map((stream) => writers[stream].status())
  const refusing = all.find((status) => status.refusing !== undefined)?.refusing
  const waitingBytes = all.reduce((sum, status) => sum + status.waitingBytes, 0)
  return {
    ok: refusing === undefined,
    collecting: refusing ?? 'ok',
    engine: engine?.state() ?? 'starting',
    waitingBytes,
  }
}
