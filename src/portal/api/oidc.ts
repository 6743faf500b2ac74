// OpenID Connect over HTTP: where other programs find us, the browser's way through, and the calls of the programs themselves. They
// authenticate in their own words, and get errors in the words that their libraries know.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import type { OidcClient } from '../../control/oidc/oidc-store.ts'
import { type ClientCredentials, scopes, type SignedInPerson } from '../../control/oidc/oidc.ts'
import { OidcError } from '../../control/oidc/oidc-error.ts'
import { isoTime } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { addressOf } from '../../query/bigquery-api/address.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import type { ClientAnswer } from './client-answers.ts'
import { identified, idOf } from './saved-queries.ts'
import { says } from './says.ts'

const text = z.string().max(2_000).optional()
const authorizeInput = z.object({
  client_id: z.string().max(200),
  redirect_uri: z.string().max(500),
  response_type: text,
  scope: z.string().max(2_000).default('openid'),
  state: text,
  nonce: text,
  code_challenge: text,
  code_challenge_method: text,
  prompt: text,
  max_age: z.coerce.number().int().min(0).optional(),
})
const clientInput = z.strictObject({
  name: z.string().trim().min(1).max(100),
  redirects: z.array(z.string()).min(1).max(20),
  isPublic: z.boolean().default(false),
})
const formBytesMax = 64 * 1024
const ownDoor = { ownDoor: 'oidc' }

export function oidcRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { control } = deps

  app.get('/.well-known/openid-configuration', { config: ownDoor }, (request) =>
    discovery(addressOf(request, deps.publicUrl)),
  )

  app.get('/api/oidc/jwks', says('Keys that sign ID tokens'), async () => ({ keys: await control.oidc.publicKeys() }))

  app.get(
    '/api/oidc/authorize',
    says('Sends the browser back to a program, with a code', { query: authorizeInput, status: 303 }),
    async (request, reply): Promise<FastifyReply> => {
      const asked = parseInput(authorizeInput, request.query)
      const answer = control.oidc.authorize(
        {
          clientId: asked.client_id,
          redirect: asked.redirect_uri,
          responseType: asked.response_type,
          scope: asked.scope,
          state: asked.state,
          nonce: asked.nonce,
          challenge: asked.code_challenge,
          challengeMethod: asked.code_challenge_method,
          prompt: asked.prompt,
          maxAgeSeconds: asked.max_age,
        },
        signedIn(request, deps),
        addressOf(request, deps.publicUrl),
      )
      const to = answer === 'sign-in' ? `/login?next=${encodeURIComponent(request.url)}` : answer.to
      return reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).redirect(to, 303)
    },
  )

  void app.register(async (scope) => {
    programRoutes(scope, deps)
  })
  clientRoutes(app, deps)
}

/** Called by programs, not by people: bodies are forms. */
function programRoutes(scope: FastifyInstance, deps: ApiDeps): void {
  const { control } = deps
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string', bodyLimit: formBytesMax },
    (_request, body, done) => {
      done(null, new URLSearchParams(String(body)))
    },
  )
  scope.setErrorHandler(async (error, _request, reply) => sendError(reply, error, deps))

  scope.post(
    '/api/oidc/token',
    { config: { ...ownDoor, ...says('A code, or a refresh token, for tokens', { bodyMedia: [formMedia] }).config } },
    async (request, reply) => {
      const form = formOf(request)
      void reply.headers({ 'cache-control': 'no-store', pragma: 'no-cache' })
      return control.oidc.token(form, credentialsOf(request, form), addressOf(request, deps.publicUrl))
    },
  )

  const about = { config: { ...ownDoor, ...says('Whose an access token is').config } }
  const userinfo = async (request: FastifyRequest, reply: FastifyReply) => {
    void reply.header('cache-control', 'no-store')
    return control.oidc.userinfo(/^Bearer (\S+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '')
  }
  scope.get('/api/oidc/userinfo', about, userinfo)
  scope.post('/api/oidc/userinfo', about, userinfo)

  scope.post(
    '/api/oidc/revoke',
    { config: { ...ownDoor, ...says('Ends what a sign-in led to', { bodyMedia: [formMedia] }).config } },
    async (request, reply) => {
      const form = formOf(request)
      control.oidc.revoke(form.get('token') ?? '', credentialsOf(request, form))
      return reply.code(200).send({})
    },
  )
}

