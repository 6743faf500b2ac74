// Principals, tokens, keys and policies against real SQLite in temp folders; the clock is a fake one.
import { createHash, createHmac, createSign, createVerify, pbkdf2Sync } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Clock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import { type Control, openControl } from './control.ts'
import { sourcesAndTokens } from './migrations/0001-sources-and-tokens.ts'

let folder: string
let nowMicros: number
let control: Control

const clock: Clock = {
  nowMicros: () => nowMicros,
  monotonicMs: () => nowMicros / 1000,
  schedule: () => () => undefined,
}
const address = { project: 'millpond', publicUrl: 'https://pond.example.com' }

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-access-'))
  nowMicros = 1_760_000_000_000_000
  control = await openControl(folder, { clock, log: createLog('silent') })
})

afterEach(async () => {
  await control.stop()
  await rm(folder, { recursive: true })
})

async function reopen(): Promise<void> {
  await control.stop()
  control = await openControl(folder, { clock, log: createLog('silent') })
}

/** What a client does with its token and the server's salt, in the words of RFC 5802. */
function proves(token: string, salt: Uint8Array, iterations: number, storedKey: Uint8Array): boolean {
  const saltedPassword = pbkdf2Sync(token, salt, iterations, 32, 'sha256')
  const clientKey = createHmac('sha256', saltedPassword).update('Client Key').digest()
  const signature = createHmac('sha256', storedKey).update('n=ana,r=1,r=12,s=…').digest()
  const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0))
  const recovered = proof.map((byte, index) => byte ^ (signature[index] ?? 0))
  return createHash('sha256').update(recovered).digest().equals(storedKey)
}

test('there is an owner from the beginning, who stays', async () => {
  expect(control.listPrincipals()).toMatchObject([{ id: 'owner', kind: 'owner', handle: 'owner', role: 'admin' }])
  await expect(control.changePrincipal('owner', { role: 'member' })).rejects.toMatchObject({ code: 'not-allowed' })
  await expect(control.removePrincipal('owner')).rejects.toMatchObject({ code: 'not-allowed' })
  const { info, token } = await control.createToken('laptop')
  expect(info).toMatchObject({ handle: 'owner', role: 'admin' })
  expect(control.verifyToken(token)?.principal).toMatchObject({ id: 'owner', role: 'admin' })
})

test('people and services come, change and go, and stay over a restart', async () => {
  const ana = await control.addPrincipal('ana', 'person', 'member', { region: ['EU', 'UK'], team: 'data' })
  expect(ana).toMatchObject({ handle: 'ana', kind: 'person', role: 'member', createdAtMicros: nowMicros })
  await control.addPrincipal('etl@company.com', 'service', 'admin')
  await expect(control.addPrincipal('ana', 'person', 'admin')).rejects.toMatchObject({ code: 'principal-exists' })
  await control.changePrincipal('ana', { attributes: { region: 'US' } })
  await reopen()
  expect(control.principalById(ana.id)).toMatchObject({ handle: 'ana', role: 'member', attributes: { region: 'US' } })
  await control.changePrincipal('ana', { role: 'admin' })
  expect(control.principalById(ana.id)).toMatchObject({ role: 'admin', attributes: { region: 'US' } })
  expect(control.listPrincipals().map(({ handle }) => handle)).toEqual(['ana', 'etl@company.com', 'owner'])
  await control.removePrincipal('ana')
  expect(control.principalById(ana.id)).toBeUndefined()
  await expect(control.removePrincipal('ana')).rejects.toMatchObject({ code: 'principal-unknown' })
  expect((await control.addPrincipal('ana', 'person', 'member')).id).not.toBe(ana.id)
})

test.each(['', 'Ana', '1ana', 'ana b', '*', 'ana/', 'a'.repeat(64), 'ána', 'ana\n', '__proto__'])(
  '%j is no handle',
  async (handle) => {
    await expect(control.addPrincipal(handle, 'person', 'member')).rejects.toMatchObject({ code: 'request-invalid' })
  },
)

