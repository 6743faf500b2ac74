// Which jobs are known, and which are forgotten first.
import { describe, expect, test } from 'vitest'

import type { Principal } from '../../control/principals.ts'
import { systemClock } from '../../core/clock.ts'
import type { ResultStore } from '../results/result-store.ts'
import { emptyStatistics } from './empty-statistics.ts'
import { JobList } from './job-list.ts'
import { LiveJob } from './live-job.ts'

const bound = 20
let nowMicros = 0
const clock = { ...systemClock, nowMicros: () => (nowMicros += 1) }
const ann: Principal = { id: 'ann', kind: 'person', handle: 'ann', role: 'member', attributes: {} }
const bob: Principal = { ...ann, id: 'bob', handle: 'bob' }

/** These jobs keep no rows: they never ask for the store. */
const results = {} as ResultStore

function jobOf(id: string, principal: Principal, parent?: LiveJob): LiveJob {
  const request = { sql: 'SELECT 1', dialect: 'googlesql', port: 'api', principal } as const
  return new LiveJob({ clock, results }, id, request, parent?.id)
}

function ended(job: LiveJob): LiveJob {
  job.finish(emptyStatistics('SELECT'))
  return job
}

function openList(): JobList {
  return new JobList({ endedJobsMax: bound, resultAgeMsMax: 1_000_000 }, clock)
}

describe('a list that is full', () => {
  test('forgets the oldest of those that have ended', () => {
    const list = openList()
    list.add(jobOf('running', ann))
    for (let number = 0; number < 2 * bound; number += 1) list.add(ended(jobOf(`job-${number}`, ann)))
    const ids = list.list(ann).map(({ id }) => id)
    expect(ids.slice(0, 2)).toEqual([`job-${2 * bound - 1}`, `job-${2 * bound - 2}`])
    expect(ids.at(-1)).toBe('running')
    expect(() => list.find('job-0', ann)).toThrow('Not found: Job job-0')
  })

  test('does not forget the jobs of others for the statements of a script', () => {
    const list = openList()
    const others = Array.from({ length: bound - 1 }, (_, number) => `bob-${number}`)
    for (const id of others) list.add(ended(jobOf(id, bob)))
    const script = jobOf('script', ann)
    list.add(script)
    const statements = Array.from({ length: 5 * bound }, () => script.nextChildId())
    for (const id of statements) list.add(ended(jobOf(id, ann, script)))
    expect(list.list(bob).map(({ id }) => id)).toEqual(others.toReversed())
    expect(list.find(statements.at(-1) ?? '', ann).parentId).toBe('script')
    const shown = list.list(ann).map(({ id }) => id)
    expect(shown.slice(0, 2)).toEqual([statements.at(-1), statements.at(-2)])
    expect(shown).toHaveLength(bound + 1)
  })
})

test('statements of a script are called as in BigQuery, by names that nobody can guess', () => {
  const [one, other] = [jobOf('script', ann), jobOf('script', ann)]
  const ids = [one.nextChildId(), one.nextChildId(), other.nextChildId()]
  expect(ids.map((id) => /^script_job_[0-9a-f]{32}_(\d+)$/.exec(id)?.[1])).toEqual(['1', '2', '1'])
  expect(ids[0]).not.toBe(ids[2])
})
