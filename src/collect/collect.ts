// The door of collect: a plain node:http listener that turns Segment-protocol requests into records and answers only when
// they are on disk. Fastify would cost a tenth more here. Paths that are not collecting go to `fallback`.
import type { IncomingMessage, ServerResponse } from 'node:http'

import type { Append } from '../buffer/record.ts'
import type { KeyDirectory } from '../control/sources-file.ts'
import type { Clock } from '../core/clock.ts'
import { RecentTimes } from '../core/recent-times.ts'
import type { TimesSummary } from '../core/times-summary.ts'
import type { Log } from '../core/log.ts'
import type { Settings } from '../core/settings.ts'
import { AssetDoor, type MediaDeps } from './assets/assets.ts'
import {
  type Refusal,
  sendGif,
  sendJson,
  sendMethodNotAllowed,
  sendNotFound,
  sendRefusal,
  sendStored,
  sendSuccess,
} from './http/answer.ts'
import { type BodyOutcome, BodyReader } from './http/body.ts'
import { type ClientAddress, createClientAddress } from './http/client-address.ts'
import { corsHeaders, sendPreflight } from './http/cors.ts'
import { createRateLimit, createStrangerLimit } from './http/rate-limit.ts'
import { accept, type AcceptDeps, type Admission, admit, chargeStranger } from './segment/accept.ts'
import { createDeviceClocks } from './segment/clock-offset.ts'
import { keysOutsideBody, searchKey } from './segment/key.ts'
import { pixelBody } from './segment/pixel.ts'
import { type CallRoute, findRoute, type Route } from './segment/routes.ts'
import { senderOf } from './segment/sender.ts'
import { publicAddress, sendSettings, settingsDocument } from './segment/settings-document.ts'
import { sourceConfigDocument, sourceConfigHeaders } from './segment/source-config.ts'
import { type CollectStats, Counters } from './stats.ts'

export type { MediaDeps } from './assets/assets.ts'
export { removeUnnamed } from './assets/assets.ts'
export { createClientAddress } from './http/client-address.ts'
export { guardServer, serverOptions } from './http/server-options.ts'
export type { CollectStats } from './stats.ts'

export interface CollectDeps {
  readonly append: Append
  readonly keys: KeyDirectory
  readonly clock: Clock
  readonly log: Log
  /** Takes what is no path of ours. Without it: 404. */
  readonly fallback?: (request: IncomingMessage, response: ServerResponse) => void
  /** The answer of GET /health. */
  readonly health: () => object
  /** `http(s)://host:port` as bound (0.0.0.0 and [::] as such), for the settings document when there is no publicUrl. */
  readonly address?: () => string
  /** Where media files go. Without it there is no media door: 404. */
  readonly media?: MediaDeps
}

export interface CollectServer {
  /** For `createServer(serverOptions(), collect.handle)`. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void
  readonly stats: () => CollectStats
  /** From the end of a body until its answer, of late. */
  readonly answers: () => TimesSummary | undefined
}

/** True for the addresses that `handle` answers itself, whatever the method. */
export function isCollectPath(url: string): boolean {
  return findRoute(url) !== undefined
}

const retryAfterSecondsMin = 5
/** Spread, so that all the senders refused in one second don't come back in one. */
const retryAfterSecondsSpread = 10

export function createCollectServer(
  settings: Pick<Settings, 'collect' | 'publicUrl' | 'trustedProxies'>,
  deps: CollectDeps,
): CollectServer {
  const server = new Collect(settings, deps)
  return {
    handle: (request, response) => {
      server.handle(request, response)
    },
    stats: () => server.stats(),
    answers: () => server.answers.summary(),
  }
}

class Collect {
  readonly answers: RecentTimes
  readonly #publicUrl: string | undefined
  readonly #deps: CollectDeps
  readonly #accept: AcceptDeps
  readonly #bodies: BodyReader
  readonly #clientAddress: ClientAddress
  readonly #counters = new Counters()
  readonly #assets: AssetDoor | undefined
  #refusals = 0

