import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { systemClock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import { type Control, openControl } from './control.ts'

let folder: string
let control: Control

async function open(): Promise<Control> {
  return openControl(folder, { clock: systemClock, log: createLog('silent') })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'destinations-'))
  control = await open()
})
afterEach(async () => {
  await control.stop()
  await rm(folder, { recursive: true, force: true })
})

const content = {
  sources: ['web'],
  settings: { url: 'https://example.com' },
  rules: {},
  secrets: { secret: 'open sesame 4711' },
}

test('a destination is kept, shown without its secrets, changed and removed', async () => {
  const added = control.destinations.add('crm', 'webhook', content)
  expect(added).toMatchObject({ name: 'crm', type: 'webhook', sources: ['web'], secretNames: ['secret'], version: 1 })
  expect(JSON.stringify(control.destinations.list())).not.toContain('sesame')
  expect(control.destinations.secretsOf('crm')).toEqual(content.secrets)
  expect(control.destinations.change('crm', { ...content, rules: {}, secrets: {} })).toMatchObject({
    secretNames: [],
    version: 2,
  })
  expect(control.destinations.setState('crm', 'disabled')).toMatchObject({ state: 'disabled', version: 3 })
  expect(control.destinations.setState('crm', 'disabled').version).toBe(3)
  control.destinations.remove('crm')
  expect(control.destinations.list()).toEqual([])
  const actions = control.auditEntries({ limit: 10 }).map(({ action }) => action)
  expect(actions).toEqual(['destination.remove', 'destination.disable', 'destination.change', 'destination.add'])
})

test.each(['', 'Crm', '1crm', 'a b', 'x'.repeat(41), '../etc'])('"%s" is no name', (name) => {
  expect(() => control.destinations.add(name, 'webhook', content)).toThrow(/lower-case/)
})

test('a name is given once, and what is refused leaves no trace', () => {
  control.destinations.add('crm', 'webhook', content)
  expect(() => control.destinations.add('crm', 'mixpanel', content)).toThrow(/already/)
  expect(control.destinations.list().map(({ type }) => type)).toEqual(['webhook'])
  expect(() => control.destinations.get('other')).toThrow(/no destination/)
})

test('no file holds a secret in the clear, and without the file `secret` of this installation none is read', async () => {
  control.destinations.add('crm', 'webhook', content)
  await control.stop()
  for (const name of await readdir(folder)) {
    expect((await readFile(join(folder, name))).toString('latin1'), name).not.toContain('sesame')
  }
  await writeFile(join(folder, 'secret'), `${'ab'.repeat(32)}\n`)
  control = await open()
  expect(control.destinations.list()).toHaveLength(1)
  expect(() => control.destinations.secretsOf('crm')).toThrow(/can't be read/)
})

test('the secrets of one destination open no other', async () => {
  const { SecretBox } = await import('./secret-box.ts')
  const { randomBytes } = await import('node:crypto')
  const box = new SecretBox('11'.repeat(32), randomBytes)
  const sealed = box.seal('{"a":"b"}', 'destination one')
  expect(box.open(sealed, 'destination one')).toBe('{"a":"b"}')
  expect(() => box.open(sealed, 'destination two')).toThrow(/can't be read/)
  expect(() => box.open('AAAA', 'destination one')).toThrow(/can't be read/)
  expect(box.seal('{"a":"b"}', 'destination one')).not.toBe(sealed)
})
