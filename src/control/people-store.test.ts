// Notes and receipts in a real SQLite, by a clock of the test's own.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemClock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import { createLog } from '../core/log.ts'
import { type Control, openControl } from './control.ts'
import type { PrincipalRecord } from './principal-store.ts'

const minuteMicros = 60_000_000
let folder: string
let nowMicros: number
let control: Control
let ana: PrincipalRecord
let ben: PrincipalRecord

async function open(): Promise<Control> {
  return openControl(folder, { clock: { ...systemClock, nowMicros: () => nowMicros }, log: createLog('silent') })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-people-'))
  nowMicros = 1_790_000_000_000_000
  control = await open()
  ana = await control.addPrincipal('ana', 'person', 'member')
  ben = await control.addPrincipal('ben', 'person', 'member')
})

afterEach(async () => {
  await control.stop()
  await rm(folder, { recursive: true })
})

test('notes of all ids of a person are listed, newest first, over a restart', async () => {
  control.people.addNote(ana, 'user:u1', 'one')
  nowMicros += 1
  control.people.addNote(ben, 'anonymous:a1', 'two')
  control.people.addNote(ben, 'user:u2', 'of another')
  await control.stop()
  control = await open()
  const notes = control.people.notes(['user:u1', 'anonymous:a1'])
  expect(notes.map(({ author, text }) => `${author}: ${text}`)).toEqual(['ben: two', 'ana: one'])
  expect(control.people.notes([])).toEqual([])
})

test('a note is deleted by who wrote it, or an administrator, and only as a note on that person', () => {
  const owner = { ...ana, id: 'owner', role: 'admin' as const }
  const note = control.people.addNote(ana, 'user:u1', 'one')
  const code = (work: () => void): string => {
    try {
      work()
    } catch (error) {
      if (error instanceof MillpondError) return error.code
      throw error
    }
    return 'done'
  }
  expect(code(() => control.people.removeNote(note.id, ['user:u2'], ana))).toBe('not-found')
  expect(code(() => control.people.removeNote(note.id, ['user:u1'], ben))).toBe('not-allowed')
  expect(code(() => control.people.removeNote(note.id, ['user:u1'], ana))).toBe('done')
  expect(code(() => control.people.removeNote(note.id, ['user:u1'], ana))).toBe('not-found')
  const other = control.people.addNote(ana, 'user:u1', 'two')
  expect(code(() => control.people.removeNote(other.id, ['user:u1'], owner))).toBe('done')
})

test('looks are one receipt until a pause, another reason or another viewer', () => {
  const look = (who: PrincipalRecord, reason: string, minutes: number): void => {
    nowMicros += minutes * minuteMicros
    control.people.look(who, 'user:u1', reason)
  }
  const begun = nowMicros
  look(ana, '', 0)
  look(ana, '', 0.5)
  look(ana, '', 20)
  look(ana, 'ticket 7', 0)
  look(ben, '', 0)
  look(ana, '', 31)
  const minutes = (micros: number): number => (micros - begun) / minuteMicros
  const told = control.people.receipts(['user:u1']).map(({ viewer, reason, firstAtMicros, lastAtMicros }) => {
    return [viewer, reason, minutes(firstAtMicros), minutes(lastAtMicros)]
  })
  expect(told).toEqual([
    ['ana', '', 51.5, 51.5],
    ['ana', '', 0, 20.5],
    ['ana', 'ticket 7', 20.5, 20.5],
    ['ben', '', 20.5, 20.5],
  ])
})

test('of somebody who was erased nothing is left; what a removed colleague did stays', async () => {
  control.people.addNote(ana, 'user:u1', 'one')
  control.people.look(ana, 'user:u1', '')
  control.people.look(ana, 'user:u2', '')
  await control.removePrincipal('ana')
  expect(control.people.notes(['user:u1'])).toMatchObject([{ author: 'ana' }])
  control.people.forget(['user:u1'])
  expect(control.people.notes(['user:u1'])).toEqual([])
  expect(control.people.receipts(['user:u1', 'user:u2'])).toMatchObject([{ viewer: 'ana', person: 'user:u2' }])
})