test.each([
  [{ Region: 'EU' }],
  [{ 'a b': 'EU' }],
  [{ region: 'x'.repeat(1001) }],
  [{ region: Array.from({ length: 1001 }, () => 'x') }],
  [Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`a${index}`, 'x']))],
])('attributes that nobody could use are refused', async (attributes) => {
  await expect(control.addPrincipal('ana', 'person', 'member', attributes)).rejects.toMatchObject({
    code: 'request-invalid',
  })
})

test('a token is its principal, as that is at the moment', async () => {
  await control.addPrincipal('ana', 'person', 'member', { region: 'EU' })
  const { info, token } = await control.createToken('laptop', 'ana')
  expect(info).toMatchObject({ handle: 'ana', role: 'member' })
  expect(control.verifyToken(token)?.principal).toMatchObject({ handle: 'ana', attributes: { region: 'EU' } })
  await control.changePrincipal('ana', { role: 'admin', attributes: {} })
  expect(control.verifyToken(token)?.principal).toMatchObject({ role: 'admin', attributes: {} })
  expect(control.isTokenValid(info.id)).toBe(true)
  await control.removePrincipal('ana')
  expect(control.verifyToken(token)).toBeUndefined()
  expect(control.isTokenValid(info.id)).toBe(false)
  expect(control.listTokens()).toEqual([])
  await expect(control.createToken('x', 'ana')).rejects.toMatchObject({ code: 'principal-unknown' })
})

test('any of several tokens proves itself against one salt', async () => {
  await control.addPrincipal('ana', 'person', 'member')
  const first = await control.createToken('laptop', 'ana')
  const second = await control.createToken('phone', 'ana')
  const { salt, iterations, verifiers } = control.scramCredentials('ana')
  expect([salt.length, iterations, verifiers.length]).toEqual([16, 4096, 2])
  for (const { info, token } of [first, second]) {
    const proven = verifiers.filter(({ storedKey }) => proves(token, salt, iterations, storedKey))
    expect(proven.map(({ tokenId }) => tokenId)).toEqual([info.id])
  }
  expect(verifiers.some(({ storedKey }) => proves('mp_wrong', salt, iterations, storedKey))).toBe(false)
  await control.revokeToken(first.info.id)
  expect(control.scramCredentials('ana').verifiers.map(({ tokenId }) => tokenId)).toEqual([second.info.id])
})

