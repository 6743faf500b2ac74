// Coming in and going out: password, Google, GitHub, invitations, and one's own password. These routes set the session's cookie.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { sessionCookie } from '../../control/session-store.ts'
import { type Client, type SignedIn, safeNext } from '../../control/sign-in.ts'
import { MillpondError } from '../../core/errors.ts'
import { clientAddressHeader, clientSchemeHeader } from '../../core/http-headers.ts'
import { type Caller, tokenCookie } from './auth.ts'
import { parseInput } from './body.ts'
import type { ApiDeps } from './api.ts'
import { says } from './says.ts'

/** Another program's question, percent-encoded once more, may be long. */
const next = z.string().max(8_000).optional()
const password = z.string().max(1_000)
const signInBody = z.strictObject({ email: z.string().max(320), password, next })
const startBody = z.strictObject({ next })
const providerInput = z.object({ provider: z.enum(['google', 'github']) })
const codeBody = z.strictObject({ code: z.string().max(100) })
const acceptBody = z.strictObject({ code: z.string().max(100), password, email: z.string().max(320).optional() })
const passwordBody = z.strictObject({ current: password, wanted: password })

export function signInRoutes(app: FastifyInstance, { control, publicUrl }: ApiDeps): void {
  app.get('/api/auth/providers', says('Ways to sign in besides a password'), () => ({
    providers: control.signIn.providers(),
  }))

  app.post(
    '/api/auth/sign-in',
    says('Signs in with e-mail address and password', { body: signInBody }),
    async (request, reply) => {
      const input = parseInput(signInBody, request.body)
      const made = await control.signIn.withPassword(input, clientOf(request))
      return setCookies(request, reply, made, publicUrl).send({ next: safeNext(input.next) })
    },
  )

  app.post(
    '/api/auth/sign-in/:provider',
    says('Begins to sign in with Google or GitHub', { params: providerInput, body: startBody }),
    async (request, reply) => {
      const { provider } = parseInput(providerInput, request.params)
      const input = parseInput(startBody, request.body)
      const started = await control.signIn.start(provider, safeNext(input.next), clientOf(request))
      return setCookies(request, reply, started, publicUrl).send({ url: started.url })
    },
  )

  app.get(
    '/api/auth/callback/:provider',
    says('The way back from Google or GitHub', { params: providerInput, status: 303 }),
    async (request, reply) => {
      const { provider } = parseInput(providerInput, request.params)
      const { search } = new URL(request.url, 'http://localhost')
      const ended = await control.signIn.finish(provider, search, clientOf(request))
      return setCookies(request, reply, ended, publicUrl).redirect(ended.location, 303)
    },
  )

  app.post('/api/auth/invitation', says('Whose invitation it is', { body: codeBody }), (request) => {
    const found = control.logins.findInvitation(parseInput(codeBody, request.body).code)
    if (found !== undefined) return found
    throw new MillpondError(
      'invitation-invalid',
      'This link was used already, has expired, or a newer one took its place.',
    )
  })

  app.post(
    '/api/auth/invitation/accept',
    says('Accepts an invitation with a password', { body: acceptBody }),
    async (request, reply) => {
      const made = await control.signIn.accept(parseInput(acceptBody, request.body), clientOf(request))
      return setCookies(request, reply, made, publicUrl).send({ next: '/' })
    },
  )

  app.post(
    '/api/auth/password',
    says('Changes your password', { body: passwordBody, status: 204 }),
    async (request, reply) => {
      const { principal } = sessionOf(request)
      const made = await control.signIn.changePassword(
        principal.id,
        parseInput(passwordBody, request.body),
        clientOf(request),
      )
      return setCookies(request, reply, made, publicUrl).code(204).send()
    },
  )

  app.post('/api/auth/sign-out', says('Signs out', { status: 204 }), async (request, reply) => {
    if (request.sessionId !== undefined) control.sessions.end(request.principal.id, request.sessionId)
    // A token that was pasted stays good; only this browser forgets it.
    return setCookies(request, reply, { cookies: [gone(sessionCookie), gone(tokenCookie)] }, publicUrl)
      .code(204)
      .send()
  })
}

/** What a stolen token must not do: make itself at home. Error: not-allowed. */
export function sessionOf(request: FastifyRequest): Caller & { readonly sessionId: string } {
  const { principal, tokenId, sessionId } = request
  if (sessionId !== undefined) return { principal, tokenId, sessionId }
  throw new MillpondError('not-allowed', 'This needs somebody who has signed in: a token is not enough.')
}

function clientOf({ headers }: FastifyRequest): Client {
  const address = [headers[clientAddressHeader]].flat()[0] ?? ''
  return { address, browser: (headers['user-agent'] ?? '').slice(0, 300), cookie: headers.cookie }
}

export function setCookies(
  request: FastifyRequest,
  reply: FastifyReply,
  { cookies }: SignedIn,
  publicUrl: string | undefined,
): FastifyReply {
  const isSecure = cameSecurely(request, publicUrl)
  // One way in at a time: whoever put a token here, it is not the one who comes now.
  const begins = cookies.some((line) => line.startsWith(`${sessionCookie}=`) && !line.startsWith(`${sessionCookie}=;`))
  const hasToken = request.headers.cookie?.includes(`${tokenCookie}=`) === true
  const lines = (begins && hasToken ? [...cookies, gone(tokenCookie)] : cookies).map((line) =>
    isSecure && !/;\s*secure\b/i.test(line) ? `${line}; Secure` : line,
  )
  // An answer with a cookie is nobody else's.
  reply.header('cache-control', 'no-store')
  const [only = '', ...others] = lines
  return lines.length === 0 ? reply : reply.header('set-cookie', others.length === 0 ? only : lines)
}

export function gone(name: string): string {
  return `${name}=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0`
}

/** Behind a proxy that has the certificate the request itself comes in plain. */
function cameSecurely({ headers }: FastifyRequest, publicUrl: string | undefined): boolean {
  return headers[clientSchemeHeader] === 'https' || /^https:/i.test(publicUrl ?? '')
}
