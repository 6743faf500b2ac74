// The way in: a page of plain HTML that the server writes, and the cookie that it leads to.
import { randomBytes } from 'node:crypto'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { clientSchemeHeader } from '../../core/http-headers.ts'
import { parseInput } from './body.ts'
import { sessionCookie } from './auth.ts'
import type { ApiDeps } from './api.ts'
import { faviconSvg } from '../page/favicon.ts'
import { loginPage } from '../page/login-page.ts'

const sessionSeconds = 30 * 24 * 3600

const loginQuery = z.object({ code: z.string().optional() })
const loginBody = z.strictObject({ token: z.string() })

export function pageRoutes(app: FastifyInstance, { control, publicUrl }: ApiDeps): void {
  /** Behind a proxy that has the certificate the request itself comes in plain. */
  function isSecure(request: FastifyRequest): boolean {
    return request.headers[clientSchemeHeader] === 'https' || /^https:/i.test(publicUrl ?? '')
  }

  app.get('/favicon.svg', async (_request, reply) => reply.type('image/svg+xml').send(faviconSvg))

  // The one-time link of the start block. The code leaves the address bar with the redirect.
  app.get('/login', async (request, reply) => {
    const { code } = parseInput(loginQuery, request.query)
    const redeemed = code === undefined ? undefined : control.redeemOneTimeCode(code)
    if (redeemed === undefined) return sendPage(reply, 401, loginPage)
    return setSession(reply, redeemed.token, isSecure(request)).redirect('/', 303)
  })

  app.post('/login', async (request, reply) => {
    const { token } = parseInput(loginBody, request.body)
    if (control.verifyToken(token) === undefined) return reply.code(401).send({ ok: false })
    return setSession(reply, token, isSecure(request)).send({ ok: true })
  })
}

/**
 * Lax: whoever clicks the one-time link in a chat or a mail comes from another site, and a Strict cookie would not go
 * along with the redirect. auth.ts refuses changes that another site asks for.
 */
function setSession(reply: FastifyReply, token: string, isSecure: boolean): FastifyReply {
  const flags = `Path=/; HttpOnly; SameSite=Lax; Max-Age=${sessionSeconds}${isSecure ? '; Secure' : ''}`
  return reply.header('set-cookie', `${sessionCookie}=${token}; ${flags}`)
}

export const pageHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

export function sendPage(reply: FastifyReply, status: number, page: (nonce: string) => string): FastifyReply {
  const nonce = randomBytes(16).toString('base64')
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'`
  return reply
    .code(status)
    .headers({ ...pageHeaders, 'content-security-policy': policy })
    .type('text/html; charset=utf-8')
    .send(page(nonce))
}
