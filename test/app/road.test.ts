// The whole road with both real processes: the real SDK sends, SQL answers, the ledger sums.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

import { Analytics } from '@segment/analytics-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'

let millpond: Millpond
let writeKey = ''

beforeAll(async () => {
  millpond = await startMillpond()
  writeKey = await millpond.addSource('web')
})

afterAll(async () => {
  await millpond.dispose()
})

async function post(path: string, body: unknown, key = writeKey): Promise<Response> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return fetch(`${millpond.address}${path}`, { method: 'POST', headers: { authorization }, body: text })
}

async function seen(sql: string): Promise<unknown[][]> {
  return firstAnswer(
    async () => {
      const rows = await millpond.query(sql).catch(() => [])
      return rows.length > 0 ? rows : undefined
    },
    10_000,
    millpond.output,
  )
}

describe('an unmodified Segment SDK', () => {
  it('has its events in typed, queryable tables, and sees them within a second', async () => {
    const analytics = new Analytics({ writeKey, host: millpond.address, flushAt: 3 })
    analytics.identify({ userId: 'u1', traits: { email: 'ada@example.com', plan: 'pro', age: 36 } })
    analytics.track({
      userId: 'u1',
      event: 'Order Completed',
      properties: { revenue: 19.5, items: 2, gift: false, tags: ['a', 'b'] },
    })
    analytics.page({ userId: 'u1', name: 'Home', properties: { path: '/' } })
    await analytics.closeAndFlush()
    const answeredMs = performance.now()
    const rows = await seen('SELECT event, event_text, user_id, revenue, items, gift, tags FROM web.order_completed')
    const freshMs = performance.now() - answeredMs
    expect(rows).toEqual([['order_completed', 'Order Completed', 'u1', 19.5, 2, false, '["a","b"]']])
    // The first load makes tables, too; generous because machines are noisy. The real figure is in bench/freshness.
    expect(freshMs).toBeLessThan(3000)
    expect(await seen("SELECT email, plan, age FROM web.users WHERE id = 'u1'")).toEqual([
      ['ada@example.com', 'pro', 36],
    ])
    expect(await seen('SELECT name, path FROM web.pages')).toEqual([['Home', '/']])
    expect(await seen("SELECT properties FROM web.tracks WHERE event = 'order_completed'")).toHaveLength(1)
  })

  it('stores an event once however often it is sent', async () => {
    const event = {
      type: 'track',
      event: 'Sent Thrice',
      messageId: 'thrice-1',
      userId: 'u1',
      timestamp: '2026-11-01T10:00:00.000Z',
    }
    for (let n = 0; n < 3; n += 1) expect((await post('/v1/batch', { batch: [event] })).status).toBe(200)
    await seen('SELECT 1 FROM web.sent_thrice')
    await millpond.settled()
    expect(await millpond.queryValue('SELECT count(*) FROM web.sent_thrice')).toBe(1)
  })

  it('keeps names and values that others lose: Chinese, emoji, 20-digit numbers', async () => {
    await post(
      '/v1/track',
      '{"userId":"u2","event":"睡眠開始","properties":{"serial":9007199254740993,"huge":123456789012345678901234567890,"mood":"👶"}}',
    )
    const rows = await seen('SELECT event_text, serial, mood, properties FROM web."睡眠開始"')
    expect(rows[0]?.slice(0, 3)).toEqual(['睡眠開始', '9007199254740993', '👶'])
    expect(JSON.stringify(rows[0]?.[3])).toContain('123456789012345678901234567890')
  })
})

