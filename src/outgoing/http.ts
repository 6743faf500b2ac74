// Sends requests to other people's servers: bounded in time and in what it reads of the answer, redirects not followed, private addresses
// refused. Says only whether an answer came; what it means, whoever
// sends knows.
import { lookup as lookUpAddress } from 'node:dns'
import { isIP } from 'node:net'

import ipaddr from 'ipaddr.js'
import { Agent, type Dispatcher, request } from 'undici'

import { messageOf } from '../core/errors.ts'

export interface OutgoingRequest {
  /** Absent: POST. */
  readonly method?: 'POST' | 'PUT'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export interface IncomingAnswer {
  readonly status: number
  /** `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined
  /** Cut off after `answerBytesMax`. */
  readonly body: string
}

export interface Sent {
  /** Undefined: none came. */
  readonly answer: IncomingAnswer | undefined
  readonly error: string
  /** The other side may have read the request all the same. */
  readonly isAmbiguous: boolean
}

export type Send = (request: OutgoingRequest, signal: AbortSignal) => Promise<Sent>

export interface HttpOptions {
  /** Requests to this machine and its network may be made. */
  readonly allowPrivateNetwork: boolean
  readonly timeoutMs: number
  readonly connectionsMax: number
}

const answerBytesMax = 256 * 1024

export class PrivateAddress extends Error {
  override name = 'PrivateAddress'
}

/** Loopback, private networks, link-local (where clouds keep their secrets), multicast: whatever isn't somebody's public address. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  return parsed.range() === 'unicast'
}

/** The address that is connected to is the one that was looked at: a name can't change its mind between. */
function guardedAgent({ allowPrivateNetwork, connectionsMax, timeoutMs }: HttpOptions): Agent {
  return new Agent({
    connections: connectionsMax,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connect: {
      timeout: Math.min(timeoutMs, 10_000),
      lookup(hostname, options, callback) {
        lookUpAddress(hostname, { ...options, all: true }, (error, addresses) => {
          const [first] = addresses ?? []
          if (error !== null || first === undefined) {
            callback(error ?? new Error(`${hostname} has no address`), [])
            return
          }
          const refused = allowPrivateNetwork ? undefined : addresses.find(({ address }) => !isPublicAddress(address))
          if (refused !== undefined) callback(new PrivateAddress(privateText(hostname)), [])
          else if (options.all === true) callback(null, addresses)
          else callback(null, first.address, first.family)
        })
      },
    },
  })
}

function privateText(host: string): string {
  return `${host} is an address of this machine or of a private network; allowPrivateNetwork=true permits it`
}

export interface HttpSender {
  readonly send: Send
  stop(): Promise<void>
}

export function createHttpSender(options: HttpOptions): HttpSender {
  const agent = guardedAgent(options)
  return {
    async send(outgoing, signal) {
      const host = new URL(outgoing.url).hostname.replaceAll(/[[\]]/g, '')
      // Addresses are not looked up, so they don't pass the door above.
      if (!options.allowPrivateNetwork && isIP(host) !== 0 && !isPublicAddress(host)) {
        return { answer: undefined, error: privateText(host), isAmbiguous: false }
      }
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)])
      try {
        return { answer: await ask(agent, outgoing, deadline), error: '', isAmbiguous: false }
      } catch (error) {
        return { answer: undefined, error: failureText(error), isAmbiguous: !isBeforeSending(error) }
      }
    },
    async stop() {
      await agent.destroy()
    },
  }
}

async function ask(dispatcher: Dispatcher, outgoing: OutgoingRequest, signal: AbortSignal) {
  const { method = 'POST', url, headers, body } = outgoing
  const response = await request(url, { dispatcher, method, headers, body, signal })
  const chunks: Uint8Array[] = []
  let bytes = 0
  // Breaking off ends the connection: whoever answers without end gets no more of our time.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes >= answerBytesMax) break
  }
  const answer: IncomingAnswer = {
    status: response.statusCode,
    retryAfterMs: retryAfterOf(response.headers['retry-after']),
    body: Buffer.concat(chunks).subarray(0, answerBytesMax).toString(),
  }
  return answer
}

/** Seconds, or a date. */
function retryAfterOf(header: string | string[] | undefined): number | undefined {
  const text = [header].flat()[0]
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000
  const untilMs = Date.parse(text)
  return Number.isNaN(untilMs) ? undefined : Math.max(0, untilMs - Date.now())
}

function failureText(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  if (error instanceof Error && error.name === 'TimeoutError') return 'No answer in time'
  return typeof code === 'string' ? `${code}: ${messageOf(error)}` : messageOf(error)
}

function isBeforeSending(error: unknown): boolean {
  const code = (error as { code?: unknown } | undefined)?.code
  return (
    error instanceof PrivateAddress ||
    ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'EHOSTUNREACH', 'ENETUNREACH'].includes(
      String(code),
    )
  )
}
