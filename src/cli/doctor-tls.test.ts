// With the self-signed pair that the wire tests use; the time of looking is given.
import { generateKeyPairSync, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { loadSettings } from '../config/config.ts'
import { checkTls } from './doctor-tls.ts'

const fixtures = resolve(import.meta.dirname, '../../test/wire/tls')
const tlsCert = join(fixtures, 'localhost.cert.pem')
const tlsKey = join(fixtures, 'localhost.key.pem')
const certificate = new X509Certificate(readFileSync(tlsCert))
const fromMs = Date.parse(certificate.validFrom)
const toMs = Date.parse(certificate.validTo)
const dayMs = 86_400_000

let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-tls-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true })
})

async function check(nowMs: number, pair: { tlsCert?: string; tlsKey?: string } = { tlsCert, tlsKey }) {
  const settings = loadSettings({ variables: new Map(), workingFolder: folder })
  return await checkTls({ ...settings, ...pair }, nowMs)
}

test.each([
  ['a day after it begins', fromMs + dayMs, 'good', 'valid until'],
  ['13 days before it ends', toMs - 13 * dayMs, 'warning', 'valid until'],
  ['after its end', toMs, 'bad', 'expired'],
  ['before its beginning', fromMs - 1, 'bad', 'not valid before'],
])('%s the certificate is judged', async (_, nowMs, state, found) => {
  expect(await check(nowMs)).toMatchObject({ state, found: expect.stringContaining(found) })
})

test('without TLS there is nothing wrong', async () => {
  expect(await check(fromMs, {})).toEqual({ state: 'good', found: 'off' })
})

test('a key of another certificate, and files that are no PEM, are found', async () => {
  const other = join(folder, 'other.pem')
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  await writeFile(other, privateKey.export({ type: 'pkcs8', format: 'pem' }))
  expect(await check(fromMs + dayMs, { tlsCert, tlsKey: other })).toMatchObject({
    state: 'bad',
    found: expect.stringContaining('belong together'),
  })
  expect(await check(fromMs + dayMs, { tlsCert: other, tlsKey })).toMatchObject({ state: 'bad' })
  expect(await check(fromMs + dayMs, { tlsCert, tlsKey: join(folder, 'absent.pem') })).toMatchObject({
    state: 'bad',
    found: expect.stringContaining('ENOENT'),
  })
})
