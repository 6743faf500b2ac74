// Who may ask: a session in a cookie, a token as Bearer or as the password of Basic, or a token in the cookie that the one-time link sets.
// Coming from loopback grants nothing, because proxies come from there too.
import type { FastifyRequest } from 'fastify'

import type { Actor } from '../../control/audit.ts'
import type { Control } from '../../control/control.ts'
import type { Principal, Role } from '../../control/principals.ts'
import type { VerifiedSession } from '../../control/session-store.ts'
import { sessionCookieOf } from '../../control/sign-in.ts'
import { MillpondError } from '../../core/errors.ts'
import { clientAddressHeader } from '../../core/http-headers.ts'
import { isOpenRoute, mayCall } from './role-routes.ts'

/** Of somebody who pasted a token, or came by the one-time link. */
export const tokenCookie = 'millpond_token'

/** Whoever can open the admin socket owns the data folder. */
export const ownerPrincipal: Principal = { id: 'owner', kind: 'owner', handle: 'owner', role: 'admin', attributes: {} }

/** On open paths without a valid token: somebody without any grant. */
export const nobody: Principal = { id: '', kind: 'person', handle: '', role: 'member', attributes: {} }

/** Routes that authenticate by themselves, in the words of their own clients (query/bigquery-api). */
interface OwnDoor {
  readonly ownDoor?: string
}

export interface Caller {
  readonly principal: Principal
  /** Of the token, of an access token's key, or of the session; undefined for nobody and for the owner on the admin socket. */
  readonly tokenId: string | undefined
  readonly sessionId?: string | undefined
}

/** Errors: token-missing, token-invalid, not-allowed. */
export function authenticate(request: FastifyRequest, control: Control): Caller {
  const hasOwnDoor = (request.routeOptions.config as OwnDoor).ownDoor !== undefined
  if (hasOwnDoor) return { principal: nobody, tokenId: undefined }
  const isOpen = isOpenRoute(request.method, request.routeOptions.url)
  // Whoever comes in must not come in as somebody whom another site's page has chosen.
  if (isOpen) refuseOtherSites(request, 'basic')
  const { token, comes } = tokenOf(request)
  const session = comes === 'cookie' ? sessionIn(request, control) : undefined
  if (session !== undefined) {
    refuseOtherSites(request, 'cookie')
    refuseOtherRoles(request, session.principal.role)
    return { principal: session.principal, tokenId: session.id, sessionId: session.id }
  }
  if (token === undefined) {
    if (isOpen) return { principal: nobody, tokenId: undefined }
    throw new MillpondError(
      'token-missing',
      'This needs somebody who has signed in, or a token: `millpond token create` makes one, to be sent as `Authorization: Bearer …`.',
    )
  }
  const verified = control.verifyToken(token)
  if (verified !== undefined) {
    if (comes !== 'bearer') refuseOtherSites(request, comes)
    const { principal, info } = verified
    refuseOtherRoles(request, principal.role)
    return { principal, tokenId: info.id }
  }
  if (isOpen) return { principal: nobody, tokenId: undefined }
  throw new MillpondError(
    'token-invalid',
    'This token is unknown or was revoked. Make one with `millpond token create`.',
  )
}

/** For the audit log. */
export function actorOf(
  { principal: { id, handle }, tokenId, sessionId, headers }: FastifyRequest,
  door: 'admin' | 'public',
): Actor {
  const address = [headers[clientAddressHeader]].flat()[0] ?? ''
  if (door === 'admin') return { id, handle, via: 'command line', address: '' }
  return {
    id,
    handle,
    via: sessionId !== undefined ? 'session' : tokenId !== undefined ? 'token' : 'stranger',
    address,
  }
}

/** By the route that was found, not by the text of the address. A path without a route is told to be none. */
function refuseOtherRoles({ method, routeOptions: { url } }: FastifyRequest, role: Role): void {
  if (url === undefined || mayCall(role, method, url)) return
  throw new MillpondError('not-allowed', `The role ${role} may not do this. Ask an administrator.`)
}

/** Pages, and what tells nothing of the data: their addresses are passed on. */
function mayBeLinked({ method, routeOptions: { url = '' } }: FastifyRequest): boolean {
  return !url.startsWith('/api/') || isOpenRoute(method, url) || url === '/api/docs' || url === '/api/openapi.json'
}

/**
 * Browsers send the cookie, and a name and password that somebody typed, whoever's page asks; so a change needs a sign that our
 * own page did. Sec-Fetch-Site is absent on plain http away from localhost; there Origin says it. Programs send neither: of
 * them a password comes on purpose. A Bearer token is only ever sent on purpose. A question is refused as a change is, where browsers
 * say that another site asks it: it costs, and looking at somebody leaves a receipt.
 */
function refuseOtherSites(request: FastifyRequest, comes: 'basic' | 'cookie'): void {
  const { method, headers } = request
  const site = headers['sec-fetch-site']
  if (method === 'GET' || method === 'HEAD') {
    if (site === undefined || mayBeLinked(request)) return
  }
  if (comes === 'basic' && site === undefined && headers.origin === undefined) return
  const isOurs =
    site === undefined ? isOwnOrigin(headers.origin, headers.host) : site === 'same-origin' || site === 'none'
  if (isOurs) return
  throw new MillpondError(
    'not-allowed',
    'A page of another site asked for this. Ask from the page of Millpond itself, or send a token as `Authorization: Bearer …`.',
  )
}

function isOwnOrigin(origin: string | undefined, host: string | undefined): boolean {
  if (origin === undefined || host === undefined || !URL.canParse(origin)) return false
  return new URL(origin).host === host.toLowerCase()
}

function tokenOf(request: FastifyRequest): { token: string | undefined; comes: 'bearer' | 'basic' | 'cookie' } {
  const header = request.headers.authorization ?? ''
  const bearer = /^Bearer\s+(\S+)$/i.exec(header)?.[1]
  if (bearer !== undefined) return { token: bearer, comes: 'bearer' }
  const basic = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(header)?.[1]
  if (basic !== undefined) {
    // Whatever stands before the colon: the token says who it is.
    const [, password] = /^[^:]*:(.+)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? []
    if (password !== undefined) return { token: password, comes: 'basic' }
  }
  return { token: cookieToken(request), comes: 'cookie' }
}

/** Also of a session that has ended: then nobody. */
function sessionIn({ headers }: FastifyRequest, control: Control): VerifiedSession | undefined {
  const value = sessionCookieOf(headers.cookie ?? '')
  return value === undefined ? undefined : control.sessions.verify(value)
}

function cookieToken(request: FastifyRequest): string | undefined {
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [name, value] = part.trim().split('=')
    if (name === tokenCookie && value !== undefined && value !== '') return value
  }
  return undefined
}
