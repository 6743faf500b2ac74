// A schedule of every day at three, as tests begin with.
import type { Schedule, ScheduleDefinition } from '../../src/control/schedules.ts'

export const daily: ScheduleDefinition = {
  name: 'daily',
  query: 'q',
  cron: '0 3 * * *',
  zone: 'UTC',
  parameters: {},
  target: { dataset: 'd', table: 't', mode: 'append', keys: [] },
  tests: [],
  missed: 'all',
  retriesMax: 0,
  lookbackDays: 0,
}

/** As control keeps it. */
export function keptSchedule(more: Partial<Schedule> = {}): Schedule {
  return {
    ...daily,
    id: 's',
    owner: 'owner',
    isEnabled: true,
    reads: [],
    plannedUntilMicros: 0,
    createdAtMicros: 0,
    changedAtMicros: 0,
    ...more,
  }
}
