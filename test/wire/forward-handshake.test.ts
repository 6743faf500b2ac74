// Shared key, users, TLS: who may speak, and what those hear who may not.
import { createHash } from 'node:crypto'
import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'

import { afterEach, describe, expect, it } from 'vitest'

import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { readTls, watchTls } from '../../src/processes/tls.ts'
import { createManualClock } from './manual-clock.ts'
import {
  type ForwardRig,
  hex,
  openSender,
  pack,
  type RawSender,
  type RigOptions,
  startForward,
  until,
} from './forward-rig.ts'

const sharedKey = 'very secret'
const users = ['alice:pass:word', 'bob:other']
const message = Buffer.concat([hex('93'), pack('t'), pack(1), pack({ a: 1 })])

let rig: ForwardRig
let senders: RawSender[] = []

afterEach(async () => {
  for (const sender of senders) sender.close()
  senders = []
  await rig.stop()
})

async function begin(options: RigOptions = {}): Promise<void> {
  rig = await startForward({ settings: { forwardSharedKey: sharedKey }, ...options })
}

async function open(): Promise<RawSender> {
  const sender = await openSender(rig.port, false)
  senders.push(sender)
  return sender
}

const sha512 = (...parts: readonly (string | Uint8Array)[]): string => {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

interface Login {
  readonly key?: string
  readonly user?: string
  readonly password?: string
  readonly hostname?: string
}

/** Answers the HELO; resolves with it and the PONG. */
async function login(
  sender: RawSender,
  { key = sharedKey, user = '', password = '', hostname = 'client' }: Login = {},
) {
  const [helo] = (await sender.answered(1)) as [[string, { nonce: Uint8Array; auth: Uint8Array | string }]]
  const { nonce, auth } = helo[1]
  const salt = 'a1b2'
  sender.send(
    pack(['PING', hostname, salt, sha512(salt, hostname, nonce, key), user, user && sha512(auth, user, password)]),
  )
  const [, pong] = (await sender.answered(2)) as [unknown, [string, boolean, string, string, string]]
  return { helo, pong, proof: sha512(salt, pong[3], nonce, key) }
}

describe('with a shared key', () => {
  it('greets first, in a write of its own, and lets in who knows the key', async () => {
    await begin()
    const sender = await open()
    const { helo, pong, proof } = await login(sender)
    expect(helo).toEqual(['HELO', { nonce: expect.any(Uint8Array), auth: '', keepalive: true }])
    expect(helo[1].nonce).toHaveLength(16)
    expect(pong).toEqual(['PONG', true, '', 'millpond', proof])
    sender.send(message)
    await until(() => rig.records.length === 1, 'a record')
    expect(rig.records[0]?.source).toBe('forward')
  })

  it("has another name than the sender's", async () => {
    await begin()
    const { pong, proof } = await login(await open(), { hostname: 'millpond' })
    expect(pong.slice(3)).toEqual(['millpond-intake', proof])
  })

  it('makes each greeting a new one', async () => {
    await begin()
    const [first] = (await (await open()).answered(1)) as [unknown]
    const [second] = (await (await open()).answered(1)) as [unknown]
    expect(first).not.toEqual(second)
  })

  it.each([
    ['another key', { key: 'guessed' }],
    ['an empty key', { key: '' }],
  ])('refuses %s with a PONG, closes, and takes nothing', async (_name, wrong) => {
    await begin()
    const sender = await open()
    const { pong } = await login(sender, wrong)
    expect(pong).toEqual(['PONG', false, 'The shared key is wrong.', '', ''])
    sender.send(message)
    await sender.closed
    expect(rig.records).toEqual([])
    expect(rig.server.stats()['refused.handshake']).toBe(1)
    expect(JSON.stringify(rig.lines)).not.toContain(sharedKey)
  })

  it('refuses messages before the handshake', async () => {
    await begin()
    const sender = await open()
    sender.send(message)
    await sender.closed
    expect(rig.records).toEqual([])
    expect(rig.server.stats()['refused.handshake']).toBe(1)
  })

  it.each([
    ['a short PING', pack(['PING', 'x'])],
    ['numbers', pack(['PING', 1, 2, 3, 4, 5])],
    ['another word', pack(['PONG', 'a', 'b', 'c', 'd', 'e'])],
    ['JSON', Buffer.from('["t",1,{}]')],
    ['a PING without end', Buffer.concat([hex('96'), pack('PING'), hex('db 00ffffff')])],
    ['garbage', Buffer.alloc(5000, 0xc1)],
  ])('closes on %s', async (_name, bytes) => {
    await begin()
    const sender = await open()
    sender.send(bytes)
    await sender.closed
    expect(rig.server.stats()['refused.handshake']).toBe(1)
  })

  it('lets a silent connection go after a while, without a word in the log', async () => {
    const clock = createManualClock()
    await begin({ clock })
    const sender = await open()
    await sender.answered(1)
    clock.advance(15_000)
    await sender.closed
    expect(rig.lines).toEqual([])
    expect(rig.server.stats()['refused.handshake']).toBeUndefined()
  })

  it('closes an address that fails again and again at once, until the minute is over', async () => {
    const clock = createManualClock()
    await begin({ clock })
    for (let failure = 0; failure < 30; failure += 1) await login(await open(), { key: 'guessed' })
    const refused = await open()
    await refused.closed
    expect(refused.pieces).toEqual([])
    expect(rig.lines).toHaveLength(1)
    clock.advance(60_000)
    const { pong } = await login(await open())
    expect(pong[1]).toBe(true)
  })
})

describe('with users', () => {
  it('takes the user as the source', async () => {
    await begin({ settings: { forwardSharedKey: sharedKey, forwardUsers: users } })
    const sender = await open()
    const { helo, pong } = await login(sender, { user: 'alice', password: 'pass:word' })
    expect(helo[1].auth).toHaveLength(16)
    expect(pong[1]).toBe(true)
    sender.send(message)
    await until(() => rig.records.length === 1, 'a record')
    expect(rig.records[0]?.source).toBe('alice')
  })

  it.each([
    ['a wrong password', { user: 'alice', password: 'other' }],
    ['an unknown user', { user: 'eve', password: '' }],
    ['no user', {}],
    ["another user's password", { user: 'bob', password: 'pass:word' }],
  ])('refuses %s', async (_name, wrong) => {
    await begin({ settings: { forwardSharedKey: sharedKey, forwardUsers: users } })
    const { pong } = await login(await open(), wrong)
    expect(pong.slice(0, 3)).toEqual(['PONG', false, 'User or password is wrong.'])
  })

  it('does not start without a shared key', async () => {
    await expect(startForward({ settings: { forwardUsers: users } })).rejects.toMatchObject({ code: 'setting-invalid' })
    await begin()
  })
})

describe('with TLS', () => {
  it('takes a renewed certificate without a restart, and open connections go on', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'millpond-tls-'))
    const paths = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const use = async (name: 'localhost' | 'renewed'): Promise<void> => {
      await copyFile(new URL(`tls/${name}.cert.pem`, import.meta.url), paths.cert)
      await copyFile(new URL(`tls/${name}.key.pem`, import.meta.url), paths.key)
    }
    await use('localhost')
    const deps = { clock: systemClock, log: createLog('silent') }
    await begin({ settings: {}, tls: { ...(await readTls(paths)), watch: (server) => watchTls(server, paths, deps) } })
    const first = await openSender(rig.port, true)
    senders.push(first)
    await use('renewed')
    const before = await fingerprint(rig.port)
    while ((await fingerprint(rig.port)) === before) await new Promise((resolve) => setImmediate(resolve))
    first.send(message)
    await until(() => rig.records.length === 1, 'a record')
    await rm(folder, { recursive: true })
  })

  it('closes who speaks plainly, and others go on', async () => {
    await begin({ settings: {}, tls: true })
    const plain = await open()
    plain.send(message)
    await plain.closed
    const sender = await openSender(rig.port, true)
    senders.push(sender)
    sender.send(message)
    await until(() => rig.records.length === 1, 'a record')
    expect(rig.server.stats()['refused.handshake']).toBe(1)
  })
})

function fingerprint(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256)
      socket.destroy()
    })
    socket.once('error', reject)
  })
}

describe('without a shared key', () => {
  it('listens on loopback whatever host says, and warns', async () => {
    await begin({ host: '0.0.0.0', settings: {} })
    expect(rig.server.address).toBe(`127.0.0.1:${rig.port}`)
    expect(rig.lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('this machine only')])
  })

  it('says nothing where host is loopback anyway, and with a key listens where host says', async () => {
    const everywhere = await startForward({ host: '0.0.0.0', settings: { forwardSharedKey: 'k' } })
    expect(everywhere.server.address).toBe(`0.0.0.0:${everywhere.port}`)
    expect(everywhere.lines).toEqual([])
    await everywhere.stop()
    await begin({ host: 'localhost', settings: {} })
    expect(rig.lines).toEqual([])
  })
})