test('a verifier is the one of RFC 7677', async () => {
  const { scramVerifier } = await import('./scram.ts')
  const { storedKey, serverKey } = scramVerifier('pencil', Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'), 4096)
  const authMessage =
    'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
  const serverSignature = createHmac('sha256', serverKey).update(authMessage).digest('base64')
  expect(serverSignature).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64')
  const signature = createHmac('sha256', storedKey).update(authMessage).digest()
  const clientKey = proof.map((byte, index) => byte ^ (signature[index] ?? 0))
  expect(createHash('sha256').update(clientKey).digest()).toEqual(storedKey)
})

test('an unknown handle can not be told from one without tokens', async () => {
  await control.addPrincipal('ana', 'person', 'member')
  const known = control.scramCredentials('ana')
  const unknown = control.scramCredentials('bob')
  expect(unknown.verifiers).toEqual(known.verifiers)
  expect([unknown.salt.length, unknown.iterations]).toEqual([known.salt.length, known.iterations])
  expect(control.scramCredentials('bob').salt).toEqual(unknown.salt)
  expect(control.scramCredentials('bib').salt).not.toEqual(unknown.salt)
  await reopen()
  expect(control.scramCredentials('bob').salt).toEqual(unknown.salt)
})

test('the tokens of an earlier version are the owner’s, and can prove themselves after their first use', async () => {
  const { token } = await control.createToken('x')
  await control.stop()
  await rm(join(folder, 'control.sqlite'))
  const database = new DatabaseSync(join(folder, 'control.sqlite'))
  database.exec(`${sourcesAndTokens}; PRAGMA user_version = 1`)
  const hash = createHash('sha256').update(token).digest('hex')
  database
    .prepare("INSERT INTO tokens (id, name, role, hash, created_at) VALUES ('a', 'old', 'admin', ?, ?)")
    .run(hash, nowMicros)
  database.close()
  control = await openControl(folder, { clock, log: createLog('silent') })
  expect(control.scramCredentials('owner').verifiers).toEqual([])
  expect(control.verifyToken(token)).toMatchObject({ info: { id: 'a', name: 'old' }, principal: { id: 'owner' } })
  const { salt, iterations, verifiers } = control.scramCredentials('owner')
  expect(verifiers.map(({ storedKey }) => proves(token, salt, iterations, storedKey))).toEqual([true])
})

test('touching a token is using it', async () => {
  const { info } = await control.createToken('laptop')
  control.touchToken(info.id)
  expect(control.listTokens()[0]?.lastUsedAtMicros).toBe(nowMicros)
})

test('a key is a Google file, and only its public half stays', async () => {
  await control.addPrincipal('etl@company.com', 'service', 'member')
  const { info, key } = await control.createKey('etl@company.com', address)
  expect(key).toMatchObject({
    type: 'service_account',
    project_id: 'millpond',
    private_key_id: info.id,
    client_email: 'etl.at.company.com@millpond.millpond.local',
    client_id: expect.stringMatching(/^\d{21}$/),
    token_uri: 'https://pond.example.com/oauth2/token',
    universe_domain: 'googleapis.com',
  })
  const found = control.findKey(info.id)
  expect(found?.principal.handle).toBe('etl@company.com')
  const signature = createSign('RSA-SHA256').update('jwt').sign(key.private_key)
  expect(
    createVerify('RSA-SHA256')
      .update('jwt')
      .verify(found?.publicKey ?? '', signature),
  ).toBe(true)
  const kept = (await readFile(join(folder, 'control.sqlite-wal'))).toString('latin1')
  expect(kept).toContain('BEGIN PUBLIC KEY')
  expect(kept).not.toContain('PRIVATE')
  await expect(control.createKey('nobody', address)).rejects.toMatchObject({ code: 'principal-unknown' })
})

test('an access token is good for an hour, over a restart, and no longer than its key', async () => {
  await control.addPrincipal('etl', 'service', 'member')
  const { info } = await control.createKey('etl', address)
  const { token, expiresInSeconds } = control.createAccessToken(info.id)
  expect(token).toMatch(/^mpa_/)
  await reopen()
  nowMicros += (expiresInSeconds - 1) * 1e6
  expect(control.verifyToken(token)).toMatchObject({ info: { id: info.id }, principal: { handle: 'etl' } })
  nowMicros += 1e6
  expect(control.verifyToken(token)).toBeUndefined()
  const next = control.createAccessToken(info.id).token
  expect(control.listKeys()).toMatchObject([{ id: info.id, handle: 'etl', lastUsedAtMicros: nowMicros }])
  for (let index = 0; index < next.length; index += 1) {
    const changed = next.slice(0, index) + (next[index] === 'x' ? 'y' : 'x') + next.slice(index + 1)
    // The last letter of base64url holds bits that don't count: the text is compared, not the bytes.
    expect(control.verifyToken(changed)).toBeUndefined()
  }
  for (const wrong of ['mpa_', 'mpa_..', `${next}.x`, `${next}x`]) expect(control.verifyToken(wrong)).toBeUndefined()
  await control.revokeKey(info.id)
  expect(control.verifyToken(next)).toBeUndefined()
  expect(control.isTokenValid(info.id)).toBe(false)
  expect(() => control.createAccessToken(info.id)).toThrow(/revoked/)
  await expect(control.revokeKey(info.id)).rejects.toMatchObject({ code: 'not-found' })
})

test('policies are one object until something changes', async () => {
  await control.addPrincipal('ana', 'person', 'member')
  const before = control.policies()
  expect(control.policies()).toBe(before)
  await control.addGrant({ grantee: 'ana', dataset: 'web', table: '*', privilege: 'read' })
  const after = control.policies()
  expect(after.version).toBeGreaterThan(before.version)
  expect(after.grants).toEqual([{ grantee: 'ana', dataset: 'web', table: '*', privilege: 'read' }])
  await control.changePrincipal('ana', { attributes: { region: 'EU' } })
  expect(control.policies().version).toBeGreaterThan(after.version)
})

test('grants, masks and filters are made, replaced, taken back, and cleaned of those who go', async () => {
  await control.addPrincipal('ana', 'person', 'member')
  await control.addPrincipal('bob', 'person', 'member')
  await control.addGrant({ grantee: '*', dataset: 'web', table: 'tracks', privilege: 'read' })
  const grant = { grantee: 'ana', dataset: '*', table: '*', privilege: 'write' } as const
  await control.addGrant(grant)
  await control.addGrant(grant)
  const mask = { dataset: 'web', table: '*', column: 'email', kind: 'hash', exempt: ['bob', 'ana', 'ana'] } as const
  await control.putMask({ ...mask, kind: 'nothing', exempt: [] })
  await control.putMask(mask)
  const filter = { dataset: 'web', table: 'orders', predicate: 'region = @region', exempt: ['ana'] }
  await control.putFilter(filter)
  await reopen()
  expect(control.policies()).toMatchObject({
    grants: [{ grantee: '*' }, grant],
    masks: [{ ...mask, exempt: ['ana', 'bob'] }],
    filters: [filter],
  })
  await control.removePrincipal('ana')
  expect(control.policies()).toMatchObject({
    grants: [{ grantee: '*' }],
    masks: [{ exempt: ['bob'] }],
    filters: [{ exempt: [] }],
  })
  await control.removeGrant({ grantee: '*', dataset: 'web', table: 'tracks', privilege: 'read' })
  await control.removeMask(mask)
  await control.removeFilter(filter)
  expect(control.policies()).toMatchObject({ grants: [], masks: [], filters: [] })
  await expect(control.removeMask(mask)).rejects.toMatchObject({ code: 'not-found' })
  await expect(control.removeFilter(filter)).rejects.toMatchObject({ code: 'not-found' })
  await expect(control.removeGrant(grant)).rejects.toMatchObject({ code: 'not-found' })
})

test('a role can be a grantee, and exempt; administrators need neither', async () => {
  const grant = { grantee: 'role:support', dataset: 'web', table: '*', privilege: 'read' } as const
  const mask = { dataset: 'web', table: '*', column: 'email', kind: 'hash', exempt: ['role:support'] } as const
  await control.addGrant(grant)
  await control.putMask(mask)
  expect(control.policies()).toMatchObject({ grants: [grant], masks: [mask] })
  await expect(control.addPrincipal('role:support', 'person', 'member')).rejects.toMatchObject({
    code: 'request-invalid',
  })
  for (const grantee of ['role:admin', 'role:nobody', 'role:']) {
    await expect(control.addGrant({ ...grant, grantee })).rejects.toMatchObject({ code: 'grant-invalid' })
    await expect(control.putMask({ ...mask, exempt: [grantee] })).rejects.toMatchObject({ code: 'grant-invalid' })
  }
})

test('what can not be meant is refused', async () => {
  const grant = { grantee: '*', dataset: 'web', table: '*', privilege: 'read' } as const
  const mask = { dataset: 'web', table: '*', column: 'email', kind: 'hash', exempt: [] } as const
  const filter = { dataset: 'web', table: 'orders', predicate: 'TRUE', exempt: [] }
  const code = async (work: Promise<void>): Promise<unknown> => work.catch((error: { code: string }) => error.code)
  expect(await code(control.addGrant({ ...grant, grantee: 'nobody' }))).toBe('principal-unknown')
  expect(await code(control.addGrant({ ...grant, dataset: '' }))).toBe('grant-invalid')
  expect(await code(control.addGrant({ ...grant, dataset: '*', table: 'orders' }))).toBe('grant-invalid')
  expect(await code(control.putMask({ ...mask, dataset: '*' }))).toBe('grant-invalid')
  expect(await code(control.putMask({ ...mask, column: '*' }))).toBe('grant-invalid')
  expect(await code(control.putMask({ ...mask, exempt: ['nobody'] }))).toBe('principal-unknown')
  expect(await code(control.putFilter({ ...filter, table: '*' }))).toBe('grant-invalid')
  expect(await code(control.putFilter({ ...filter, predicate: ' ' }))).toBe('grant-invalid')
  expect(control.policies()).toMatchObject({ grants: [], masks: [], filters: [] })
})
