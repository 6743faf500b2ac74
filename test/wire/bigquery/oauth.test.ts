// How programs sign in: assertions of service-account keys, and tokens of ours exchanged for themselves.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'

import { GoogleAuth, type JWTInput } from 'google-auth-library'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { BigQuery } from '@google-cloud/bigquery'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { openControl } from '../../../src/control/control.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { createLog } from '../../../src/core/log.ts'
import { exchangeGrant, grantToken, type TokenAnswer } from '../../../src/query/bigquery-api/oauth.ts'
import { type BigqueryRig, type Json, project, startBigqueryRig } from './rig.ts'

let rig: BigqueryRig
let key: JWTInput & { readonly private_key: string; readonly private_key_id: string; readonly client_email: string }

beforeAll(async () => {
  rig = await startBigqueryRig()
  await rig.control.addPrincipal('etl@shop', 'service', 'member')
  key = (await rig.control.createKey('etl@shop', { project, publicUrl: rig.url })).key
})
afterAll(async () => {
  await rig.stop()
})

interface Claims {
  readonly iss?: string
  readonly sub?: string
  readonly aud?: string
  readonly iat?: number
  readonly exp?: number | undefined
}

async function assertion(claims: Claims = {}, header: Json = {}, privateKey = key.private_key): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const payload = {
    iss: key.client_email,
    sub: key.client_email,
    aud: 'https://oauth2.googleapis.com/token',
    iat: now,
    exp: now + 3600,
    scope: 'x',
    ...claims,
  }
  return new SignJWT(payload as Record<string, unknown>)
    .setProtectedHeader({ alg: 'RS256', kid: key.private_key_id, ...header })
    .sign(createPrivateKey(privateKey))
}

async function post(form: Record<string, string>, path = '/oauth2/token'): Promise<{ status: number; json: Json }> {
  const response = await fetch(rig.url + path, { method: 'POST', body: new URLSearchParams(form) })
  return { status: response.status, json: (await response.json()) as Json }
}

