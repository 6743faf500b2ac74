// POST /api/imports/:source/batches as a program calls it: with a token, in both shapes, and with everything that is wrong.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { archived, lines } from './import-support.ts'

let millpond: Millpond
let token = ''
beforeAll(async () => {
  millpond = await startMillpond()
  await millpond.addSource('web')
  const made = await millpond.api('/api/tokens', { method: 'POST', body: '{"name":"importer"}' })
  token = ((await made.json()) as { token: string }).token
})
afterAll(() => millpond.dispose())

interface Answer {
  readonly status: number
  readonly body: {
    readonly events?: number
    readonly sequence?: number | null
    readonly error?: { readonly code: string; readonly message?: string }
  }
}

async function post(
  body: string | undefined,
  type = 'application/json',
  path = '/api/imports/web/batches',
): Promise<Answer> {
  const response = await fetch(millpond.address + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': type },
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

describe('what is kept', () => {
  test('a batch of JSON, and one event a line, with the id counted once', async () => {
    const batch = JSON.stringify({ batch: [archived(1), archived(2)] })
    expect(await post(batch)).toMatchObject({ status: 200, body: { events: 2, sequence: expect.any(Number) } })
    const more = await post(`${lines([archived(2), archived(3)])}\n`, 'application/x-ndjson')
    expect(more).toMatchObject({ status: 200, body: { events: 2 } })
    const { ledger, ledgerSums } = await millpond.settled()
    expect(ledger.find(({ source }) => source === 'web')).toMatchObject({ received: 4, stored: 3, duplicates: 1 })
    expect(ledgerSums).toBe(true)
  })

  test('numbers, nulls and events without a type are counted, and judged by the screen', async () => {
    expect(await post('{"batch":[1,null,{"type":"shout"}]}')).toMatchObject({ status: 200, body: { events: 3 } })
    const { ledger, ledgerSums } = await millpond.settled()
    expect(ledger.find(({ source }) => source === 'web')).toMatchObject({ quarantined: 3 })
    expect(ledgerSums).toBe(true)
  })

  test('nothing is nothing', async () => {
    expect(await post('{"batch":[]}')).toEqual({ status: 200, body: { events: 0, sequence: null } })
    expect(await post('\n\n', 'application/x-ndjson')).toEqual({ status: 200, body: { events: 0, sequence: null } })
  })
})

describe('what is refused', () => {
  test.each([
    { what: 'no JSON', body: '{"batch":[', status: 400, code: 'request-invalid' },
    { what: 'no object', body: 'null', status: 400, code: 'request-invalid' },
    { what: 'no batch', body: '{"events":[]}', status: 400, code: 'request-invalid' },
    { what: 'a batch that is none', body: '{"batch":{}}', status: 400, code: 'request-invalid' },
    { what: 'too much', body: `{"batch":["${'x'.repeat(8 * 1024 * 1024)}"]}`, status: 400, code: 'request-invalid' },
  ])('$what', async ({ body, status, code }) => {
    expect(await post(body)).toMatchObject({ status, body: { error: { code } } })
  })

  test('what nests too deep, before it is parsed', async () => {
    const brackets = '['.repeat(8 * 1024 * 1024 - 100)
    for (const body of [brackets, `{"batch":[${'{"a":'.repeat(1001)}1${'}'.repeat(1001)}]}`]) {
      for (const type of ['application/json', 'application/x-ndjson']) {
        expect(await post(body, type)).toMatchObject({
          status: 400,
          body: {
            error: { code: 'request-invalid', message: expect.stringContaining('nests deeper than 1000 levels') },
          },
        })
      }
    }
    const deep = `{"batch":[${'{"a":'.repeat(900)}"[[["${'}'.repeat(900)}]}`
    expect(await post(deep)).toMatchObject({ status: 200, body: { events: 1 } })
  })

  test('lines that are no JSON', async () => {
    expect(await post('{"type":"track"}\nnope\n', 'application/x-ndjson')).toMatchObject({ status: 400 })
  })

  test('a source that is not there', async () => {
    const answer = await post('{"batch":[1]}', 'application/json', '/api/imports/nowhere/batches')
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'source-unknown' } } })
  })

  test('another type, no token', async () => {
    expect((await post('a,b', 'text/csv')).status).toBe(415)
    const response = await fetch(`${millpond.address}/api/imports/web/batches`, {
      method: 'POST',
      body: '{"batch":[]}',
    })
    expect(response.status).toBe(401)
  })
})
