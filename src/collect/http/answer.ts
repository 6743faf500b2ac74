// Writes answers of the collect paths. SDKs decide by them whether to keep or to delete data on the device, so the
// shapes are few and fixed: 200 {"success":true} or {"success":false,"code","message"}; see docs/specs/intake.md.
import type { IncomingMessage, OutgoingHttpHeader, ServerResponse } from 'node:http'

import type { Clock } from '../../core/clock.ts'
import { type ErrorCode, errorTable } from '../../core/errors.ts'

/** Why a request is not taken. `retryAfterSeconds` goes out as whole seconds: SDKs parse it as an integer. */
export interface Refusal {
  readonly code: ErrorCode
  readonly message: string
  readonly retryAfterSeconds?: number
  /** Some of the body is unread: answer, then close the connection instead of reading on. */
  readonly close?: true
}

const json = 'application/json; charset=utf-8'
const success = Buffer.from('{"success":true}')
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

/** A closed socket with unread bytes resets the connection, and the sender may never see our answer. So wait this long. */
const lingerMs = 2_000

export function sendSuccess(response: ServerResponse, cors: readonly string[]): void {
  const headers: OutgoingHttpHeader[] = ['Content-Type', json, 'Content-Length', success.length]
  if (cors.length > 0) headers.push(...cors)
  response.writeHead(200, headers)
  response.end(success)
}

export function sendRefusal(
  exchange: { request: IncomingMessage; response: ServerResponse },
  refusal: Refusal,
  cors: readonly string[],
  clock: Clock,
): void {
  const { response } = exchange
  const body = Buffer.from(JSON.stringify({ success: false, code: refusal.code, message: refusal.message }))
  const headers: OutgoingHttpHeader[] = [
    'Content-Type',
    json,
    'Content-Length',
    body.length,
    'Cache-Control',
    'no-store',
  ]
  if (refusal.retryAfterSeconds !== undefined) headers.push('Retry-After', String(refusal.retryAfterSeconds))
  if (cors.length > 0) headers.push(...cors)
  const { status } = errorTable[refusal.code]
  if (refusal.close === undefined) {
    response.writeHead(status, headers)
    response.end(body)
    return
  }
  headers.push('Connection', 'close')
  response.writeHead(status, headers)
  response.write(body)
  closeAfterLingering(exchange, clock)
}

/** The whole answer is out already; what still comes in is thrown away until the sender stops or time is up. */
function closeAfterLingering(exchange: { request: IncomingMessage; response: ServerResponse }, clock: Clock): void {
  const { request, response } = exchange
  const finish = (): void => {
    cancel()
    response.end()
  }
  const cancel = clock.schedule(finish, lingerMs)
  request.once('end', finish)
  request.once('close', finish)
  request.resume()
}

export function sendMethodNotAllowed(response: ServerResponse, allow: string, cors: readonly string[]): void {
  const code: ErrorCode = 'method-not-allowed'
  const body = Buffer.from(JSON.stringify({ success: false, code, message: `This path takes ${allow} only.` }))
  response.writeHead(errorTable[code].status, [
    'Content-Type',
    json,
    'Content-Length',
    body.length,
    'Allow',
    allow,
    ...cors,
  ])
  response.end(body)
}

export function sendNotFound(response: ServerResponse, message: string, cors: readonly string[]): void {
  const body = Buffer.from(JSON.stringify({ success: false, code: 'not-found', message }))
  response.writeHead(404, ['Content-Type', json, 'Content-Length', body.length, ...cors])
  response.end(body)
}

/** `head` = headers only, as asked by HEAD. */
export function sendJson(response: ServerResponse, value: object, head: boolean): void {
  const body = Buffer.from(JSON.stringify(value))
  response.writeHead(200, ['Content-Type', json, 'Content-Length', body.length, 'Cache-Control', 'no-store'])
  response.end(head ? undefined : body)
}

/** What a media door answers: 201 for what is new, 200 for what was there already. */
export function sendStored(response: ServerResponse, value: object, isNew: boolean, cors: readonly string[]): void {
  const body = Buffer.from(JSON.stringify(value))
  const headers = ['Content-Type', json, 'Content-Length', body.length, 'Cache-Control', 'no-store', ...cors]
  response.writeHead(isNew ? 201 : 200, headers)
  response.end(body)
}

/** A picture is shown whatever happened to the event: a page must never break because of us. */
export function sendGif(response: ServerResponse, head: boolean): void {
  response.writeHead(200, [
    'Content-Type',
    'image/gif',
    'Content-Length',
    gif.length,
    'Cache-Control',
    'no-store, no-cache, must-revalidate, private',
    'Cross-Origin-Resource-Policy',
    'cross-origin',
    'Access-Control-Allow-Origin',
    '*',
  ])
  response.end(head ? undefined : gif)
}
