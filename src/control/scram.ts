// SCRAM-SHA-256 (RFC 5802, 7677): what is kept of a token, so that somebody can prove to have it without sending it.
//
//   SaltedPassword = PBKDF2(token, salt, iterations) ─▶ ClientKey ─SHA-256─▶ StoredKey (kept)
//                                                    └▶ ServerKey (kept)
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/** As Postgres has it. Tokens are 40 random letters: more rounds would protect nothing more. */
export const scramIterations = 4096
export const scramSaltBytes = 16
const keyBytes = 32

export interface ScramVerifier {
  readonly storedKey: Uint8Array
  readonly serverKey: Uint8Array
}

export interface ScramCredentials {
  readonly salt: Uint8Array
  readonly iterations: number
  /** One a living token; whoever proves one of them is in. Empty for unknown handles. */
  readonly verifiers: readonly ({ readonly tokenId: string } & ScramVerifier)[]
}

/** `token` is ASCII: preparing the text (SASLprep) changes nothing. */
export function scramVerifier(token: string, salt: Uint8Array, iterations: number): ScramVerifier {
  const salted = pbkdf2Sync(token, salt, iterations, keyBytes, 'sha256')
  const clientKey = createHmac('sha256', salted).update('Client Key').digest()
  return {
    storedKey: createHash('sha256').update(clientKey).digest(),
    serverKey: createHmac('sha256', salted).update('Server Key').digest(),
  }
}

/** Always the same for one handle, so that nobody can tell a handle that exists from one that doesn't. */
export function fakeSalt(secret: string, handle: string): Uint8Array {
  return createHmac('sha256', secret).update(handle).digest().subarray(0, scramSaltBytes)
}
