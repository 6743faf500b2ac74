// What the two processes are to each other: who may start, who survives whom, and how soon each is back.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { request } from 'node:http'
import { join, resolve } from 'node:path'

import { afterEach, describe, expect, it } from 'vitest'

import { processStartTime } from '../../src/processes/orphan.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'

const launcher = join(resolve(import.meta.dirname, '../..'), 'bin', 'millpond.js')
const started: Millpond[] = []

async function start(options: Parameters<typeof startMillpond>[0] = {}): Promise<Millpond> {
  const millpond = await startMillpond(options)
  started.push(millpond)
  return millpond
}

afterEach(async () => {
  for (const millpond of started.splice(0)) await millpond.dispose()
})

async function track(millpond: Millpond, writeKey: string, n: number): Promise<number> {
  const body = JSON.stringify({ writeKey, event: 'Tick', userId: 'u', messageId: `tick-${n}`, properties: { n } })
  const response = await fetch(`${millpond.address}/v1/track`, { method: 'POST', body })
  return response.status
}

describe('two processes', () => {
  it('refuse a second start on the same data folder, and say who has it', async () => {
    const millpond = await start()
    const second = spawn(process.execPath, [launcher, 'start'], {
      env: {
        ...process.env,
        MILLPOND_DATA: millpond.data,
        MILLPOND_HTTP_PORT: '0',
        MILLPOND_FORWARD_PORT: '0',
        MILLPOND_POSTGRES_PORT: '0',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    second.stderr.on('data', (chunk) => (said += String(chunk)))
    const [code] = await once(second, 'exit')
    expect(code).toBe(1)
    expect(said).toContain(String((await millpond.pids()).intake))
    expect((await millpond.status()).ledgerSums).toBe(true)
  })

  it('go on collecting while the engine is dead, and load what came meanwhile', async () => {
    const millpond = await start()
    const writeKey = await millpond.addSource('web')
    await track(millpond, writeKey, 0)
    await millpond.settled()
    const { engine } = await millpond.pids()
    await millpond.kill('engine')
    for (let n = 1; n <= 50; n += 1) expect(await track(millpond, writeKey, n)).toBe(200)
    await firstAnswer(async () => ((await millpond.pids()).engine === engine ? undefined : true), 10_000)
    await firstAnswer(async () => ((await millpond.api('/api/status')).ok ? true : undefined), 10_000)
    await millpond.settled()
    expect(await millpond.queryValue('SELECT count(*), count(DISTINCT id) FROM web.tick')).toBe(51)
  })

  it('answer 503 with Retry-After for everything but collecting while the engine is away', async () => {
    const millpond = await start()
    const { engine } = await millpond.pids()
    process.kill(engine, 'SIGKILL')
    const statuses: number[] = []
    await firstAnswer(async () => {
      const response = await millpond.api('/api/status')
      statuses.push(response.status)
      if (response.status === 503) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
      return response.status === 200 && statuses.includes(503) ? true : undefined
    }, 15_000)
  })

  it('take the engine along when intake is killed', async () => {
    const millpond = await start()
    const { engine } = await millpond.pids()
    await millpond.kill('intake')
    await firstAnswer(async () => ((await processStartTime(engine)) === undefined ? true : undefined), 5000)
  })

  it('end an engine that hung while its intake was killed, on the next start', async () => {
    const millpond = await start()
    const { engine } = await millpond.pids()
    process.kill(engine, 'SIGSTOP')
    await millpond.kill('intake')
    const again = await start({ data: millpond.data })
    expect((await again.pids()).engine).not.toBe(engine)
    expect(await processStartTime(engine)).toBeUndefined()
    expect((await again.status()).ledgerSums).toBe(true)
  })

  it('stop in order on SIGTERM: everything answered is in the tables of the next start, without reading again', async () => {
    const millpond = await start()
    const writeKey = await millpond.addSource('web')
    for (let n = 0; n < 20; n += 1) await track(millpond, writeKey, n)
    await millpond.stop()
    const again = await start({ data: millpond.data })
    await again.settled()
    expect(await again.queryValue('SELECT count(*) FROM web.tick')).toBe(20)
  })

  it('stop in under three seconds under traffic, and keep all that they answered', async () => {
    const millpond = await start()
    const writeKey = await millpond.addSource('web')
    let taken = 0
    let isStopped = false
    const sender = async (which: number): Promise<void> => {
      for (let n = 0; !isStopped; n += 1) {
        try {
          if ((await track(millpond, writeKey, which * 1_000_000 + n)) === 200) taken += 1
        } catch {
          // The port is closed, which is what a sender sees of a stop.
          return
        }
      }
    }
    const senders = Array.from({ length: 16 }, async (_, which) => sender(which))
    await firstAnswer(async () => (taken > 200 ? true : undefined), 10_000)
    const startedMs = performance.now()
    await millpond.stop()
    isStopped = true
    expect(performance.now() - startedMs).toBeLessThan(3000)
    await Promise.all(senders)
    const again = await start({ data: millpond.data })
    await again.settled()
    expect(await again.queryValue('SELECT count(DISTINCT id) FROM web.tick')).toBeGreaterThanOrEqual(taken)
  })

  it('keep everything after kill -9 of both', async () => {
    const millpond = await start()
    const writeKey = await millpond.addSource('web')
    for (let n = 0; n < 30; n += 1) await track(millpond, writeKey, n)
    await millpond.kill('engine')
    await millpond.kill('intake')
    const again = await start({ data: millpond.data })
    const status = await again.settled()
    expect(status.ledger.find((line) => line.source === 'web')).toMatchObject({ received: 30, stored: 30, waiting: 0 })
    expect(await again.queryValue('SELECT count(*) FROM web.tick')).toBe(30)
  })

  it('answer 426 to an upgrade', async () => {
    const millpond = await start()
    const status = await new Promise<number | undefined>((resolveStatus, reject) => {
      const upgrade = request(`${millpond.address}/api/live`, {
        headers: { connection: 'Upgrade', upgrade: 'websocket' },
      })
      upgrade.once('response', (response) => {
        resolveStatus(response.statusCode)
        response.resume()
      })
      upgrade.once('error', reject)
      upgrade.end()
    })
    expect(status).toBe(426)
  })
})