describe('the ledger', () => {
  it('sums for every source after good, doubled, broken and refused events', async () => {
    const limited = await millpond.addSource('limited')
    await millpond.api('/api/sources/limited/disable', { method: 'POST' })
    await firstAnswer(async () => {
      await post('/v1/track', { event: 'Too Late', userId: 'u1' }, limited)
      const now = await millpond.settled()
      return now.ledger.some((line) => line.source === 'limited' && line.quarantined > 0) ? true : undefined
    }, 10_000)
    expect(
      (await post('/v1/batch', { batch: [1, null, { type: 'nonsense' }, { type: 'track', userId: 'x' }] })).status,
    ).toBe(200)
    const status = await millpond.settled()
    expect(status.ledgerSums).toBe(true)
    for (const line of status.ledger) {
      expect(line.received).toBe(line.stored + line.flagged + line.duplicates + line.quarantined + line.waiting)
    }
    const reasons = await millpond.query('SELECT DISTINCT reason FROM millpond.dead_letters ORDER BY 1')
    expect(reasons.flat()).toEqual(
      expect.arrayContaining(['event_not_an_object', 'event_type_unknown', 'event_name_missing']),
    )
  })

  it('takes replayed dead letters as new records that name what they replay', async () => {
    await millpond.api('/api/sources/limited/enable', { method: 'POST' })
    const response = await millpond.api('/api/dead-letters/replay', {
      method: 'POST',
      body: JSON.stringify({ source: 'limited' }),
    })
    expect(await response.text()).toContain('"end"')
    const nowhere = await millpond.api('/api/dead-letters/replay', { method: 'POST', body: '{"to":"nowhere"}' })
    expect(nowhere.status).toBe(404)
    expect(await nowhere.json()).toMatchObject({ error: { code: 'source-unknown' } })
    const rows = await seen('SELECT count(*) FROM limited.too_late HAVING count(*) > 0')
    expect(Number(rows[0]?.[0])).toBeGreaterThan(0)
    const status = await millpond.settled()
    expect(status.ledgerSums).toBe(true)
    expect(
      await millpond.queryValue(
        "SELECT count(*) FROM millpond.dead_letters WHERE source = 'limited' AND replayed_at IS NULL",
      ),
    ).toBe(0)
  })
})

describe('every door', () => {
  it('asks for a token, from loopback too', async () => {
    for (const path of ['/api/status', '/api/sources', '/api/live', '/metrics', '/api/dead-letters']) {
      expect((await fetch(`${millpond.address}${path}`)).status, path).toBe(401)
    }
    const withRubbish = await fetch(`${millpond.address}/api/status`, {
      headers: { authorization: 'Bearer mp_rubbish' },
    })
    expect(withRubbish.status).toBe(401)
    expect((await fetch(`${millpond.address}/health`)).status).toBe(200)
  })

  it('lets a write key read nothing', async () => {
    const response = await fetch(`${millpond.address}/api/status`, { headers: { authorization: `Bearer ${writeKey}` } })
    expect(response.status).toBe(401)
  })

  it("takes changes by cookie from its own page, not from another site's", async () => {
    const made = await millpond.api('/api/tokens', { method: 'POST', body: '{"name":"browser"}' })
    const { id, token } = (await made.json()) as { id: string; token: string }
    const revoke = async (origin: string): Promise<number> => {
      const headers = { cookie: `millpond_token=${token}`, origin }
      return (await fetch(`${millpond.address}/api/tokens/${id}`, { method: 'DELETE', headers })).status
    }
    expect(await revoke('http://evil.example')).toBe(403)
    expect(await revoke(millpond.address)).toBe(204)
  })

  it('shows what arrives as server-sent events', async () => {
    const gone = new AbortController()
    const response = await millpond.api('/api/live?source=web', { signal: gone.signal })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    await post('/v1/track', { event: 'Seen Live', userId: 'live-user' })
    let text = ''
    const decoder = new TextDecoder()
    if (response.body === null) throw new Error('The feed has no body.')
    for await (const chunk of response.body) {
      text += decoder.decode(chunk, { stream: true })
      if (text.includes('Seen Live') && text.includes('event: status')) break
    }
    gone.abort()
    expect(text).toContain('"verdict":"stored"')
  })

  it('serves metrics in the Prometheus format', async () => {
    const text = await (await millpond.api('/metrics')).text()
    expect(text).toContain('millpond_ledger_sums 1')
    expect(text).toMatch(/millpond_events_total\{source="web",verdict="stored"\} \d+/)
    expect(text).toMatch(/millpond_warehouse_bytes\{file="made"\} [1-9]/)
  })

  it('tells how large both files of the warehouse are', async () => {
    const { warehouse } = (await (await millpond.api('/api/status')).json()) as {
      warehouse: Record<'fedBytes' | 'madeBytes', number>
    }
    expect(warehouse.madeBytes).toBeGreaterThanOrEqual((await stat(join(millpond.data, 'warehouse/made.duckdb'))).size)
    expect(warehouse.fedBytes).toBeGreaterThan(10_000)
  })

  it('shows strangers the page where they sign in', async () => {
    const response = await fetch(`${millpond.address}/`)
    expect(response.status).toBe(401)
    expect(await response.text()).toContain('<html')
  })
})
