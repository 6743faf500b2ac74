// Schedules over a real engine and a real control file in temporary folders, with a clock that the test moves. `restart` leaves
// everything as a killed process would, and builds it anew.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { daily } from './schedule.ts'
import { type Control, openControl } from '../../src/control/control.ts'
import type { ParameterDefinition, SavedQuery } from '../../src/control/saved-queries.ts'
import type { Run, Schedule, ScheduleDefinition, ScheduleTarget } from '../../src/control/schedules.ts'
import type { Principal } from '../../src/control/principals.ts'
import { createLog } from '../../src/core/log.ts'
import { SavedQueries } from '../../src/jobs/saved.ts'
import { type Marks, Scheduler, type SchedulerDeps } from '../../src/jobs/scheduler.ts'
import { Schedules } from '../../src/jobs/schedules.ts'
import { openRig, type Rig, type RigOptions } from '../app/asking-rig.ts'
import { SimulatedClock } from '../faults/simulated-clock.ts'

export const owner: Principal = { id: 'owner', kind: 'owner', handle: 'owner', role: 'admin', attributes: {} }

export interface SchedulesRig {
  readonly rig: Rig
  readonly clock: SimulatedClock
  readonly control: Control
  readonly saved: SavedQueries
  scheduler: Scheduler
  schedules: Schedules
  /** A verified query. */
  query(name: string, sql: string, parameters?: readonly ParameterDefinition[]): SavedQuery
  schedule(definition: Partial<ScheduleDefinition> & { readonly query: string }): Promise<Schedule>
  /** Moves the clock and waits until nothing is left to run. */
  advance(ms: number): Promise<void>
  settled(): Promise<void>
  /** Runs of a schedule, oldest first, as `state cause time rows`. */
  told(schedule: Schedule): string[]
  runs(schedule: Schedule): Run[]
  /** Another scheduler over the same files; the one before is never heard of again. */
  restart(more?: Partial<SchedulerDeps>): Promise<void>
  close(): Promise<void>
}

export function target(more: Partial<ScheduleTarget> & { readonly table: string }): ScheduleTarget {
  return { dataset: 'daily', mode: 'append', keys: [], ...more }
}

/** `start`: ISO. */
export async function openSchedulesRig(start: string, options: RigOptions = {}): Promise<SchedulesRig> {
  const clock = new SimulatedClock(Date.parse(start) * 1000)
  const folder = await mkdtemp(join(tmpdir(), 'millpond-schedules-'))
  const log = createLog('silent')
  const control = await openControl(folder, { clock, log })
  const rig = await openRig({ clock, policies: () => control.policies(), ...options })
  await rig.ask('CREATE SCHEMA daily')
  const saved = new SavedQueries({ control, clock })
  const marks: Marks = rig.driver.made
  const deps: SchedulerDeps = { control, road: rig.side.road, saved, marks, clock, log, runsRunningMax: 2 }
  const open = (more: Partial<SchedulerDeps> = {}): Scheduler => new Scheduler({ ...deps, ...more })
  const schedulesOf = (scheduler: Scheduler): Schedules => new Schedules({ ...deps, control, scheduler })
  const first = open()
  await first.start()
  const own: SchedulesRig = {
    rig,
    clock,
    control,
    saved,
    scheduler: first,
    schedules: schedulesOf(first),
    query(name, sql, parameters = []) {
      const content = { dialect: 'googlesql', sql, parameters, zone: 'UTC' } as const
      const made = saved.add({ name, folder: '', description: '' }, content, owner)
      saved.verify(made.id, 1, owner)
      return made
    },
    schedule: async (definition) =>
      own.schedules.add(
        {
          ...daily,
          name: definition.query,
          target: target({ table: 'rows' }),
          retriesMax: 2,
          ...definition,
        },
        owner,
      ),
    async advance(ms) {
      clock.advance(ms)
      await own.settled()
    },
    async settled() {
      // The engine answers in its own time, and the clock goes on a little meanwhile: by so little that no busy machine makes a day of it.
      for (;;) {
        const open = control.schedules.openRuns().filter((run) => run.waitsUntilMicros <= clock.nowMicros())
        if (open.length === 0) return
        clock.advance(1)
        await new Promise(setImmediate)
      }
    },
    runs: ({ id }) => control.schedules.runs(id, 1_000).toReversed(),
    told: (schedule) =>
      own.runs(schedule).map(({ state, cause, runTimeMicros, facts: { rows } }) => {
        const time = new Date(runTimeMicros / 1000).toISOString().slice(0, 16)
        return `${state} ${cause.split(' ')[0]} ${time} ${rows ?? '-'}`
      }),
    async restart(more) {
      own.scheduler = open(more)
      own.schedules = schedulesOf(own.scheduler)
      await own.scheduler.start()
    },
    async close() {
      await own.scheduler.stop()
      await control.stop()
      await rig.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return own
}