const grant = async (text: string): Promise<{ status: number; json: Json }> =>
  post({ grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer', assertion: text })

describe('a key', () => {
  test('signs in, whichever audience its library writes, and gets a token of its principal for an hour', async () => {
    for (const aud of ['https://oauth2.googleapis.com/token', `${rig.url}/oauth2/token`]) {
      const { status, json } = await grant(await assertion({ aud }))
      expect([status, json['expires_in'], json['token_type']]).toEqual([200, 3600, 'Bearer'])
      const headers = { authorization: `Bearer ${String(json['access_token'])}` }
      expect((await rig.call('GET', '/bigquery/v2/projects', undefined, headers)).status).toBe(200)
      expect(rig.control.verifyToken(String(json['access_token']))?.principal.handle).toBe('etl@shop')
    }
  })

  const now = Math.floor(Date.now() / 1000)
  const stranger = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  test.each<[string, Claims, Json, string | undefined, RegExp]>([
    ['an unknown key', {}, { kid: 'ffff' }, undefined, /key is unknown/],
    ['no key id', {}, { kid: '' }, undefined, /key is unknown/],
    ['somebody else’s signature', {}, {}, stranger.privateKey, /signature/],
    ['another audience', { aud: 'https://example.com/token' }, {}, undefined, /aud/],
    ['an old assertion', { iat: now - 7200, exp: now - 3600 }, {}, undefined, /exp/],
    ['one that lives too long', { exp: now + 86_400 }, {}, undefined, /short-lived/],
    ['one without an end', { exp: undefined }, {}, undefined, /exp/],
    ['one from the future', { iat: now + 3000, exp: now + 3600 }, {}, undefined, /future|iat/],
    [
      'another issuer',
      { iss: 'owner@millpond.millpond.local', sub: 'owner@millpond.millpond.local' },
      {},
      undefined,
      /client_email/,
    ],
    ['somebody else’s subject', { sub: 'owner@millpond.millpond.local' }, {}, undefined, /client_email/],
  ])('is refused with %s', async (_name, claims, header, privateKey, message) => {
    const { status, json } = await grant(await assertion(claims, header, privateKey))
    expect([status, json['error']]).toEqual([400, 'invalid_grant'])
    expect(json['error_description']).toMatch(message)
  })

  test('is refused for other algorithms and other nonsense', async () => {
    const secret = new TextEncoder().encode(rig.control.findKey(key.private_key_id)?.publicKey ?? '')
    const forged = await new SignJWT({ iss: key.client_email, aud: 'https://oauth2.googleapis.com/token' })
      .setProtectedHeader({ alg: 'HS256', kid: key.private_key_id })
      .setExpirationTime('1h')
      .sign(secret)
    expect((await grant(forged)).json).toMatchObject({ error: 'invalid_grant' })
    const none = `${Buffer.from(JSON.stringify({ alg: 'none', kid: key.private_key_id })).toString('base64url')}.e30.`
    expect((await grant(none)).json).toMatchObject({ error: 'invalid_grant' })
    for (const text of ['', 'x', 'a.b.c', 'x'.repeat(20_000)]) expect((await grant(text)).status).toBe(400)
    expect((await post({ grant_type: 'password' })).json).toMatchObject({ error: 'unsupported_grant_type' })
    expect((await post({})).status).toBe(400)
    const large = await fetch(`${rig.url}/oauth2/token`, { method: 'POST', body: 'x'.repeat(100_000) })
    expect(large.status).toBe(413)
  })

  test('ends with its revocation', async () => {
    const { key: second } = await rig.control.createKey('etl@shop', { project, publicUrl: rig.url })
    const text = await assertion({}, { kid: second.private_key_id }, second.private_key)
    const { json } = await grant(text)
    await rig.control.revokeKey(second.private_key_id)
    expect((await grant(text)).json).toMatchObject({ error: 'invalid_grant' })
    const headers = { authorization: `Bearer ${String(json['access_token'])}` }
    expect((await rig.call('GET', '/bigquery/v2/projects', undefined, headers)).status).toBe(401)
  })
})

describe('an exchange', () => {
  test('lets the Node client in with an external_account file', async () => {
    const tokenPath = join(rig.folder, 'token.txt')
    await writeFile(tokenPath, rig.token)
    const credentials = {
      type: 'external_account',
      audience: '//millpond',
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_url: `${rig.url}/v1/token`,
      credential_source: { file: tokenPath },
    }
    const auth = new GoogleAuth({ credentials, projectId: project })
    const client = new BigQuery({ projectId: project, apiEndpoint: rig.url, authClient: auth as never })
    expect((await client.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  })

  test('tells how long the token that it gives back still lives', async () => {
    let nowMicros = 1_800_000_000_300_000
    const clock = { ...systemClock, nowMicros: () => nowMicros }
    const folder = join(rig.folder, 'other')
    await mkdir(folder)
    const control = await openControl(folder, { clock, log: createLog('silent') })
    await control.addPrincipal('etl', 'service', 'member')
    const { info } = await control.createKey('etl', { project, publicUrl: rig.url })
    const { token, expiresInSeconds } = control.createAccessToken(info.id)
    const exchanged = async (subject: string): Promise<TokenAnswer> => {
      const form = new URLSearchParams({ grant_type: exchangeGrant, subject_token: subject })
      return grantToken(form, undefined, { control, clock, audiences: () => [] })
    }
    expect([expiresInSeconds, (await exchanged(token)).expires_in]).toEqual([3600, 3600])
    nowMicros += 3_000_500_000
    expect((await exchanged(token)).expires_in).toBe(600)
    nowMicros += 599_400_000
    expect((await exchanged(token)).expires_in).toBe(0)
    expect(control.verifyToken(token)).toBeDefined()
    // One that doesn't end by itself is asked for again every hour, so that its revocation is noticed.
    expect((await exchanged((await control.createToken('t', 'etl')).token)).expires_in).toBe(3600)
    await control.stop()
  })

  test('refuses what is no token of ours', async () => {
    const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange'
    expect((await post({ grant_type: grantType, subject_token: 'mp_x' }, '/v1/token')).json).toMatchObject({
      error: 'invalid_grant',
    })
    expect((await post({ grant_type: grantType }, '/v1/token')).json).toMatchObject({ error: 'invalid_request' })
  })
})
