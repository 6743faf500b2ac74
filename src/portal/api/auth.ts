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

/** The principal's id; '' for open paths without a valid token. Errors: token-missing, token-invalid. */
export function authenticate(request: FastifyRequest, control: Control): string {
  const isOpen = openPaths.has(request.url.split('?')[0] ?? '')
  const token = bearerToken(request) ?? cookieToken(request)
  if (token === undefined) {
    if (isOpen) return ''
    throw new MillpondError(
      'token-missing',
      'This needs a token. Make one with `millpond token create` and send it as `Authorization: Bearer …`.',
    )
  }
  const info = control.verifyToken(token)
  if (info !== undefined) return info.id
  if (isOpen) return ''
  throw new MillpondError(
    'token-invalid',
    'This token is unknown or was revoked. Make one with `millpond token create`.',
  )
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
