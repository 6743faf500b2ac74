// Intake's side of the engine: fork it, wake it, restart it when it dies, stop it in order.
//
//   starting ──ready──▶ running ──exit──▶ waiting (backoff) ──▶ starting
//       └──────────────────┴──── stop() ──▶ stopping ──exit or deadline──▶ stopped
//
// A fork that fails (no process, no file to be had) goes from `starting` to `waiting`, too.
// The engine lives in this process's pipe: when intake dies, however it dies, the engine sees the channel close.
import { type ChildProcess, fork } from 'node:child_process'
import { extname, join } from 'node:path'

import { childEnvironment } from '../config/env.ts'
import type { Clock } from '../core/clock.ts'
import { diskFiles, writeFileAtomic } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { ToEngine, ToIntake } from './messages.ts'
import { processStartTime } from './orphan.ts'

const backoffMsMin = 50
/** With the second that a start takes, still under the 5 s within which the engine answers after a kill. */
const backoffMsMax = 3_000
/** An engine that lived this long has not died of its start. */
const settledAfterMs = 10_000
/** Node's pool has four threads and DuckDB takes one per running query: without this, four dashboards stop the loader. */
const poolThreadsBase = 16
/** glibc gives every thread an arena of its own, and thirty of them keep what queries have freed: 1.9 GB instead of 1.4. */
const mallocArenasMax = '2'

export interface EngineChildOptions {
  readonly runFolder: string
  readonly queriesRunningMax: number
  /** Sent first to every new engine. */
  readonly begin: ToEngine
}

export interface EngineChild {
  readonly state: () => 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped'
  readonly starts: () => number
  readonly pid: () => number | undefined
  /** Dropped when no engine runs: messages are wake-ups. */
  send(message: ToEngine): void
  /** Orderly; after `timeoutMs` the engine is killed. Called once. */
  stop(timeoutMs: number): Promise<void>
}

export function startEngineChild(
  options: EngineChildOptions,
  deps: {
    clock: Clock
    log: Log
    onMessage: (message: ToIntake) => void
    /** For tests; by default the engine of this program. */
    fork?: (options: EngineChildOptions) => ChildProcess
  },
): EngineChild {
  const { clock, log } = deps
  let state: ReturnType<EngineChild['state']> = 'waiting'
  let child: ChildProcess | undefined
  let starts = 0
  let backoffMs = backoffMsMin
  let cancelRestart = (): void => undefined

  function send(message: ToEngine): void {
    if (child?.connected === true) child.send(message, () => undefined)
  }

  /** However an engine ended, or never came to be: the next start is never given up. */
  function ended(startedAtMs: number, facts: object): void {
    child = undefined
    if (state === 'stopping' || state === 'stopped') return
    state = 'waiting'
    const livedMs = clock.monotonicMs() - startedAtMs
    backoffMs = livedMs > settledAfterMs ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax)
    log.error(
      { ...facts, livedMs: Math.round(livedMs), restartInMs: backoffMs },
      'The engine ended; collecting goes on.',
    )
    cancelRestart = clock.schedule(start, backoffMs)
  }

  function start(): void {
    state = 'starting'
    starts += 1
    const startedAtMs = clock.monotonicMs()
    let engine: ChildProcess
    try {
      engine = (deps.fork ?? forkEngine)(options)
    } catch (error) {
      ended(startedAtMs, { err: error })
      return
    }
    child = engine
    void rememberEngine(options.runFolder, engine, log)
    engine.on('message', (message: ToIntake) => {
      if (message.kind === 'ready' && state === 'starting') state = 'running'
      deps.onMessage(message)
    })
    engine.on('error', (error) => {
      // Without a pid there is no process, so no `exit` will come.
      if (engine.pid === undefined && child === engine) ended(startedAtMs, { err: error })
      else log.error({ err: error }, 'The engine process reported an error.')
    })
    engine.once('exit', (code, signal) => {
      if (child === engine) ended(startedAtMs, { code, signal })
    })
    send(options.begin)
  }

  start()
  return {
    state: () => state,
    starts: () => starts,
    pid: () => child?.pid,
    send,
    async stop(timeoutMs) {
      cancelRestart()
      state = 'stopping'
      if (child?.pid !== undefined) await stopChild(child, send, timeoutMs, log)
      state = 'stopped'
    },
  }
}

function forkEngine(options: EngineChildOptions): ChildProcess {
  return fork(new URL(`../engine${extname(import.meta.url)}`, import.meta.url), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: childEnvironment({
      UV_THREADPOOL_SIZE: String(poolThreadsBase + options.queriesRunningMax),
      MALLOC_ARENA_MAX: mallocArenasMax,
    }),
  })
}

async function stopChild(
  child: ChildProcess,
  send: (message: ToEngine) => void,
  timeoutMs: number,
  log: Log,
): Promise<void> {
  const gone = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
  send({ kind: 'stop' })
  const deadline = setTimeout(() => {
    log.warn({ timeoutMs }, 'The engine did not stop in time and is ended; it reads on from its last checkpoint.')
    child.kill('SIGKILL')
  }, timeoutMs)
  await gone
  clearTimeout(deadline)
}

/** So that a later start can find an engine that its intake left behind. */
async function rememberEngine(runFolder: string, child: ChildProcess, log: Log): Promise<void> {
  if (child.pid === undefined) return
  try {
    const entry = { pid: child.pid, startTime: await processStartTime(child.pid) }
    await writeFileAtomic(diskFiles, join(runFolder, 'engine.json'), JSON.stringify(entry))
  } catch (error) {
    log.warn({ err: error }, 'run/engine.json could not be written; a left-over engine would have to be ended by hand.')
  }
}
