// Who may ask: a token as Bearer, or the same token in the cookie that the one-time link sets. Coming from loopback
// grants nothing, because proxies come from there too.
import type { FastifyRequest } from 'fastify'

import type { Control } from '../../control/control.ts'
import { MillpondError } from '../../core/errors.ts'

export const sessionCookie = 'millpond_token'

/** Whoever can open the admin socket owns the data folder. */
export const ownerPrincipal = 'owner'

/** Routes that answer without a token; they show nothing of the data. */
const openPaths = new Set(['/', '/login', '/favicon.svg'])

/** The principal's id; '' for open paths without a valid token. Errors: token-missing, token-invalid, not-allowed. */
export function authenticate(request: FastifyRequest, control: Control): string {
  const isOpen = openPaths.has(request.url.split('?')[0] ?? '')
  const bearer = bearerToken(request)
  const token = bearer ?? cookieToken(request)
  if (token === undefined) {
    if (isOpen) return ''
    throw new MillpondError(
      'token-missing',
      'This needs a token. Make one with `millpond token create` and send it as `Authorization: Bearer …`.',
    )
  }
  const info = control.verifyToken(token)
  if (info !== undefined) {
    if (bearer === undefined) refuseOtherSites(request)
    return info.id
  }
  if (isOpen) return ''
  throw new MillpondError(
    'token-invalid',
    'This token is unknown or was revoked. Make one with `millpond token create`.',
  )
}

/**
 * Browsers send the cookie whoever's page asks, so a change needs a sign that our own page did. Sec-Fetch-Site is absent
 * on plain http away from localhost; there Origin says it. A Bearer token is only ever sent on purpose.
 */
function refuseOtherSites({ method, headers }: FastifyRequest): void {
  if (method === 'GET' || method === 'HEAD') return
  const site = headers['sec-fetch-site']
  const isOurs =
    site === undefined ? isOwnOrigin(headers.origin, headers.host) : site === 'same-origin' || site === 'none'
  if (isOurs) return
  throw new MillpondError(
    'not-allowed',
    'A page of another site asked for this change. Ask from the page of Millpond itself, or send a token as `Authorization: Bearer …`.',
  )
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === host.toLowerCase()
}

function bearerToken(request: FastifyRequest): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
}

function cookieToken(request: FastifyRequest): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=')
    if (name === sessionCookie && value !== undefined && value !== '') return value
  }
  return undefined
}
