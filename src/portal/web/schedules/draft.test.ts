import { describe, expect, it } from 'vitest'

import type { ParameterDefinition, SavedQueryAnswer, ScheduleAnswer } from '../../api/job-answers.ts'
import { askedOf, type Draft, draftFor, draftOf } from './draft.ts'

const parameters: readonly ParameterDefinition[] = [
  { name: 'run_date', type: 'DATE' },
  { name: 'country', type: 'STRING' },
  { name: 'least', type: 'INT64', choices: [1, 2] },
  { name: 'day', type: 'DATE', default: { relative: '2 days ago' } },
]
const query = { id: 'q1', name: 'Revenue: by city!', version: 3, parameters } as unknown as SavedQueryAnswer
const first = draftFor(query, 'Asia/Taipei', true)

describe('the form of a schedule', () => {
  it('begins with what can be right as it is', () => {
    expect(askedOf(first, parameters)).toEqual({
      name: 'Revenue: by city!',
      query: 'q1',
      version: 3,
      cron: '30 2 * * *',
      zone: 'Asia/Taipei',
      parameters: {},
      target: {
        dataset: 'reports',
        table: 'revenue_by_city',
        mode: 'replace-partition',
        keys: [],
        partition: { column: 'day', day: '2 days ago', scope: [] },
      },
      tests: [],
      missed: 'last',
      retriesMax: 3,
      lookbackDays: 0,
    })
    expect(draftFor({ ...query, name: '日報', parameters: [] }, 'UTC', false)).toMatchObject({
      version: '',
      table: 'rows',
      mode: 'replace',
    })
  })

  it('gives values as their types want them, and leaves what the query has by itself', () => {
    const draft: Draft = {
      ...first,
      values: {
        run_date: { kind: 'fixed', value: 'never given' },
        country: { kind: 'each', list: 'TW\n\n JP ' },
        least: { kind: 'fixed', value: '2' },
        day: { kind: 'default' },
      },
      scope: 'country, ',
      timeoutMinutes: '1.5',
      gibibytesMax: '2',
      lookbackDays: '',
    }
    const asked = askedOf(draft, parameters)
    expect(asked.parameters).toEqual({ country: { each: ['TW', 'JP'] }, least: { value: 2 } })
    expect(asked.target.partition?.scope).toEqual(['country'])
    expect(asked).toMatchObject({ timeoutMs: 90_000, bytesBilledMax: 2 * 1024 ** 3, lookbackDays: 0 })
  })

  it('has of merge the keys, and of other modes none', () => {
    const merge: Draft = { ...first, mode: 'merge', keys: 'day,city', scope: 'country', partitionColumn: '' }
    expect(askedOf(merge, parameters).target).toEqual({
      dataset: 'reports',
      table: 'revenue_by_city',
      mode: 'merge',
      keys: ['day', 'city'],
    })
    expect(askedOf({ ...merge, mode: 'append' }, parameters).target.keys).toEqual([])
  })

  it('shows a schedule as it is kept', () => {
    const draft: Draft = {
      ...first,
      values: { country: { kind: 'each', list: 'TW\nJP' }, day: { kind: 'relative', relative: 'today' } },
      forEach: 'q2',
      timeoutMinutes: '10',
      gibibytesMax: '0.5',
      tests: [{ kind: 'not_null', columns: ['day'], severity: 'warn' }],
    }
    expect(draftOf(askedOf(draft, parameters) as ScheduleAnswer)).toEqual(draft)
  })
})
