// Guessing at the public port of a real Millpond: the address that counts is the one that the connection comes from, whatever a client
// says of itself.
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'

const triesMax = 5

let pond: Millpond

beforeAll(async () => {
  pond = await startMillpond({
    settings: {
      MILLPOND_LOGIN_TRIES_PER_ADDRESS_MAX: String(triesMax),
      MILLPOND_LOGIN_TRIES_PER_ACCOUNT_MAX: '1000',
    },
  })
}, 60_000)

afterAll(async () => {
  await pond.dispose()
})

test('a client that names another address at each try has no more tries', async () => {
  const statuses: number[] = []
  for (let index = 0; index < triesMax + 3; index += 1) {
    const address = `198.51.100.${index}`
    const answer = await fetch(`${pond.address}/api/auth/sign-in`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: pond.address,
        'x-millpond-client-address': address,
        'x-forwarded-for': address,
        'x-real-ip': address,
        forwarded: `for=${address}`,
      },
      body: JSON.stringify({ email: `somebody-${index}@example.com`, password: 'a wrong password' }),
    })
    statuses.push(answer.status)
  }
  expect(statuses).toEqual([...Array.from({ length: triesMax }, () => 401), 429, 429, 429])
})

test('the audit log has the address that the connection came from', async () => {
  await pond.api('/api/principals', {
    method: 'POST',
    headers: { 'x-millpond-client-address': '198.51.100.99', 'x-forwarded-for': '198.51.100.99' },
    body: JSON.stringify({ handle: 'ana' }),
  })
  const { entries } = (await (await pond.api('/api/audit?limit=1')).json()) as { entries: { address: string }[] }
  expect(entries).toEqual([expect.objectContaining({ action: 'person.add', target: 'ana', address: '127.0.0.1' })])
})
