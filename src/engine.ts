// Builds the engine process: control, warehouse, loader, query road and the API on two sockets. Started by intake over
// a fork; started back to front (storage first, doors last), stopped front to back.
import { chmod, rm } from 'node:fs/promises'
import { flushCompileCache } from 'node:module'
import { join } from 'node:path'

import type { FastifyInstance } from 'fastify'

import type { StreamWriter } from './buffer/buffer.ts'
import { openWriter } from './buffer/writer.ts'
import { type Control, openControl, type Source } from './control/control.ts'
import { systemClock } from './core/clock.ts'
import { diskFiles } from './core/files.ts'
import { createLog, logOf, type Log } from './core/log.ts'
import type { Part } from './core/part.ts'
import { RecentTimes } from './core/recent-times.ts'
import type { Settings } from './core/settings.ts'
import { type SocketPaths, socketPaths } from './core/socket-paths.ts'
import { createDeadLetters, type DeadLetterDeps } from './deliver/dead-letters.ts'
import { readRewritten } from './deliver/archive/rewritten.ts'
import type { Hub } from './deliver/destinations/hub.ts'
import { type Loader, startLoader } from './deliver/deliver.ts'
import { startOutboxRelay } from './deliver/outbox-relay.ts'
import { type ApiDeps, buildApi } from './portal/api/api.ts'
import { shareStatus } from './portal/api/shared-status.ts'
import type { Status } from './portal/api/status.ts'
import type { IntakeStatus, ToEngine, ToIntake } from './processes/messages.ts'
import { readStatus } from './engine-status.ts'
import { openForgetting, openHub } from './engine-hub.ts'
import { DiskMeter } from './engine-disk.ts'
import { finishLastRebuild, seedIfLost, startUpkeep, type Upkeep } from './engine-upkeep.ts'
import { lowerPoolPriority } from './processes/thread-priority.ts'
import { startAsking } from './engine-query.ts'
import type { WarehouseDriver } from './warehouse/driver.ts'
import { openDuckdbWarehouse } from './warehouse/duckdb/duckdb.ts'

const clock = systemClock

function tellIntake(message: ToIntake): void {
  if (process.connected) process.send?.(message)
}

/** Questions to intake that wait for their answer, by number. */
function createIntakeQuestions(): {
  ask: () => Promise<IntakeStatus>
  answer: (question: number, status: IntakeStatus) => void
} {
  const waiting = new Map<number, (status: IntakeStatus) => void>()
  let last = 0
  return {
    ask: async () =>
      new Promise((resolve) => {
        last += 1
        waiting.set(last, resolve)
        tellIntake({ kind: 'ask-status', question: last })
      }),
    answer(question, status) {
      waiting.get(question)?.(status)
      waiting.delete(question)
    },
  }
}

interface Engine {
  readonly loader: Loader
  answerStatus(question: number, status: IntakeStatus): void
  /** For the start block; undefined when nobody needs one. */
  makeOneTimeCode(): Promise<string | undefined>
  readonly postgresAddress: string | undefined
  stop(): Promise<void>
}

/** What the engine keeps things in. */
interface Storage {
  readonly control: Control
  readonly driver: WarehouseDriver
  readonly writer: StreamWriter
  readonly disk: DiskMeter
  readonly freshTimes: RecentTimes
}

async function openStorage(settings: Settings, log: Log): Promise<Storage> {
  const { data, warehouse, buffer } = settings
  await finishLastRebuild(data)
  const control = await openControl(data, {
    clock,
    log: logOf(log, 'control'),
    login: { settings: settings.login, publicUrl: settings.publicUrl },
  })
  const driver = await openDuckdbWarehouse({
    folder: join(data, 'warehouse'),
    settings: warehouse,
    functionLimits: { callsMax: settings.query.jsUdfRowsMax, timeMsMax: settings.query.jsUdfTimeMsMax },
    clock,
    log: logOf(log, 'warehouse'),
  })
  await seedIfLost(driver, settings)
  const writer = await openWriter(
    { ...buffer, stream: 'engine', folder: join(data, 'buffer', 'engine') },
    { files: diskFiles, clock, log: logOf(log, 'buffer') },
  )
  return { control, driver, writer, disk: new DiskMeter(settings, clock), freshTimes: new RecentTimes(clock) }
}

/** For replays. */
function sourcesNow(control: Control): Pick<DeadLetterDeps, 'hasSource' | 'planOf'> {
  const hasSource = (source: string): boolean => sourceOf(control, source) !== undefined
  const planOf = (source: string) => (hasSource(source) ? control.trackingPlan(source).inForce : undefined)
  return { hasSource, planOf }
}

function sourceOf(control: Control, name: string): Source | undefined {
  return control.listSources().find(({ source }) => source === name)
}

/** From the buffer into the warehouse and the archive. */
async function startRoad(
  settings: Settings,
  storage: Storage,
  askingNight: (signal: AbortSignal) => Promise<void>,
  hub: Hub,
  log: Log,
): Promise<{ loader: Loader; upkeep: Upkeep }> {
  const { control, driver, writer } = storage
  const loader = await startLoader(
    { dataFolder: settings.data, settings, platformOf: (source) => sourceOf(control, source)?.platform ?? 'client' },
    {
      driver,
      clock,
      log: logOf(log, 'deliver'),
      onLoaded: (positions, oldestMicros) => {
        if (oldestMicros > 0) storage.freshTimes.record((clock.nowMicros() - oldestMicros) / 1000)
        hub.loaded(positions)
      },
      verdictsNeededFromMicros: () => hub.neededFromMicros(),
      onWarehouseBroken: (error) => {
        endHard(error, 'The warehouse is broken; the engine ends and is started again from the last checkpoint.', log)
      },
    },
  )
  writer.onCut(() => {
    loader.wake('engine')
  })
  const upkeep = await startUpkeep({
    settings,
    control,
    driver,
    loader,
    append: writer.append,
    askingNight,
    clock,
    log,
    release: ({ stream, sequence }) => {
      if (stream === 'engine') void writer.release(sequence)
      else if (stream !== 'appends') tellIntake({ kind: 'covered', stream, sequence })
    },
  })
  return { loader, upkeep }
}

