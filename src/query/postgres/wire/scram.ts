// The server's side of SCRAM-SHA-256 (RFC 5802, 7677): the client proves to have a token without sending it. A handle that
// nobody has goes the same way, to the same refusal.
//
//   client-first ──▶ server-first (salt, rounds) ──▶ client-final (proof) ──▶ right: server-final · wrong: undefined
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

import type { ScramCredentials } from '../../../control/scram.ts'
import { PgError, states } from '../sqlstate.ts'

export const plainMechanism = 'SCRAM-SHA-256'
export const boundMechanism = 'SCRAM-SHA-256-PLUS'

export interface ScramOutcome {
  readonly tokenId: string
  readonly serverFinal: string
}

export interface ScramExchange {
  /** The answer to the client's first message. Error: a message that is none. */
  first(message: string): string
  /** undefined: the proof is wrong. */
  final(message: string): ScramOutcome | undefined
}

export interface ScramInput {
  readonly mechanism: typeof plainMechanism | typeof boundMechanism
  readonly credentials: ScramCredentials
  /** Of this server's certificate, where TLS is spoken. */
  readonly endPoint: Uint8Array | undefined
  readonly random: (bytes: number) => Buffer
}

const nonceBytes = 18
/** Compared when a handle has no token, so that the work is the same. */
const nobody = { tokenId: '', storedKey: new Uint8Array(32), serverKey: new Uint8Array(32) }

export function createScramExchange({ mechanism, credentials, endPoint, random }: ScramInput): ScramExchange {
  let bare = ''
  let header = ''
  let nonce = ''
  let serverFirst = ''
  return {
    first(message) {
      const match = /^(n|y|p=([^,]*)),(?:a=[^,]*)?,(n=[^,]*,r=([\x21-\x2b\x2d-\x7e]{1,256})(?:,.*)?)$/s.exec(message)
      const [, flag = '', binding, bareMessage = '', clientNonce = ''] = match ?? []
      const isBound = mechanism === boundMechanism
      const isRight = isBound
        ? binding === 'tls-server-end-point'
        : flag === 'n' || (flag === 'y' && endPoint === undefined)
      if (match === null || !isRight) throw broken()
      header = message.slice(0, message.length - bareMessage.length)
      bare = bareMessage
      nonce = clientNonce + random(nonceBytes).toString('base64')
      const salt = Buffer.from(credentials.salt).toString('base64')
      serverFirst = `r=${nonce},s=${salt},i=${credentials.iterations}`
      return serverFirst
    },
    final(message) {
      const match = /^(c=([A-Za-z0-9+/=]+),r=([\x21-\x2b\x2d-\x7e]+)(?:,[a-z]=[^,]*)*),p=([A-Za-z0-9+/=]+)$/.exec(
        message,
      )
      const [, withoutProof = '', binding = '', sentNonce = '', proofText = ''] = match ?? []
      if (match === null || nonce === '') throw broken()
      const wanted = Buffer.concat([
        Buffer.from(header),
        mechanism === boundMechanism && endPoint !== undefined ? endPoint : Buffer.alloc(0),
      ])
      const isSame = sentNonce === nonce && isEqual(Buffer.from(binding, 'base64'), wanted)
      const said = `${bare},${serverFirst},${withoutProof}`
      const found = proven(credentials, said, Buffer.from(proofText, 'base64'))
      if (!isSame || found === undefined) return undefined
      const signature = createHmac('sha256', found.serverKey).update(said).digest('base64')
      return { tokenId: found.tokenId, serverFinal: `v=${signature}` }
    },
  }
}

/** The token whose key the proof holds. Each is tried, so that the time says nothing. */
function proven(
  { verifiers }: ScramCredentials,
  said: string,
  proof: Buffer,
): ScramCredentials['verifiers'][number] | undefined {
  let found: ScramCredentials['verifiers'][number] | undefined
  for (const verifier of verifiers.length === 0 ? [nobody] : verifiers) {
    const signature = createHmac('sha256', verifier.storedKey).update(said).digest()
    const clientKey = Buffer.from(signature.map((byte, index) => byte ^ (proof[index] ?? 0)))
    const isRight = isEqual(createHash('sha256').update(clientKey).digest(), verifier.storedKey)
    if (isRight && proof.length === signature.length && verifier !== nobody) found = verifier
  }
  return found
}

export function isEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right)
}

function broken(): PgError {
  return new PgError(states.protocolViolation, 'A SCRAM message could not be read', { isFatal: true })
}
