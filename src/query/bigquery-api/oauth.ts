// How programs come by access tokens here: a service account's signed assertion (RFC 7523), which is what Google's libraries send to
// the `token_uri` of a key file; and an exchange of one of our tokens (RFC 8693), for libraries that know only Google's token URL for
// keys but let `external_account` files name another.
import { decodeProtectedHeader, importSPKI, jwtVerify } from 'jose'

import type { Control } from '../../control/control.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf, MillpondError } from '../../core/errors.ts'

export type TokenControl = Pick<Control, 'verifyToken' | 'findKey' | 'createAccessToken'>

export interface OauthDeps {
  readonly control: TokenControl
  readonly clock: Clock
  /** Addresses of ours under which clients may have asked, as they stand in `aud`. */
  readonly audiences: (host: string | undefined) => readonly string[]
}

/** What libraries write into `aud` whatever the token URL is. */
const googleAudiences = ['https://oauth2.googleapis.com/token', 'https://accounts.google.com/o/oauth2/token']
const lifeSecondsMax = 3600
/** Clocks of two machines. */
const skewSeconds = 300
const assertionLengthMax = 16_384

export const jwtBearerGrant = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const exchangeGrant = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** RFC 6749 §5.2: libraries show `error_description` to people. */
export class OauthError extends Error {
  override name = 'OauthError'
  readonly error: 'invalid_request' | 'invalid_grant' | 'unsupported_grant_type' | 'invalid_client'

  constructor(error: OauthError['error'], message: string) {
    super(message)
    this.error = error
  }
}

export interface TokenAnswer {
  readonly access_token: string
  readonly expires_in: number
  readonly token_type: 'Bearer'
  readonly issued_token_type?: string
}

/** Error: OauthError. `host`: of the request. */
export async function grantToken(
  form: URLSearchParams,
  host: string | undefined,
  deps: OauthDeps,
): Promise<TokenAnswer> {
  const grant = form.get('grant_type')
  if (grant === jwtBearerGrant) return grantByAssertion(form.get('assertion'), host, deps)
  if (grant === exchangeGrant) return exchangeToken(form, deps)
  throw new OauthError('unsupported_grant_type', `Millpond knows ${jwtBearerGrant} and ${exchangeGrant}.`)
}

async function grantByAssertion(
  assertion: string | null,
  host: string | undefined,
  { control, clock, audiences }: OauthDeps,
): Promise<TokenAnswer> {
  if (assertion === null || assertion.length > assertionLengthMax)
    throw new OauthError('invalid_request', 'The field `assertion` is missing or too long.')
  const key = control.findKey(keyIdOf(assertion))
  if (key === undefined)
    throw new OauthError('invalid_grant', 'Invalid JWT Signature: this key is unknown or was revoked.')
  const nowSeconds = clock.nowMicros() / 1e6
  const payload = await verified(assertion, key.publicKey, {
    audience: [...googleAudiences, ...audiences(host)],
    currentDate: new Date(nowSeconds * 1000),
  })
  const { iss, sub = iss, exp = 0, iat = nowSeconds } = payload
  const isOwn = iss !== undefined && sub === iss && iss.split('@')[0] === key.principal.handle.replaceAll('@', '.at.')
  if (!isOwn)
    throw new OauthError('invalid_grant', 'Invalid grant: `iss` and `sub` must be the client_email of the key.')
  // An assertion lives for an hour at most, so one that was overheard is worthless soon.
  if (exp - iat > lifeSecondsMax + skewSeconds || exp - nowSeconds > lifeSecondsMax + skewSeconds)
    throw new OauthError(
      'invalid_grant',
      'Invalid JWT: Token must be a short-lived token (60 minutes). Check your iat and exp values.',
    )
  if (iat > nowSeconds + skewSeconds)
    throw new OauthError('invalid_grant', 'Invalid JWT: `iat` lies in the future. Check the clock of this machine.')
  try {
    const { token, expiresInSeconds } = control.createAccessToken(key.id)
    return { access_token: token, expires_in: expiresInSeconds, token_type: 'Bearer' }
  } catch (error) {
    if (error instanceof MillpondError && error.code === 'token-invalid')
      throw new OauthError('invalid_grant', error.message)
    throw error
  }
}

function keyIdOf(assertion: string): string {
  try {
    return decodeProtectedHeader(assertion).kid ?? ''
  } catch {
    throw new OauthError('invalid_grant', 'Invalid JWT: not readable.')
  }
}

interface Claims {
  readonly iss?: string
  readonly sub?: string
  readonly exp?: number
  readonly iat?: number
}

async function verified(
  assertion: string,
  publicKey: string,
  options: { readonly audience: string[]; readonly currentDate: Date },
): Promise<Claims> {
  try {
    const key = await importSPKI(publicKey, 'RS256')
    const { payload } = await jwtVerify(assertion, key, {
      algorithms: ['RS256'],
      requiredClaims: ['exp', 'iss', 'aud'],
      clockTolerance: skewSeconds,
      ...options,
    })
    return payload
  } catch (error) {
    throw new OauthError('invalid_grant', `Invalid JWT: ${messageOf(error)}.`)
  }
}

/** The token that is given out is the one that came in: it is good here as it is, and ends when it is revoked. */
function exchangeToken(form: URLSearchParams, { control, clock }: OauthDeps): TokenAnswer {
  const subject = form.get('subject_token')
  if (subject === null) throw new OauthError('invalid_request', 'The field `subject_token` is missing.')
  const verified = control.verifyToken(subject.trim())
  if (verified === undefined)
    throw new OauthError(
      'invalid_grant',
      'This token is unknown or was revoked. Make one with `millpond token create`.',
    )
  // One that doesn't end by itself is asked for again every hour: so its revocation is noticed.
  const lifeSeconds = ((verified.endsAtMicros ?? Infinity) - clock.nowMicros()) / 1e6
  return {
    access_token: subject.trim(),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    expires_in: Math.min(lifeSecondsMax, Math.floor(lifeSeconds)),
    token_type: 'Bearer',
  }
}
