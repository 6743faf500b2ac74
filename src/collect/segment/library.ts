// What follows from the SDK's name in context.library.name, and from what RudderStack's SDKs say beside it.
import type { RequestMeta } from '../../core/event.ts'
import { isObject, type JsonObject } from '../../core/json-object.ts'
import type { CallRoute } from './routes.ts'

/** Their times are read from a device's clock, which may be wrong; servers keep theirs by NTP. */
const clientLibraries = new Set([
  'analytics.js',
  'analytics-next',
  'analytics-swift',
  'analytics-kotlin',
  'analytics-ios',
  'analytics-android',
  'analytics-react-native',
  'analytics-flutter',
  'analytics-csharp',
  'analytics-roku',
])
const serverLibraries = new Set([
  'analytics-node',
  'analytics-python',
  'analytics-go',
  'analytics-java',
  'analytics-ruby',
  'analytics-php',
  'analytics-rust',
  'analytics.net',
])
const fileLibraries = new Set(['analytics-swift', 'analytics-kotlin', 'analytics-csharp'])
const importLibraries = new Set(['analytics-ruby', 'analytics-java'])

/** Lower case, without npm's scope and with one kind of dash: `@segment/analytics-react-native`, `analytics_flutter`. */
export function libraryOf(event: JsonObject | undefined): string | undefined {
  const context = event?.['context']
  const library = isObject(context) ? context['library'] : undefined
  const name = isObject(library) ? library['name'] : undefined
  return typeof name === 'string'
    ? name
        .toLowerCase()
        .replace(/^@segment\//, '')
        .replaceAll('_', '-')
    : undefined
}

/**
 * RudderStack has no paths of their own for pages and apps: its SDKs name the `channel` in each event instead. History keeps
 * the server's path, since whoever brings it in is neither.
 */
export function viaOf(route: CallRoute, first: JsonObject | undefined): RequestMeta['via'] {
  const channel = first?.['channel']
  return route.import !== true && (channel === 'web' || channel === 'mobile') ? 'client' : route.via
}

/** The path decides about names that are not known: what comes by a client's path was sent by a page or an app. */
export function isClientSdk(library: string | undefined, via: RequestMeta['via']): boolean {
  if (library !== undefined && (clientLibraries.has(library) || library.includes('unity'))) return true
  return via === 'client' && (library === undefined || !serverLibraries.has(library))
}

/** These stamp `sentAt` when they close the file of a batch, which may be days before they send it. */
export function stampsSentAtEarly(library: string | undefined): boolean {
  return library !== undefined && (fileLibraries.has(library) || library.includes('unity'))
}

/** These send everything to /v1/import, so the path says nothing about the events being old. */
export function alwaysImports(library: string | undefined): boolean {
  return library !== undefined && importLibraries.has(library)
}
