// A reader of the live feed that is too slow: events are left out, counted, and told once it reads again.
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { openControl } from '../../src/control/control.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { LiveEvent } from '../../src/core/event.ts'
import { createLog } from '../../src/core/log.ts'
import { createLiveRing } from '../../src/deliver/live/live.ts'
import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'

const batch = 64
/** Far more than the unread megabyte and all buffers of a socket hold. */
const batches = 64

function event(n: number): LiveEvent {
  return {
    receivedAtMicros: n,
    source: 'web',
    type: 'track',
    name: 'Flood',
    id: `e${n}`,
    userId: 'u',
    anonymousId: null,
    deviceId: null,
    verdict: 'stored',
    reason: null,
    json: 'x'.repeat(16_000),
  }
}

test('what was left out and what came are together all that there was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-live-'))
  const log = createLog('silent')
  const control = await openControl(folder, { clock: systemClock, log })
  const live = createLiveRing(10)
  let tellStatus = (): void => undefined
  // Each second of the feed is one call of ours.
  const clock = { ...systemClock, schedule: (task: () => void) => ((tellStatus = task), () => undefined) }
  const deps = { control, log, clock, live, recentStatus: async () => ({}) }
  const app = buildApi('admin', deps as unknown as ApiDeps)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { readonly port: number }

  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (part: string) => {
    text += part
  })
  socket.write('GET /api/live HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect.poll(() => text).toContain('event: status')
  socket.pause()
  for (let n = 0; n < batches; n += 1) {
    live.add(Array.from({ length: batch }, (_none, index) => event(n * batch + index)))
  }
  socket.resume()
  await expect
    .poll(
      () => {
        tellStatus()
        return text
      },
      { timeout: 20_000 },
    )
    .toMatch(/event: missed\r?\ndata: \d+/)
  const missed = Number(/event: missed\r?\ndata: (\d+)/.exec(text)?.[1])
  expect(missed).toBeGreaterThan(0)
  expect((text.match(/"id":"e\d+"/g) ?? []).length + missed).toBe(batch * batches)

  socket.destroy()
  await app.close()
  await control.stop()
  await rm(folder, { recursive: true })
})
