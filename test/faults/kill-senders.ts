// Who sends while processes are killed: the real Segment SDK, the real Fluent client, and an uploader of media. Each
// remembers what it was told is safe, and knows where that must stand afterwards.
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { FluentClient, FluentSocketEvent } from '@fluent-org/logger'
import { Analytics } from '@segment/analytics-node'

import type { Millpond } from '../support/millpond.ts'

export interface KillSender {
  readonly name: string
  readonly acknowledged: ReadonlySet<string>
  /** Sends until everything of this round is acknowledged, or given up. */
  sendRound(round: number): Promise<void>
  /** Ids of all rows that stand there. */
  stored(millpond: Millpond): Promise<string[]>
}

const names = ['Camera Opened', 'Cry Detected', 'Night Ended', 'Völlig Müde', '睡眠開始']

export function segmentSender(host: string, writeKey: string, events: number): KillSender {
  const acknowledged = new Set<string>()
  return {
    name: 'segment',
    acknowledged,
    async sendRound(round) {
      const limits = { flushAt: 10, flushInterval: 20, maxRetries: 20, httpRequestTimeout: 3000 }
      const analytics = new Analytics({ writeKey, host, ...limits })
      analytics.on('error', () => undefined)
      for (let n = 0; n < events; n += 1) {
        const messageId = `kill-${round}-${n}`
        const properties = { round, n, text: `größe ${n}` }
        const event = { messageId, event: names[n % names.length] ?? 'Event', anonymousId: `a${n % 7}`, properties }
        analytics.track(event, (error) => {
          if (error === undefined || error === null) acknowledged.add(messageId)
        })
        if (n % 10 === 9) await delay(8)
      }
      await analytics.closeAndFlush({ timeout: 60_000 })
    },
    stored: async (millpond) => ids(millpond, 'SELECT id FROM web.tracks'),
  }
}

/** This client sends a chunk again under a new name: records with ids of their own are known all the same. */
export function forwardSender(port: number, records: number): KillSender {
  const acknowledged = new Set<string>()
  return {
    name: 'forward',
    acknowledged,
    async sendRound(round) {
      const client = new FluentClient('inference', {
        eventMode: 'PackedForward',
        ack: { ackTimeout: 3000 },
        socket: { host: '127.0.0.1', port, reconnect: { backoff: 1, delay: 50, minDelay: 50, maxDelay: 200 } },
        flushInterval: 20,
        eventRetry: { attempts: 50, backoff: 1, delay: 50, minDelay: 50, maxDelay: 200, onError: () => undefined },
      })
      client.socketOn(FluentSocketEvent.ERROR, () => undefined)
      const sent: Promise<void>[] = []
      for (let n = 0; n < records; n += 1) {
        const id = `inference-${round}-${n}`
        const record = { inference_id: id, model: 'cry-detector', top_score: n / records, note: 'größe' }
        sent.push(
          client.emit('cry', record).then(
            () => void acknowledged.add(id),
            () => undefined,
          ),
        )
        if (n % 10 === 9) await delay(8)
      }
      await Promise.race([Promise.all(sent), delay(60_000)])
      await client.disconnect().catch(() => undefined)
    },
    stored: async (millpond) => ids(millpond, 'SELECT inference_id FROM ai.inferences'),
  }
}

export function assetSender(address: string, writeKey: string, assets: number): KillSender {
  const acknowledged = new Set<string>()
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`

  async function upload(id: string, body: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const headers = { authorization, 'content-type': 'audio/wav' }
    const response = await fetch(`${address}/v1/assets/${id}`, { method: 'PUT', headers, body }).catch(() => undefined)
    await response?.arrayBuffer().catch(() => undefined)
    return response?.ok === true
  }

  return {
    name: 'assets',
    acknowledged,
    async sendRound(round) {
      for (let n = 0; n < assets; n += 1) {
        const id = `clip-${round}-${n}`
        const body = new Uint8Array(200_000 + n).fill(n)
        for (let tries = 0; tries < 200 && !acknowledged.has(id); tries += 1) {
          if (await upload(id, body)) acknowledged.add(id)
          else await delay(50)
        }
      }
    },
    /** A row whose object is missing counts as missing. */
    async stored(millpond) {
      const rows = await millpond.query('SELECT asset_id, storage_uri FROM ai.assets')
      const kept: string[] = []
      for (const [id, uri] of rows) {
        await access(join(millpond.data, 'media', String(uri).replace(/^media:/, '')))
        kept.push(String(id))
      }
      return kept
    },
  }
}

async function ids(millpond: Millpond, sql: string): Promise<string[]> {
  return (await millpond.query(sql)).map(([id]) => String(id))
}
