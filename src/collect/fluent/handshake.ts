// The handshake of a port with a shared key. The server speaks first; nobody's key or password crosses the wire.
//
//   HELO {nonce, auth salt} ──▶  ◀── PING host, salt, sha512(salt host nonce key), user, sha512(auth user password)
//   PONG true, our name, sha512(salt name nonce key) ──▶   or PONG false, why ──▶ and the connection is closed
import { createHash, timingSafeEqual } from 'node:crypto'

import { Packr } from 'msgpackr'

import { arrayLength, insideOf, skipValue, textBytes } from '../../core/msgpack.ts'

export interface HandshakeKeys {
  readonly sharedKey: string
  /** Name and password; empty = nobody is asked for a user. */
  readonly users: ReadonlyMap<string, string>
}

export interface Handshake {
  /** To be written alone: clients read it as one piece. */
  readonly helo: Buffer
  /** Judges a whole PING. */
  answer(ping: Uint8Array): HandshakeAnswer
}

export interface HandshakeAnswer {
  readonly pong: Buffer
  /** The source of what this connection says; undefined = refused, close after the PONG. */
  readonly source: string | undefined
  /** Why not, for the log: without anything secret. */
  readonly reason: string
}

/** Whoever sends without a user. */
export const anonymousSource = 'forward'
/** Clients refuse a server of their own name, so there are two. */
const serverNames = ['millpond', 'millpond-intake'] as const
const packr = (): Packr => new Packr({ useRecords: false })

/** `random` gives that many bytes; 16 for the nonce, 16 for the salt of passwords. */
export function createHandshake(keys: HandshakeKeys, random: (bytes: number) => Buffer): Handshake {
  const nonce = random(16)
  const auth = keys.users.size > 0 ? random(16) : ''
  return {
    helo: Buffer.from(packr().encode(['HELO', { nonce, auth, keepalive: true }])),
    answer: (ping) => judge(keys, { nonce, auth }, ping),
  }
}

interface Challenge {
  readonly nonce: Buffer
  readonly auth: Buffer | string
}

function judge(keys: HandshakeKeys, { nonce, auth }: Challenge, bytes: Uint8Array): HandshakeAnswer {
  const ping = readPing(bytes)
  if (ping === undefined) return refuse('A PING was expected.')
  const { hostname, salt, digest, user, passwordDigest } = ping
  const isKeyRight = isEqual(digest, digestOf(salt, hostname, nonce, keys.sharedKey))
  const name = Buffer.from(user).toString('utf8')
  const password = keys.users.get(name)
  // Computed for unknown users too, so that time doesn't tell who exists.
  const isPasswordRight = isEqual(passwordDigest, digestOf(auth, user, password ?? ''))
  if (!isKeyRight) return refuse('The shared key is wrong.')
  const asksUsers = keys.users.size > 0
  if (asksUsers && !(isPasswordRight && password !== undefined)) return refuse('User or password is wrong.')
  const isFirstTaken = Buffer.from(hostname).toString('utf8') === serverNames[0]
  const serverName = serverNames[isFirstTaken ? 1 : 0]
  // As text: clients compare it with text.
  const proof = digestOf(salt, serverName, nonce, keys.sharedKey).toString('latin1')
  return {
    pong: Buffer.from(packr().encode(['PONG', true, '', serverName, proof])),
    source: asksUsers ? name : anonymousSource,
    reason: '',
  }
}

function refuse(reason: string): HandshakeAnswer {
  return { pong: Buffer.from(packr().encode(['PONG', false, reason, '', ''])), source: undefined, reason }
}

interface Ping {
  readonly hostname: Uint8Array
  /** Hashed as it was sent, whether it means hexadecimal digits or not. */
  readonly salt: Uint8Array
  readonly digest: Uint8Array
  readonly user: Uint8Array
  readonly passwordDigest: Uint8Array
}

function readPing(bytes: Uint8Array): Ping | undefined {
  if (arrayLength(bytes, 0) !== 6) return undefined
  const texts: Uint8Array[] = []
  for (let at = insideOf(bytes, 0); texts.length < 6; at = skipValue(bytes, at, bytes.length)) {
    const text = textBytes(bytes, at)
    if (text === undefined) return undefined
    texts.push(text)
  }
  const [word, hostname, salt, digest, user, passwordDigest] = texts
  if (word === undefined || Buffer.from(word).toString('latin1') !== 'PING') return undefined
  if (!hostname || !salt || !digest || !user || !passwordDigest) return undefined
  return { hostname, salt, digest, user, passwordDigest }
}

function digestOf(...parts: readonly (Uint8Array | string)[]): Buffer {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return Buffer.from(hash.digest('hex'))
}

function isEqual(given: Uint8Array, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}
