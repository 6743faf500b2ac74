import { expect, test } from 'vitest'

import { rowTables } from '../../warehouse/row-tables.ts'
import { subjectsOf } from './live-event.ts'
import { createLiveRing } from './live.ts'
import { type LoadSubjects, SubjectCollector } from './subjects.ts'

const nobody = { userId: null, anonymousId: null, deviceId: null }

test('everybody whom a load is about is told once, however few of its events are shown', () => {
  const collector = new SubjectCollector()
  const track = { userId: 'u1', anonymousId: 'a1', context: { device: { id: 'cam' } } }
  for (let n = 0; n < 1000; n += 1) collector.add(subjectsOf(track))
  collector.add(subjectsOf({ user_id: 'u2', device_id: 'cam-2', message: 'x' }, rowTables['logs.entries']))
  collector.add(nobody)
  const heard: LoadSubjects[] = []
  const ring = createLiveRing(1)
  const stop = ring.subscribeSubjects((subjects) => heard.push(subjects))
  ring.add([], collector.take())
  expect([...(heard[0]?.ids ?? [])].sort()).toEqual([
    'anonymous:a1',
    'device:cam',
    'device:cam-2',
    'user:u1',
    'user:u2',
  ])
  expect(heard[0]?.isCut).toBe(false)
  stop()
  ring.add([], collector.take())
  expect(heard).toHaveLength(1)
})

test('a flood of more ids than anybody keeps says so, and the next load begins anew', () => {
  const collector = new SubjectCollector()
  for (let n = 0; n < 30_000; n += 1) collector.add({ ...nobody, userId: `u${n}` })
  const { ids, isCut } = collector.take()
  expect([ids.size <= 20_002, isCut]).toEqual([true, true])
  expect(collector.take()).toEqual({ ids: new Set(), isCut: false })
})
