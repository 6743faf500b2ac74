// The door of jobs: saved queries, and schedules that run them.
import type { Clock } from '../core/clock.ts'
import { type Log, logOf } from '../core/log.ts'
import type { Part } from '../core/part.ts'
import type { Control } from '../control/control.ts'
import type { QueryRoad } from '../query/contract.ts'
import { SavedQueries } from './saved.ts'
import { type Marks, Scheduler } from './scheduler.ts'
import { Schedules } from './schedules.ts'

export interface JobsDeps {
  readonly control: Control
  readonly road: QueryRoad
  readonly marks: Marks
  readonly clock: Clock
  readonly log: Log
}

export interface Jobs extends Part {
  readonly saved: SavedQueries
  readonly schedules: Schedules
  /** What is due once a night. */
  night(): Promise<void>
}

/** Nobody waits for schedules, and two leave room for those who do. */
const runsRunningMax = 2

/** What was missed while nothing ran begins at once. */
export async function startJobs({ control, road, marks, clock, log }: JobsDeps): Promise<Jobs> {
  const saved = new SavedQueries({ control, clock })
  const scheduler = new Scheduler({ control, road, saved, marks, clock, log: logOf(log, 'jobs'), runsRunningMax })
  await scheduler.start()
  return {
    saved,
    schedules: new Schedules({ control, road, saved, scheduler, clock }),
    night: async () => scheduler.night(),
    stop: async () => scheduler.stop(),
  }
}
