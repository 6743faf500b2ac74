// Who is it? SCRAM-SHA-256 with the handle as user and a token as password. A person's own password is never taken.
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

import type { Control } from '../../control/control.ts'
import type { Principal } from '../../control/principals.ts'
import { PgError, states } from './sqlstate.ts'
import { BodyReader } from './wire/body.ts'
import { endPointOf } from './wire/end-point.ts'
import type { Frame } from './wire/frames.ts'
import { sayAuthentication } from './wire/messages.ts'
import type { Output } from './wire/output.ts'
import { boundMechanism, createScramExchange, plainMechanism } from './wire/scram.ts'

/** What this port asks of control. */
export type Logins = Pick<
  Control,
  'scramCredentials' | 'isTokenValid' | 'touchToken' | 'listPrincipals' | 'principalById'
>

export interface LoginDeps {
  readonly logins: Logins
  readonly random: (bytes: number) => Buffer
}

export interface Login {
  readonly principal: Principal
  readonly tokenId: string
}

const sasl = 10
const saslContinue = 11
const saslFinal = 12
const ok = 0

/** Error: the password is wrong, or there is nobody of that name; the same words for both. */
export async function logIn(
  handle: string,
  socket: Socket,
  out: Output,
  nextFrame: () => Promise<Frame | undefined>,
  { logins, random }: LoginDeps,
): Promise<Login> {
  const endPoint = socket instanceof TLSSocket ? endPointOf(socket) : undefined
  const mechanisms = endPoint === undefined ? [plainMechanism] : [boundMechanism, plainMechanism]
  sayAuthentication(out, sasl, Buffer.from(`${mechanisms.join('\0')}\0\0`))
  out.flush()
  const first = new BodyReader(await response(nextFrame))
  const mechanism = first.text()
  if (mechanism !== plainMechanism && (mechanism !== boundMechanism || endPoint === undefined)) {
    throw new PgError(states.protocolViolation, 'client selected an invalid SASL authentication mechanism', {
      isFatal: true,
    })
  }
  const length = first.int32()
  const credentials = logins.scramCredentials(handle)
  const exchange = createScramExchange({ mechanism, credentials, endPoint, random })
  const serverFirst = exchange.first(length === -1 ? '' : first.bytes(length).toString('utf8'))
  sayAuthentication(out, saslContinue, Buffer.from(serverFirst))
  out.flush()
  const outcome = exchange.final((await response(nextFrame)).toString('utf8'))
  const principal = logins.listPrincipals().find((each) => each.handle === handle)
  if (outcome === undefined || principal === undefined || !logins.isTokenValid(outcome.tokenId)) throw refused(handle)
  sayAuthentication(out, saslFinal, Buffer.from(outcome.serverFinal))
  sayAuthentication(out, ok)
  logins.touchToken(outcome.tokenId)
  return { principal, tokenId: outcome.tokenId }
}

async function response(nextFrame: () => Promise<Frame | undefined>): Promise<Buffer> {
  const frame = await nextFrame()
  if (frame?.type === 'p') return frame.body
  throw new PgError(states.protocolViolation, 'expected SASL response', { isFatal: true })
}

function refused(handle: string): PgError {
  return new PgError(states.invalidPassword, `password authentication failed for user "${handle.slice(0, 100)}"`, {
    isFatal: true,
    hint: 'The user is your handle, the password a token of yours (mp_…), never your own password. Make one with `millpond token create` or in the portal under Tokens.',
  })
}