async function stopInTurn(parts: readonly Part[]): Promise<void> {
  for (const part of parts) await part.stop()
}

async function startEngine(settings: Settings, log: Log): Promise<Engine> {
  const startedAtMicros = clock.nowMicros()
  const storage = await openStorage(settings, log)
  const { control, driver, writer } = storage
  const asking = await startAsking({ settings, control, driver, writer, clock, log })
  const hub = await openHub(settings, { ...storage, append: storage.writer.append }, log)
  const { loader, upkeep } = await startRoad(settings, storage, asking.night, hub, log)
  hub.loaded(loader.status().positions)
  const forgetting = openForgetting(control, log)
  const { archive, maintenance, backup } = upkeep
  const questions = createIntakeQuestions()
  const { append } = writer
  const relay = startOutboxRelay({ outbox: control.outbox, append, clock, log: logOf(log, 'outbox') })
  const askStatus = async (): Promise<Status> =>
    readStatus({
      ...storage,
      settings,
      loader,
      archive,
      appends: asking.appends,
      askIntake: questions.ask,
      startedAtMicros,
      queryTimes: asking.side.times,
    })
  await lowerPoolPriority()
  const doors = await openDoors(socketPaths(settings.data), {
    control,
    query: asking.side.road,
    jobs: asking.jobs,
    alerts: asking.alerts,
    reports: asking.reports,
    bigquery: asking.bigquery,
    checkFilter: asking.checkFilter,
    openBelow: async (place) => asking.side.openBelow(place),
    storage: asking.storage,
    deadLetters: createDeadLetters({ driver, append, clock, ...sourcesNow(control) }),
    maintenance,
    backup,
    append,
    live: loader.live,
    hub,
    forgetting,
    rewrittenUntilMicros: async () => (await readRewritten(diskFiles, settings.data)).untilMicros,
    ...shareStatus(askStatus, clock),
    publicUrl: settings.publicUrl,
    budgets: settings.warehouse,
    sourcesChanged: () => {
      tellIntake({ kind: 'sources-changed' })
      loader.sourcesChanged()
    },
    clock,
    log: logOf(log, 'portal'),
  })
  return {
    loader,
    answerStatus: questions.answer,
    postgresAddress: asking.postgresAddress,
    makeOneTimeCode: async () => makeOneTimeCode(control, (await questions.ask()).startedAtMicros, log),
    async stop() {
      for (const door of doors) await door.close()
      // The nightly work waits for turns that only a running loader gives.
      const { nightly } = upkeep
      await stopInTurn([forgetting, relay, hub, asking, nightly, loader, upkeep, writer, driver, control])
    },
  }
}

function endHard(error: unknown, message: string, log: Log): void {
  log.fatal({ err: error }, message)
  process.kill(process.pid, 'SIGKILL')
}

/** A disk without room for a code must not end the engine: `millpond token create` is another way in, later. */
function makeOneTimeCode(control: Control, intakeStartedAtMicros: number, log: Log): string | undefined {
  try {
    return control.oneTimeCodeNeeded(intakeStartedAtMicros) ? control.createOneTimeCode() : undefined
  } catch (error) {
    log.warn({ err: error }, 'The one-time link could not be made; `millpond token create` makes a way in.')
    return undefined
  }
}

async function openDoors(sockets: SocketPaths, deps: ApiDeps): Promise<FastifyInstance[]> {
  return [await listen(buildApi('public', deps), sockets.http), await listen(buildApi('admin', deps), sockets.admin)]
}

async function listen(app: FastifyInstance, path: string): Promise<FastifyInstance> {
  await rm(path, { force: true })
  await app.listen({ path })
  await chmod(path, 0o600)
  return app
}

function runEngine(): void {
  let engine: Promise<Engine> | undefined
  let log = createLog('info')

  async function receive(message: ToEngine): Promise<void> {
    switch (message.kind) {
      case 'begin': {
        log = createLog(message.settings.logLevel)
        engine = startEngine(message.settings, log)
        const started = await engine
        // A process that is killed doesn't write its cache at exit.
        flushCompileCache()
        const { postgresAddress } = started
        tellIntake({ kind: 'ready', oneTimeCode: await started.makeOneTimeCode(), postgresAddress })
        return
      }
      case 'cut':
        ;(await engine)?.loader.wake(message.cut.stream)
        return
      case 'status':
        ;(await engine)?.answerStatus(message.question, message.status)
        return
      case 'stop':
        await (await engine)?.stop()
        process.disconnect()
    }
  }

  process.on('message', (message: ToEngine) => {
    receive(message).catch((error: unknown) => {
      endHard(error, 'The engine cannot go on.', log)
    })
  })
  // Intake is gone, or let us go after an orderly stop. A query may be deep in native code, for which process.exit
  // would wait; the buffer is the log of everything that is not in a checkpoint yet, so a hard end costs nothing.
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGKILL')
  })
  // Ctrl-C reaches the whole process group; the order to stop comes from intake.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
}

runEngine()
