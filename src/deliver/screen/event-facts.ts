// What an event of a request is, said once: the screen judges by it, its row is written by it, and destinations get it so.
import type { StoredRecord } from '../../buffer/record.ts'
import type { RequestMeta } from '../../core/event.ts'
import { idText } from './message-id.ts'

type Json = Readonly<Record<string, unknown>>

/** As its sender says; not yet known to be one of the spec. */
export function typeOf(event: Json, meta: RequestMeta): unknown {
  return meta.call === 'batch' ? event['type'] : meta.call
}

/** Track: the event's name; of others their own. '' = none. */
export function nameOf(event: Json, type: unknown): string {
  return idText(type === 'track' ? event['event'] : event['name'])
}

/** For `messageIdOf`. A letter that is replayed twice before the first replay was loaded must give the same ids. */
export function placeOf(stream: string, record: StoredRecord, meta: RequestMeta, index: number): string {
  return `${meta.replayOf ?? `${stream}-${record.sequence}`}-${index}`
}

/** When it came first: a replayed letter keeps its time. */
export function receivedAtOf(record: StoredRecord, meta: Pick<RequestMeta, 'firstReceivedAtMicros'>): number {
  return meta.firstReceivedAtMicros ?? record.receivedAtMicros
}

/** The address of a browser or phone is the socket's, unless the event names one; servers must ask for it. */
export function socketAddressOf(event: Json, meta: RequestMeta): string | undefined {
  const context = event['context'] as Json | null | undefined
  return meta.via === 'server' && context?.['direct'] !== true ? undefined : meta.ip
}
