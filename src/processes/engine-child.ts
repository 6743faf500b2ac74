// Intake's side of the engine: fork it, wake it, restart it when it dies, stop it in order.
//
//   starting ──ready──▶ running ──exit──▶ waiting (backoff) ──▶ starting
//       └──────────────────┴──── stop() ──▶ stopping ──exit or deadline──▶ stopped
//
// The engine lives in this process's pipe: when intake dies, however it dies, the engine sees the channel close.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import { childEnvironment } from '../config/env.ts'
import type { Clock } from '../core/clock.ts'
import { diskFiles, writeFileAtomic } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { Part } from '../core/part.ts'
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
  readonly stopTimeoutMs: number
  /** Sent first to every new engine. */
  readonly begin: ToEngine
}

export interface EngineChild extends Part {
  readonly state: () => 'starting' | 'running' | 'waiting' | 'stopping' | 'stopped'
  readonly starts: () => number
  readonly pid: () => number | undefined
  /** Dropped when no engine runs: messages are wake-ups. */
  send(message: ToEngine): void
}

export function startEngineChild(
  options: EngineChildOptions,
  deps: { clock: Clock; log: Log; onMessage: (message: ToIntake) => void },
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

  function start(): void {
    state = 'starting'
    starts += 1
    const startedAtMs = clock.monotonicMs()
    const engine = forkEngine(options)
    child = engine
    void rememberEngine(options.runFolder, engine, log)
    engine.on('message', (message: ToIntake) => {
      if (message.kind === 'ready' && state === 'starting') state = 'running'
      deps.onMessage(message)
    })
    engine.on('error', (error) => {
      log.error({ err: error }, 'The engine process could not be started.')
    })
    engine.once('exit', (code, signal) => {
      child = undefined
      if (state === 'stopping') return
      state = 'waiting'
      const livedMs = clock.monotonicMs() - startedAtMs
      backoffMs = livedMs > settledAfterMs ? backoffMsMin : Math.min(backoffMs * 2, backoffMsMax)
      log.error(
        { code, signal, livedMs: Math.round(livedMs), restartInMs: backoffMs },
        'The engine ended; collecting goes on.',
      )
      cancelRestart = clock.schedule(start, backoffMs)
    })
    send(options.begin)
  }

  start()
  return {
    state: () => state,
    starts: () => starts,
    pid: () => child?.pid,
    send,
    async stop() {
      cancelRestart()
      state = 'stopping'
      if (child !== undefined) await stopChild(child, send, options.stopTimeoutMs, log)
      state = 'stopped'
    },
  }
}

function forkEngine(options: EngineChildOptions): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts')
  return fork(new URL(isSource ? '../engine.ts' : '../engine.js', import.meta.url), [], {
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
  const gone = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve()
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
