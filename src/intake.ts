// Builds the intake process: the public port, the collect paths and the writing end of stream `events`. It is the
// parent of the engine, small and never blocked: what it answers is on disk, whatever the engine is doing.
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createSecureServer, Server as SecureServer } from 'node:https'
import { flushCompileCache } from 'node:module'
import type { Socket } from 'node:net'
import { join } from 'node:path'

import { openBallast } from './buffer/ballast.ts'
import type { StreamWriter } from './buffer/buffer.ts'
import { openWriter } from './buffer/writer.ts'
import { createClientAddress, createCollectServer, guardServer, serverOptions } from './collect/collect.ts'
import { type IntakeInfo, takeDataLock, writeIntakeInfo } from './control/lock.ts'
import { openKeyDirectory, type ReloadableKeyDirectory, sourcesFileName } from './control/sources-file.ts'
import { systemClock } from './core/clock.ts'
import { MillpondError } from './core/errors.ts'
import { diskFiles, isErrno } from './core/files.ts'
import { createLog, logOf, type Log } from './core/log.ts'
import type { Settings } from './core/settings.ts'
import { makeSocketFolder, socketPaths } from './core/socket-paths.ts'
import { type EngineChild, startEngineChild } from './processes/engine-child.ts'
import type { IntakeStatus, ToIntake } from './processes/messages.ts'
import { endOrphanEngine } from './processes/orphan.ts'
import { createEngineProxy } from './processes/proxy.ts'
import { startBlock } from './processes/start-block.ts'
import { readTls, watchTls } from './processes/tls.ts'

const clock = systemClock
/** An orderly stop takes this long at most; then the rest is ended hard, which costs nothing but reading again. */
const stopTimeoutMs = 10_000

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
  await intake.stop()
  process.removeListener('SIGINT', endNow)
  process.removeListener('SIGTERM', endNow)
}

async function startIntake(settings: Settings, log: Log): Promise<Intake> {
  const startedAtMicros = clock.nowMicros()
  const tls = await tlsOf(settings)
  const lock = takeDataLock(settings.data)
  const sockets = socketPaths(settings.data)
  await makeSocketFolder(sockets)
  await endOrphanEngine(sockets.runFolder, logOf(log, 'start'))

  const writer = await openEventsWriter(settings, log)
  const keys = openKeyDirectory(join(settings.data, sourcesFileName), { clock, log: logOf(log, 'control') })
  const clientAddress = createClientAddress(settings.trustedProxies)
  const proxy = createEngineProxy(
    { socketPath: sockets.http, clientAddress: (request) => clientAddress(request) ?? '' },
    { log: logOf(log, 'proxy'), isEngineUp: () => engine?.state() === 'running' },
  )
  let engine: EngineChild | undefined
  let door: Door | undefined
  const collect = createCollectServer(settings, {
    append: writer.append,
    keys,
    clock,
    log: logOf(log, 'collect'),
    fallback: proxy.handle,
    health: () => healthOf(writer, engine),
    address: () => door?.address ?? '',
  })
  const opened = await openDoor(settings, tls, collect.handle, log)
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
      proxy.endFeeds()
      await opened.close()
      await runningEngine.stop()
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
      stopTimeoutMs,
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

interface Tls {
  readonly paths: { readonly cert: string; readonly key: string }
  readonly content: { readonly cert: Buffer; readonly key: Buffer }
}

async function tlsOf({ tlsCert, tlsKey }: Settings): Promise<Tls | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  const paths = { cert: tlsCert, key: tlsKey }
  return { paths, content: await readTls(paths) }
}

/** The public port. */
interface Door {
  readonly address: string
  close(): Promise<void>
}

async function openDoor(settings: Settings, tls: Tls | undefined, handle: RequestListener, log: Log): Promise<Door> {
  const server = openServer(settings, tls, handle)
  const closeUnused = trackUnused(server)
  const port = await listen(server, settings)
  const stopTls =
    tls === undefined ? undefined : watchTls(server as SecureServer, tls.paths, { clock, log: logOf(log, 'tls') })
  return {
    address: settings.publicUrl ?? `${tls === undefined ? 'http' : 'https'}://${urlHost(settings.host)}:${port}`,
    async close() {
      stopTls?.()
      await closeServer(server, closeUnused)
    },
  }
}

function openServer(settings: Settings, tls: Tls | undefined, handle: RequestListener): Server | SecureServer {
  const options = serverOptions(settings.collect)
  const server =
    tls === undefined ? createServer(options, handle) : createSecureServer({ ...options, ...tls.content }, handle)
  guardServer(server, settings.collect)
  return server
}

/** Resolves with the port. Error: port-taken. */
async function listen(server: Server, settings: Settings): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      const taken = `Port ${settings.httpPort} is taken. Stop what uses it, or set MILLPOND_HTTP_PORT to another (0 = any free)`
      reject(isErrno(error, 'EADDRINUSE') ? new MillpondError('port-taken', taken, { cause: error }) : error)
    })
    server.listen(settings.httpPort, settings.host, resolve)
  })
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : settings.httpPort
}

/**
 * Browsers and SDKs open connections ahead of need, and Node doesn't count one as idle before its first request. The
 * returned function closes those.
 */
function trackUnused(server: Server | SecureServer): () => void {
  const unused = new Set<Socket>()
  server.on(server instanceof SecureServer ? 'secureConnection' : 'connection', (socket: Socket) => {
    unused.add(socket)
    socket.once('close', () => unused.delete(socket))
  })
  server.on('request', (request) => unused.delete(request.socket))
  return () => {
    for (const socket of unused) socket.destroy()
  }
}

/** Requests in flight get their answer; connections that only wait are closed. */
async function closeServer(server: Server, closeUnused: () => void): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
  })
  server.closeIdleConnections()
  closeUnused()
  const cancelDeadline = clock.schedule(() => {
    server.closeAllConnections()
  }, stopTimeoutMs / 2)
  await closed
  cancelDeadline()
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

function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') ? `[${host}]` : host
}
