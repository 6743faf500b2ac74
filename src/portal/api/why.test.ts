import { expect, test } from 'vitest'

import type { DestinationInfo } from '../../control/destination-store.ts'
import type { DestinationStatus } from '../../deliver/destinations/hub-messages.ts'
import { explain } from './why.ts'

const destination: DestinationInfo = {
  id: 'd1',
  name: 'crm',
  type: 'webhook',
  sources: [],
  settings: {},
  rules: {},
  secretNames: [],
  state: 'active',
  version: 1,
  createdAtMicros: 1000,
  changedAtMicros: 1000,
}
const event = { source: 'shop', table: 'tracks', receivedAtMicros: 2000 }
const status: DestinationStatus = {
  id: 'd1',
  state: 'waiting',
  retryInMs: 1000,
  failures: 3,
  lastError: 'HTTP 503',
  counts: { delivered: 0, rejected: 0, skipped: 0, expired: 0, unconfirmed: 0 },
  positions: [],
  readMicros: 0,
}
const entry = { status: 'rejected', reason: 'too large' }

test.each([
  ['rejected', /does not take it: too large/, {}, [entry], event, undefined],
  ['delivered', /is there/, {}, [{ status: 'delivered', reason: null }, entry], undefined, undefined],
  ['not-stored', /dead letters/, {}, [], undefined, undefined],
  ['other-source', /takes web only; it came from shop/, { sources: ['web'] }, [], event, undefined],
  ['before', /before/, { createdAtMicros: 3000 }, [], event, undefined],
  ['disabled', /disabled/, { state: 'disabled' as const }, [], event, undefined],
  ['waiting', /HTTP 503/, {}, [], event, status],
  [
    'ledger-hidden',
    /may not read the ledger/,
    {},
    undefined,
    event,
    { ...status, state: 'idle' as const, readMicros: 3000 },
  ],
  ['on-its-way', /on its way/, {}, undefined, event, { ...status, state: 'idle' as const }],
  ['on-its-way', /on its way/, {}, [], event, { ...status, state: 'delivering' as const }],
  ['on-its-way', /waits for its file/, { type: 'object-storage' }, [], event, { ...status, state: 'idle' as const }],
])('%s is said', (verdict, sentence, over, entries, stored, state) => {
  const found = explain({ ...destination, ...over }, entries, stored, state)
  expect(found).toEqual({ verdict, sentence: expect.stringMatching(sentence) as string })
})
