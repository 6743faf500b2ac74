// Cross-origin headers for browsers. analytics.js sends Authorization with each event, so each page asks first (preflight).
import type { IncomingMessage, ServerResponse } from 'node:http'

const none: readonly string[] = []
/** Segment's; RudderStack's, whose retries say so in headers of their own; Jitsu's. One that is missing here is a lost event. */
const allowedHeaders = [
  'authorization, content-type, content-encoding, x-retry-count, x-write-key',
  'anonymousid, sentat, rsa-recovered, rsa-retry-attempt, rsa-retry-reason',
  'rsa-since-first-attempt, rsa-since-last-attempt',
  'x-enable-debug, x-ip-policy',
  'x-millpond-metadata, x-content-sha256, content-digest',
].join(', ')
const preflightAgeSeconds = 86_400

/**
 * Headers for the answer to a POST, as a flat name-value list; empty without an Origin. The origin is reflected because
 * sendBeacon always sends credentials, for which browsers refuse `*`; nothing behind these paths looks at cookies.
 * Retry-After must be exposed or the SDK in the page can't read it.
 */
export function corsHeaders(request: IncomingMessage): readonly string[] {
  const { origin } = request.headers
  if (origin === undefined) return none
  return [
    'Access-Control-Allow-Origin',
    origin,
    'Access-Control-Allow-Credentials',
    'true',
    'Access-Control-Expose-Headers',
    'Retry-After',
    'Vary',
    'Origin',
  ]
}

export function sendPreflight(request: IncomingMessage, response: ServerResponse, methods: string): void {
  const headers = [
    ...corsHeaders(request),
    'Access-Control-Allow-Methods',
    methods,
    'Access-Control-Allow-Headers',
    allowedHeaders,
    'Access-Control-Max-Age',
    String(preflightAgeSeconds),
  ]
  // Chrome asks this when a public page sends to a local address, as on a developer's machine.
  if (request.headers['access-control-request-private-network'] === 'true') {
    headers.push('Access-Control-Allow-Private-Network', 'true')
  }
  response.writeHead(204, headers)
  response.end()
}