  constructor(settings: Pick<Settings, 'collect' | 'publicUrl' | 'trustedProxies'>, deps: CollectDeps) {
    const { clock } = deps
    this.answers = new RecentTimes(clock)
    const retryAfterSeconds = (): number => retryAfterSecondsMin + (this.#refusals++ % (retryAfterSecondsSpread + 1))
    this.#publicUrl = settings.publicUrl
    this.#deps = deps
    this.#clientAddress = createClientAddress(settings.trustedProxies)
    this.#bodies = new BodyReader(settings.collect, { clock, retryAfterSeconds })
    this.#accept = {
      append: deps.append,
      keys: deps.keys,
      clock,
      log: deps.log,
      rateLimit: createRateLimit(settings.collect.requestsPerSecondMax, clock),
      strangerLimit: createStrangerLimit(clock),
      deviceClocks: createDeviceClocks(settings.collect.deviceClocksMax),
      counters: this.#counters,
      retryAfterSeconds,
    }
    const { bodyTimeoutMs } = settings.collect
    this.#assets = deps.media === undefined ? undefined : new AssetDoor(deps.media, bodyTimeoutMs, this.#accept)
  }

  stats(): CollectStats {
    return {
      ...this.#counters.snapshot(),
      bodiesBytes: this.#bodies.bytes,
      bodiesReading: this.#bodies.reading,
      assetsReceiving: this.#assets?.receiving ?? 0,
    }
  }

