// Sends calls of the Segment protocol as they come, over fetch, and reads the answer; for tests that count what they
// were told is kept.
import { expect } from 'vitest'

import type { LedgerLine, Status } from '../../src/portal/api/status.ts'

export interface Answer {
  readonly status: number
  /** Of a refusal. */
  readonly code: string | undefined
  readonly message: string
  readonly retryAfter: string | null
}

export interface Sending {
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Undefined: no key outside of the body. */
  readonly key?: string | undefined
}

/** Rejects only if there is no answer at all. */
export async function sendTo(address: string, body: string | Uint8Array | object, how: Sending = {}): Promise<Answer> {
  const { path = '/v1/batch', headers = {}, key } = how
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const response = await fetch(`${address}${path}`, {
    method: 'POST',
    headers: key === undefined ? headers : { authorization: `Basic ${btoa(`${key}:`)}`, ...headers },
    body: isRaw ? (body as BodyInit) : JSON.stringify(body),
  })
  const { code, message = '' } = (await response.json()) as { code?: string; message?: string }
  return { status: response.status, code, message, retryAfter: response.headers.get('retry-after') }
}

/** The ledger's line of a source; all zero if nothing ever came. */
export function lineOf(status: Status, source: string): LedgerLine {
  const none = { source, received: 0, stored: 0, flagged: 0, duplicates: 0, quarantined: 0, waiting: 0 }
  return status.ledger.find((line) => line.source === source) ?? none
}

/** For a status after everything was loaded: nothing waits, every line sums. */
export function expectLedgerSums(status: Status): void {
  expect(status.ledgerSums).toBe(true)
  for (const line of status.ledger) {
    expect(line).toMatchObject({ waiting: 0 })
    expect(line.received, line.source).toBe(line.stored + line.flagged + line.duplicates + line.quarantined)
  }
}

/** Resident bytes of a process of this machine; Linux only. */
export function residentBytes(statusFile: string): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(statusFile)?.[1] ?? 0) * 1024
}
