// Write keys that are not in order. A key that was ever ours answers 200, so that no SDK throws its events away; they wait
// in quarantine until somebody replays them.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { SourcesFile } from '../../src/control/sources-file.ts'
import { createWriteKey } from '../../src/control/write-keys.ts'
import { type Millpond, startMillpond } from '../support/millpond.ts'
import { type Answer, expectLedgerSums, lineOf, sendTo } from '../support/sender.ts'

let millpond: Millpond

beforeAll(async () => {
  millpond = await startMillpond()
})

afterAll(async () => {
  await millpond.dispose()
})

async function replay(filter: object): Promise<void> {
  const response = await millpond.api('/api/dead-letters/replay', { method: 'POST', body: JSON.stringify(filter) })
  expect(await response.text()).toContain('"end"')
}

describe('write keys', () => {
  it('that were never issued are 401, those of ours always 200: rotated, disabled and unlisted ones to quarantine', async () => {
    const source = 'web'
    const key = await millpond.addSource(source)
    const file = JSON.parse(await readFile(join(millpond.data, 'sources.json'), 'utf8')) as SourcesFile
    const unlisted = createWriteKey((bytes) => new Uint8Array(bytes).fill(bytes), file.checksumSecret)
    const event = { batch: [{ type: 'track', event: 'Odd', userId: 'u' }] }
    const send = (withKey: string | undefined): Promise<Answer> => sendTo(millpond.address, event, { key: withKey })

    expect(await send(undefined)).toMatchObject({ status: 401, code: 'write-key-missing' })
    for (const foreign of ['x', 'x'.repeat(32), 'A'.repeat(5000), "' OR 1=1 --", '../../etc/passwd'])
      expect(await send(foreign)).toMatchObject({ status: 401, code: 'write-key-unknown' })
    expect(await send(unlisted)).toMatchObject({ status: 200 })
    expect(await send(key)).toMatchObject({ status: 200 })

    const rotated = (await (await millpond.api(`/api/sources/${source}/rotate`, { method: 'POST' })).json()) as {
      writeKey: string
    }
    await untilQuarantined(() => send(key), 'key_rotated', source)
    expect(await send(rotated.writeKey)).toMatchObject({ status: 200 })
    await millpond.api(`/api/sources/${source}/disable`, { method: 'POST' })
    await untilQuarantined(() => send(rotated.writeKey), 'key_disabled', source)

    const status = await millpond.settled()
    expectLedgerSums(status)
    expect(lineOf(status, 'unknown')).toMatchObject({ received: 1, quarantined: 1 })
    expect(await millpond.query("SELECT reason FROM millpond.dead_letters WHERE source = 'unknown'")).toEqual([
      ['key_unlisted'],
    ])

    const around = { sentAt: new Date().toISOString(), context: { app: { name: 'pond' }, serial: 7 } }
    await sendTo(millpond.address, { ...around, batch: [{ type: 'track', event: 'Around', userId: 'u' }] }, { key })
    await millpond.settled()
    await millpond.api(`/api/sources/${source}/enable`, { method: 'POST' })
    const before = await millpond.queryValue(`SELECT max(received_at) FROM millpond.dead_letters`)
    // Whoever clicks twice sends in nothing twice.
    await Promise.all([replay({ source }), replay({ source })])
    await replay({ reason: 'key_unlisted', to: source })
    const after = await millpond.settled()
    expectLedgerSums(after)
    expect(
      await millpond.queryValue(`SELECT count(*) FROM ${source}.odd WHERE received_at > '${String(before)}'`),
    ).toBe(0)
    const { stored } = lineOf(after, source)
    expect(await millpond.queryValue(`SELECT count(*) FROM ${source}.odd`)).toBe(stored - 1)
    expect(await millpond.query(`SELECT context_app_name, context_serial FROM ${source}.around`)).toEqual([['pond', 7]])
    expect(
      await millpond.queryValue(
        "SELECT count(*) FROM millpond.dead_letters WHERE reason LIKE 'key%' AND replayed_at IS NULL",
      ),
    ).toBe(0)
  })
})

async function untilQuarantined(send: () => Promise<Answer>, reason: string, source: string): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) {
    expect(await send()).toMatchObject({ status: 200 })
    await millpond.settled()
    const where = `source = '${source}' AND reason = '${reason}'`
    if ((await millpond.queryValue(`SELECT count(*) FROM millpond.dead_letters WHERE ${where}`)) !== 0) return
  }
  throw new Error(`No event became a dead letter for ${reason}.`)
}
