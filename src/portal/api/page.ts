// The ways in: pages of plain HTML that the server writes, and the cookie that they lead to.
import { randomBytes } from 'node:crypto'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { sessionCookie } from '../../control/session-store.ts'
import { tokenCookie } from './auth.ts'
import { parseInput } from './body.ts'
import { gone, setCookies } from './sign-in.ts'
import type { ApiDeps } from './api.ts'
import type { PageAsked } from '../page/form-page.ts'
import { languageOf } from '../page/page-words.ts'
import { faviconSvg } from '../page/favicon.ts'
import { invitationPage } from '../page/invitation-page.ts'
import { loginPage } from '../page/login-page.ts'

const sessionSeconds = 30 * 24 * 3600

const loginQuery = z.object({ code: z.string().optional() })
const loginBody = z.strictObject({ token: z.string() })

export function pageRoutes(app: FastifyInstance, { control, publicUrl }: ApiDeps): void {
  const login = (asked: PageAsked): string => loginPage(asked, control.signIn.providers())

  /**
   * Lax: whoever clicks the one-time link in a chat or a mail comes from another site, and a Strict cookie would not go along with the
   * redirect. auth.ts refuses changes that another site asks for.
   */
  function setToken(request: FastifyRequest, reply: FastifyReply, token: string): FastifyReply {
    const line = `${tokenCookie}=${token}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${sessionSeconds}`
    const { principal, sessionId } = request
    if (sessionId === undefined) return setCookies(request, reply, { cookies: [line] }, publicUrl)
    // One way in at a time.
    control.sessions.end(principal.id, sessionId)
    return setCookies(request, reply, { cookies: [line, gone(sessionCookie)] }, publicUrl)
  }

  app.get('/invitation', async (_request, reply) => sendPage(reply, 200, invitationPage))

  app.get('/favicon.svg', async (_request, reply) => reply.type('image/svg+xml').send(faviconSvg))

  // The one-time link of the start block. The code leaves the address bar with the redirect.
  app.get('/login', async (request, reply) => {
    const { code } = parseInput(loginQuery, request.query)
    const redeemed = code === undefined ? undefined : control.redeemOneTimeCode(code)
    if (redeemed === undefined) return sendPage(reply, 401, login)
    // They are in; the page proposes an address and a password, so that they can come in tomorrow.
    return setToken(request, reply, redeemed.token).redirect(`/invitation#${redeemed.invitation}`, 303)
  })

  app.post('/login', async (request, reply) => {
    const { token } = parseInput(loginBody, request.body)
    if (control.verifyToken(token) === undefined) return reply.code(401).send({ ok: false })
    return setToken(request, reply, token).send({ ok: true })
  })
}

export const pageHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
}

export function sendPage(reply: FastifyReply, status: number, page: (asked: PageAsked) => string): FastifyReply {
  const nonce = randomBytes(16).toString('base64')
  const policy = `default-src 'none'; script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'`
  return reply
    .code(status)
    .headers({ ...pageHeaders, vary: 'accept-language', 'content-security-policy': policy })
    .type('text/html; charset=utf-8')
    .send(page({ nonce, language: languageOf(reply.request.headers['accept-language']) }))
}
