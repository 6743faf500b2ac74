// Google's Python client, unmodified, with a key file of ours: signs in at our token_uri and asks. Skipped where it isn't installed;
// TEST_PYTHON names another interpreter (one of a venv, say).
import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type BigqueryRig, project, startBigqueryRig } from './rig.ts'
import { python, whyMissing } from '../../support/python.ts'

const missing = whyMissing('google.cloud.bigquery')
if (missing !== undefined) console.log(`The Python client is not tested: ${missing}`)

describe.skipIf(missing !== undefined)('the Python client', () => {
  let rig: BigqueryRig
  let seen: Record<string, unknown>

  beforeAll(async () => {
    rig = await startBigqueryRig()
    await rig.control.addPrincipal('notebook', 'service', 'admin')
    const { key } = await rig.control.createKey('notebook', { project, publicUrl: rig.url })
    const path = join(rig.folder, 'key.json')
    await writeFile(path, JSON.stringify(key))
    const script = join(import.meta.dirname, 'python_client.py')
    const { stdout } = await promisify(execFile)(python, [script, rig.url, path], {
      maxBuffer: 16 * 1024 * 1024,
      timeout: 55_000,
    })
    seen = JSON.parse(/^SEEN (.*)$/m.exec(stdout)?.[1] ?? '{}') as Record<string, unknown>
  }, 60_000)

  afterAll(async () => {
    await rig.stop()
  })

  test('reads every type', () => {
    const row = {
      i: 42,
      f: 1.5,
      s: 'x',
      b: true,
      n: 'Decimal:1.5',
      d: 'date:2026-03-01',
      t: 'time:10:11:12.500000',
      dt: 'datetime:2026-03-01 10:00:00.250000',
      ts: 'datetime:2026-03-01 10:00:00.123456+00:00',
      bytes: 'bytes:ab',
      a: [1, 2],
      st: { x: 1, y: ['p'] },
      nothing: null,
    }
    expect(seen['types']).toEqual([row])
    expect(seen['destination']).toEqual([row])
    expect(seen['query_and_wait']).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }])
  })

  test('knows its jobs', () => {
    expect(seen['job']).toEqual({
      state: 'DONE',
      location: 'US',
      bytes: 0,
      statement: 'SELECT',
      created: true,
      destination: '_anonymous',
    })
    expect(seen['labels']).toEqual({ team: 'a' })
    expect(seen['parameters']).toEqual([{ n: 7, moment: 'datetime:2026-03-01 00:00:00+00:00', list: ['a', 'b'] }])
    expect(seen['dry']).toEqual([0, ['one']])
    expect(seen['pages']).toEqual([1000, 1000, 500])
    expect(seen['jobs']).toBe(5)
  })

  test('understands what is wrong', () => {
    expect(seen).toMatchObject({
      'wrong syntax': [400, 'invalidQuery'],
      'wrong table': [404, 'notFound'],
      'wrong job': [409, 'duplicate'],
      'wrong legacy': [400, 'invalid'],
    })
  })

  test('makes datasets and tables, streams and loads', () => {
    expect(seen['dataset']).toEqual([null, { team: 'b' }, ['millpond', 'py_sales']])
    expect(seen['table']).toEqual([
      [
        ['id', 'INTEGER', 'REQUIRED', null],
        ['at', 'TIMESTAMP', 'NULLABLE', 'When'],
        ['price', 'NUMERIC', 'NULLABLE', null],
        ['tags', 'STRING', 'REPEATED', null],
        ['note', 'STRING', 'NULLABLE', null],
      ],
      'at',
      0,
      ['orders'],
    ])
    expect(seen['insert']).toMatchObject([{ index: 1, errors: [{ reason: 'invalid', location: 'id' }] }])
    expect(seen['inserted']).toEqual([])
    expect(seen['load']).toEqual([1, 'DONE'])
    expect(seen['file']).toEqual([300_000, 1_200_008])
    expect(seen['loaded']).toEqual([{ id: 4, note: 'x', n: 300_000 }])
    expect(seen['orders']).toEqual([{ id: 3 }])
  })

  test('fills data frames and notebook cells, where they are installed', () => {
    if (!String(seen['pandas']).startsWith('missing'))
      expect(seen['pandas']).toEqual([['n', 's', 'd'], expect.any(Array), [0, 1, 2]])
    if (!String(seen['magics']).startsWith('missing')) expect(seen['magics']).toEqual([5])
  })
})