  /** A fault of ours in here must not end the process that keeps everybody's events. */
  handle(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.#dispatch(request, response)
    } catch (error) {
      this.#fail(request, response, error)
    }
  }

  #fail(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    this.#deps.log.error({ err: error }, 'A request failed; the sender was told to try again.')
    if (response.headersSent) {
      request.destroy()
      return
    }
    const message = 'The request could not be served. Try again.'
    try {
      this.#answer(request, response, { code: 'intake-busy', message, retryAfterSeconds: retryAfterSecondsMin })
    } catch (second) {
      this.#deps.log.error({ err: second }, 'Not even the refusal could be answered; the connection is closed.')
      request.destroy()
    }
  }

  #dispatch(request: IncomingMessage, response: ServerResponse): void {
    const route = findRoute(request.url ?? '/')
    if (route === undefined) {
      if (this.#deps.fallback !== undefined) this.#deps.fallback(request, response)
      else sendNotFound(response, 'There is nothing at this address.', corsHeaders(request))
      return
    }
    const isPost = route.kind === 'call' || route.kind === 'telemetry'
    const allow = route.kind === 'asset' ? 'PUT, POST, OPTIONS' : isPost ? 'POST, OPTIONS' : 'GET, HEAD, OPTIONS'
    const { method } = request
    if (method === 'OPTIONS') sendPreflight(request, response, allow)
    else if (allow.split(', ').includes(method ?? '')) this.#serve(route, request, response)
    else sendMethodNotAllowed(response, allow, corsHeaders(request))
  }

  #serve(route: Route, request: IncomingMessage, response: ServerResponse): void {
    switch (route.kind) {
      case 'call':
        this.#serveCall(route, request, response)
        return
      case 'telemetry':
        sendSuccess(response, corsHeaders(request))
        return
      case 'pixel':
        this.#servePixel({ kind: 'call', call: route.call, via: 'client' }, request, response).catch(
          (error: unknown) => {
            this.#fail(request, response, error)
          },
        )
        return
      case 'settings':
        this.#serveSettings(route.writeKey, request, response)
        return
      case 'source-config':
        this.#serveSourceConfig(request, response)
        return
      case 'asset':
        this.#serveAsset(route.pathId, request, response).catch((error: unknown) => {
          this.#fail(request, response, error)
        })
        return
      case 'health':
        sendJson(response, this.#deps.health(), request.method === 'HEAD')
    }
  }

  #serveCall(route: CallRoute, request: IncomingMessage, response: ServerResponse): void {
    this.#counters.requests++
    const admission = admit(this.#accept, route, senderOf(request, this.#clientAddress(request)))
    if ('code' in admission) {
      this.#answer(request, response, admission)
      return
    }
    this.#bodies.read(request, (outcome) => {
      this.#finishCall(admission, outcome, { request, response }).catch((error: unknown) => {
        this.#fail(request, response, error)
      })
    })
  }

  async #finishCall(
    admission: Admission,
    outcome: BodyOutcome,
    { request, response }: { request: IncomingMessage; response: ServerResponse },
  ): Promise<void> {
    if (outcome.kind === 'gone') return
    if (outcome.kind === 'refused') {
      const { refusal } = outcome
      if (refusal.code !== 'intake-busy') chargeStranger(this.#accept, admission, 0)
      this.#answer(request, response, refusal)
      return
    }
    const { clock } = this.#deps
    const readAtMs = clock.monotonicMs()
    let refusal: Refusal | undefined
    try {
      refusal = await accept(this.#accept, admission, outcome.body)
    } finally {
      outcome.release()
    }
    if (refusal === undefined) this.answers.record(clock.monotonicMs() - readAtMs)
    this.#answer(request, response, refusal)
  }

  #answer(request: IncomingMessage, response: ServerResponse, refusal: Refusal | undefined): void {
    const cors = corsHeaders(request)
    if (refusal === undefined) {
      sendSuccess(response, cors)
      return
    }
    this.#counters.countRefusal(refusal.code)
    sendRefusal({ request, response }, refusal, cors, this.#deps.clock)
  }

  async #serveAsset(pathId: string | undefined, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (this.#assets === undefined) {
      sendNotFound(response, 'No media is taken here.', corsHeaders(request))
      return
    }
    this.#counters.requests++
    const outcome = await this.#assets.receive(request, senderOf(request, this.#clientAddress(request)), pathId)
    if (outcome.kind === 'gone') return
    if (outcome.kind === 'refused') {
      this.#answer(request, response, outcome.refusal)
      return
    }
    this.#counters.countAppend(1, undefined)
    sendStored(response, outcome.answer, outcome.isNew, corsHeaders(request))
  }

  async #servePixel(route: CallRoute, request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Mail scanners and link previews ask with HEAD; nobody has seen the picture.
    if (request.method === 'HEAD') {
      sendGif(response, true)
      return
    }
    this.#counters.requests++
    const body = pixelBody(request.url ?? '')
    const admission = admit(this.#accept, route, senderOf(request, this.#clientAddress(request)))
    let refusal: Pick<Refusal, 'code'> | undefined
    if ('code' in admission) refusal = admission
    else if (body === undefined) refusal = { code: 'body-unreadable' }
    else refusal = await accept(this.#accept, admission, body)
    if (refusal !== undefined) this.#counters.countRefusal(refusal.code)
    sendGif(response, false)
  }

  #serveSettings(writeKey: string, request: IncomingMessage, response: ServerResponse): void {
    if (searchKey(this.#deps.keys, [writeKey]).kind !== 'known') {
      sendNotFound(response, 'This write key was never issued here.', ['Access-Control-Allow-Origin', '*'])
      return
    }
    this.#counters.settingsServed++
    const address = publicAddress(this.#publicUrl ?? this.#deps.address?.(), request.socket)
    sendSettings(request, response, settingsDocument(writeKey, address))
  }

  #serveSourceConfig(request: IncomingMessage, response: ServerResponse): void {
    const search = searchKey(this.#deps.keys, keysOutsideBody(request))
    if (search.kind !== 'known') {
      sendNotFound(response, 'This write key was never issued here.', ['Access-Control-Allow-Origin', '*'])
      return
    }
    this.#counters.settingsServed++
    sendSettings(request, response, sourceConfigDocument(search.key.writeKey), sourceConfigHeaders)
  }
}
