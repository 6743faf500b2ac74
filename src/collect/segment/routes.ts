// The addresses of the Segment protocol and of its relatives, RudderStack and Jitsu. Each family of SDKs built a family of
// paths; all are served side by side.
import type { EventType, RequestMeta } from '../../core/event.ts'

export interface CallRoute {
  readonly kind: 'call'
  readonly call: RequestMeta['call']
  readonly via: RequestMeta['via']
  readonly import?: true
}

export type Route =
  | CallRoute
  /** An SDK's own counters: answered, never kept. */
  | { readonly kind: 'telemetry' }
  | { readonly kind: 'pixel'; readonly call: EventType }
  | { readonly kind: 'settings'; readonly writeKey: string }
  /** The settings of RudderStack's SDKs; the key is in header or query. */
  | { readonly kind: 'source-config' }
  | { readonly kind: 'health' }
  /** A media file; the id as it stands in the address. */
  | { readonly kind: 'asset'; readonly pathId: string | undefined }

const longNames: readonly EventType[] = ['track', 'identify', 'page', 'screen', 'group', 'alias']

const routes = new Map<string, Route>(listRoutes())

function* listRoutes(): Iterable<[string, Route]> {
  yield ['/health', { kind: 'health' }]
  yield ['/v1/assets', { kind: 'asset', pathId: undefined }]
  // Servers' paths: context.ip is the server's, so it stays what the sender says.
  yield ['/v1/batch', { kind: 'call', call: 'batch', via: 'server' }]
  yield ['/v1/import', { kind: 'call', call: 'batch', via: 'server', import: true }]
  for (const call of longNames) yield [`/v1/${call}`, { kind: 'call', call, via: 'server' }]
  // Apps' and browsers' paths. The form without /v1 comes from an apiHost written without it.
  for (const prefix of ['/v1', '']) {
    yield [`${prefix}/b`, { kind: 'call', call: 'batch', via: 'client' }]
    yield [`${prefix}/m`, { kind: 'telemetry' }]
    for (const call of longNames) yield [`${prefix}/${call.charAt(0)}`, { kind: 'call', call, via: 'client' }]
  }
  // RudderStack's. Its browser and mobile SDKs send their events to the servers' paths above (see `viaOf`).
  yield ['/beacon/v1/batch', { kind: 'call', call: 'batch', via: 'client' }]
  yield ['/sourceConfig', { kind: 'source-config' }]
  yield* listJitsu()
  for (const call of longNames) {
    yield [`/v1/pixel/${call}`, { kind: 'pixel', call }]
    yield [`/pixel/v1/${call}`, { kind: 'pixel', call }]
  }
}

function* listJitsu(): Iterable<[string, Route]> {
  yield ['/batch', { kind: 'call', call: 'batch', via: 'client' }]
  for (const via of ['client', 'server'] as const) {
    const prefix = via === 'client' ? '/api/s' : '/api/s/s2s'
    yield [`${prefix}/batch`, { kind: 'call', call: 'batch', via }]
    for (const call of longNames) {
      for (const name of [call, call.charAt(0)]) yield [`${prefix}/${name}`, { kind: 'call', call, via }]
    }
  }
}

const assetPath = /^\/v1\/assets\/([^/]{1,1000})$/
const settingsPath = /^(?:\/v1)?\/projects\/([^/]{1,256})\/settings$/

/** Undefined: not a path of ours. Takes a request's url: query, doubled and trailing slashes don't matter. */
export function findRoute(url: string): Route | undefined {
  const exact = routes.get(url)
  if (exact !== undefined) return exact
  const path = pathOf(url)
  const route = routes.get(path)
  if (route !== undefined) return route
  const pathId = assetPath.exec(path)?.[1]
  if (pathId !== undefined) return { kind: 'asset', pathId }
  const writeKey = settingsPath.exec(path)?.[1]
  return writeKey === undefined ? undefined : { kind: 'settings', writeKey }
}

/** The path with one spelling. `//v1/batch` comes from hosts configured with a slash at the end, `http://…` from proxies. */
export function pathOf(url: string): string {
  let path = url
  const end = path.search(/[?#]/)
  if (end !== -1) path = path.slice(0, end)
  if (!path.startsWith('/')) path = path.replace(/^https?:\/\/[^/]*/i, '')
  if (path.includes('//')) path = path.replaceAll(/\/{2,}/g, '/')
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** The query after `?`; empty without one. */
export function queryOf(url: string): string {
  const start = url.indexOf('?')
  if (start === -1) return ''
  const end = url.indexOf('#', start)
  return end === -1 ? url.slice(start + 1) : url.slice(start + 1, end)
}
