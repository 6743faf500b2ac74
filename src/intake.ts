// Builds the intake process: the public port, the collect paths and the writing end of stream `events`. It is the
// parent of the engine, small and never blocked: what it answers is on disk, whatever the engine is doing.
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'

import { openBallast } from './buffer/ballast.ts'
import type { StreamWriter } from './buffer/buffer.ts'
import { openWriter } from './buffer/writer.ts'
import { createClientAddress, createCollectServer, guardServer, serverOptions } from './collect/collect.ts'
import { type IntakeInfo, takeDataLock, writeIntakeInfo } from './control/lock.ts'
import { openKeyDirectory, type ReloadableKeyDirectory, sourcesFileName } from './control/sources-file.ts'
import { systemClock } from './core/clock.ts'
import { diskFiles } from './core/files.ts'
import { createLog, logOf, type Log } from './core/log.ts'
import type { Settings } from './core/settings.ts'
import { makeSocketFolder, socketPaths } from './core/socket-paths.ts'
import { type Door, openDoor } from './processes/door.ts'
import { type EngineChild, startEngineChild } from './processes/engine-child.ts'
import type { IntakeStatus, ToIntake } from './processes/messages.ts'
import { endOrphanEngine } from './processes/orphan.ts'
import { createEngineProxy } from './processes/proxy.ts'
import { startBlock } from './processes/start-block.ts'

const clock = systemClock
/** An orderly stop takes this long at most; then the rest is ended hard, which costs nothing but reading again. */
const stopTimeoutMs = 10_000
/** Of these, what requests in flight get at most, and what is kept for the writer after the engine. */
const doorTimeoutMs = 4_000
const writerTimeoutMs = 1_500

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

  const writer = await openEventsWriter(settings, log)
  undo.push(() => writer.stop())
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
    append: writer.append,
    keys,
    clock,
    log: logOf(log, 'collect'),
    fallback: proxy.handle,
    health: () => healthOf(writer, engine),
    address: () => door?.boundAddress ?? '',
  })
  const opened = await openDoor(settings, collect.handle, {
    clock,
    log,
    options: serverOptions(settings.collect),
    guard: (server) => guardServer(server, settings.collect),
  })
  undo.push(() => opened.close(0))
  const { address } = opened
  door = opened
  await tellWhoRuns(settings, { pid: process.pid, address, startedAtMicros }, log)

  const runningEngine = connectEngine(settings, log, {
    runFolder: sockets.runFolder,
    writer,
    keys,
    address,
    status: () => ({
      pid: process.pid,
      address,
      startedAtMicros,
      engineStarts: engine?.starts() ?? 0,
      residentBytes: process.memoryUsage.rss(),
      writer: writer.status(),
      collect: collect.stats(),
    }),
  })
  engine = runningEngine
  return {
    async stop() {
      const engineDeadlineMs = clock.monotonicMs() + stopTimeoutMs - writerTimeoutMs
      proxy.endFeeds()
      await opened.close(doorTimeoutMs)
      await runningEngine.stop(engineDeadlineMs - clock.monotonicMs())
      await proxy.stop()
      await writer.stop()
      lock.release()
    },
  }
}

interface EngineConnection {
  readonly runFolder: string
  readonly writer: StreamWriter
  readonly keys: ReloadableKeyDirectory
  readonly address: string
  readonly status: () => IntakeStatus
}

/** Starts the engine, wakes it after each cut, and does what it asks for. */
function connectEngine(settings: Settings, log: Log, connection: EngineConnection): EngineChild {
  const { writer, keys, status } = connection
  const tellStarted = startAnnouncer(settings, connection.address)

  async function receive(message: ToIntake): Promise<void> {
    switch (message.kind) {
      case 'ready':
        tellStarted(message.oneTimeCode)
        return
      case 'covered':
        await writer.release(message.sequence)
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
  writer.onCut((cut) => {
    engine.send({ kind: 'cut', cut })
  })
  return engine
}

async function openEventsWriter(settings: Settings, log: Log): Promise<StreamWriter> {
  const deps = { files: diskFiles, clock, log: logOf(log, 'buffer') }
  const ballast = await openBallast(join(settings.data, 'ballast'), settings.buffer, deps)
  const folder = join(settings.data, 'buffer', 'events')
  return openWriter({ ...settings.buffer, stream: 'events', folder }, { ...deps, ballast })
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
function startAnnouncer(settings: Settings, address: string): (oneTimeCode: string | undefined) => void {
  let isTold = false
  return (oneTimeCode) => {
    if (isTold) return
    isTold = true
    process.stdout.write(startBlock({ settings, address, oneTimeCode, command: commandName() }))
    flushCompileCache()
  }
}

/** In a checkout `millpond` is on nobody's path. */
function commandName(): string {
  return import.meta.url.endsWith('.ts') ? 'node bin/millpond.js' : 'npx millpond'
}

/** What `/health` answers to anybody: states, no data. */
function healthOf(writer: StreamWriter, engine: EngineChild | undefined): { ok: boolean; [name: string]: unknown } {
  const { refusing, waitingBytes } = writer.status()
  return {
    ok: refusing === undefined,
    collecting: refusing ?? 'ok',
    engine: engine?.state() ?? 'starting',
    waitingBytes,
  }
}