function clientRoutes(app: FastifyInstance, { control }: ApiDeps): void {
  app.get('/api/clients', says('Programs that people sign in to with their account here'), () => ({
    clients: control.oidc.clients().map((client) => told(client)),
  }))

  app.post(
    '/api/clients',
    says('Adds such a program; its secret is told once', { body: clientInput, status: 201 }),
    async (request, reply) => {
      const { name, redirects, isPublic } = parseInput(clientInput, request.body)
      const { client, secret } = control.oidc.addClient({ name, redirects, isConfidential: !isPublic })
      return reply.code(201).send(told(client, secret))
    },
  )

  app.delete(
    '/api/clients/:id',
    says('Removes a program; what was given out to it is worthless', { params: identified, status: 204 }),
    async (request, reply) => {
      control.oidc.removeClient(idOf(request.params))
      return reply.code(204).send()
    },
  )

  app.post('/api/clients/rotate-key', says('A new key signs ID tokens from now on'), async () => {
    await control.oidc.rotateKey()
    return { keys: (await control.oidc.publicKeys()).length }
  })
}

const formMedia = 'application/x-www-form-urlencoded'

function told({ id, name, redirects, isConfidential, createdAtMicros }: OidcClient, secret?: string): ClientAnswer {
  return { id, name, redirects, isPublic: !isConfidential, createdAt: isoTime(createdAtMicros), secret }
}

/** By a session: a token is no sign-in. */
function signedIn({ principal, sessionId }: FastifyRequest, { control }: ApiDeps): SignedInPerson | undefined {
  const session = control.sessions.list(principal.id).find(({ id }) => id === sessionId)
  return session && { principal, sinceMicros: session.createdAtMicros }
}

function formOf({ body }: FastifyRequest): URLSearchParams {
  if (body instanceof URLSearchParams) return body
  throw new OidcError('invalid_request', `The body is a form (${formMedia})`)
}

/** client_secret_basic (each half percent-encoded, RFC 6749 §2.3.1), client_secret_post, or none. */
function credentialsOf({ headers }: FastifyRequest, form: URLSearchParams): ClientCredentials {
  const [, basic] = /^Basic\s+([A-Za-z0-9+/=]+)$/i.exec(headers.authorization ?? '') ?? []
  if (basic === undefined) return { id: form.get('client_id') ?? '', secret: form.get('client_secret') ?? undefined }
  const [, id = '', secret = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(basic, 'base64').toString()) ?? []
  return { id: decoded(id), secret: decoded(secret) }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part.replaceAll('+', ' '))
  } catch {
    throw new OidcError('invalid_request', 'The name and secret of the application are percent-encoded')
  }
}

function sendError(reply: FastifyReply, error: unknown, { log }: Pick<ApiDeps, 'log'>): FastifyReply {
  void reply.header('cache-control', 'no-store')
  if (error instanceof OidcError) {
    const isDoor = error.error === 'invalid_client' || error.error === 'invalid_token'
    if (error.error === 'invalid_token') void reply.header('www-authenticate', 'Bearer error="invalid_token"')
    if (error.error === 'invalid_client') void reply.header('www-authenticate', 'Basic realm="millpond"')
    return reply.code(isDoor ? 401 : 400).send({ error: error.error, error_description: error.message })
  }
  if (error instanceof MillpondError && error.kind !== 'bug')
    return reply.code(error.status).send({ error: 'invalid_request', error_description: error.message })
  const status = statusOf(error)
  if (status < 500)
    return reply.code(status).send({ error: 'invalid_request', error_description: 'The body is a form' })
  log.error({ err: error }, 'A call of a program that people sign in to failed.')
  return reply.code(500).send({ error: 'server_error', error_description: 'Try again.' })
}

/** Fastify's own errors carry one. */
function statusOf(error: unknown): number {
  return typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500
}

/** OpenID Connect Discovery 1.0 §3. */
function discovery(issuer: string): object {
  return {
    issuer,
    authorization_endpoint: `${issuer}/api/oidc/authorize`,
    token_endpoint: `${issuer}/api/oidc/token`,
    userinfo_endpoint: `${issuer}/api/oidc/userinfo`,
    revocation_endpoint: `${issuer}/api/oidc/revoke`,
    jwks_uri: `${issuer}/api/oidc/jwks`,
    scopes_supported: scopes,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'none'],
    code_challenge_methods_supported: ['S256'],
    prompt_values_supported: ['none'],
    claims_supported: ['sub', 'preferred_username', 'name', 'email', 'groups', 'auth_time', 'nonce'],
    authorization_response_iss_parameter_supported: true,
  }
}
