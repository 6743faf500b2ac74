// Live events on their way in: Segment's own SDK for Node, one client a source, pointed at Millpond.
import { Analytics } from '@segment/analytics-node'

import { type SegmentMessage, type SourceName, sources } from '../traffic/traffic.ts'

const flushIntervalMs = 1000
const closeTimeoutMs = 3000

export class SegmentLive {
  readonly #clients: ReadonlyMap<SourceName, Analytics>

  constructor(address: string, keys: Record<SourceName, string>, onError: (error: unknown) => void) {
    const names = Object.keys(sources) as SourceName[]
    this.#clients = new Map(
      names.map((name) => {
        const client = new Analytics({ host: address, writeKey: keys[name], flushInterval: flushIntervalMs })
        client.on('error', onError)
        return [name, client]
      }),
    )
  }

  send({ source, event, atMs }: SegmentMessage): void {
    const client = this.#clients.get(source)
    if (client === undefined) return
    const { type, messageId, anonymousId, context = {}, traits = {}, properties = {}, name = '' } = event
    const userId = event.userId ?? ''
    // The SDK wants one of the two, and knows which from its types alone.
    const who = userId === '' ? { anonymousId: anonymousId ?? '' } : { userId, anonymousId }
    const common = { ...who, context: { ...context }, timestamp: new Date(atMs), messageId }
    if (type === 'track') client.track({ ...common, event: event.event ?? '', properties: { ...properties } })
    if (type === 'page') client.page({ ...common, name, properties: { ...properties } })
    if (type === 'screen') client.screen({ ...common, name, properties: { ...properties } })
    if (type === 'identify') client.identify({ ...common, traits: { ...traits } })
    if (type === 'group') client.group({ ...common, groupId: event.groupId ?? '', traits: { ...traits } })
    if (type === 'alias') client.alias({ ...common, userId, previousId: event.previousId ?? '' })
  }

  async close(): Promise<void> {
    await Promise.all([...this.#clients.values()].map((client) => client.closeAndFlush({ timeout: closeTimeoutMs })))
  }
}
