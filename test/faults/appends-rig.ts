// What the process that is killed and the test that kills it share.
import { join } from 'node:path'

import type { WriterOptions } from '../../src/buffer/buffer.ts'
import type { MadeChange } from '../../src/warehouse/session.ts'

export const rowsPerRecord = 10

export function appendsBuffer(folder: string): WriterOptions {
  return {
    stream: 'appends',
    folder: join(folder, 'buffer', 'appends'),
    cutIntervalMs: 5,
    segmentBytesMax: 64 * 1024,
    segmentAgeMsMax: 3_600_000,
    streamBytesMax: 1024 ** 3,
    diskFreeBytesMin: 0,
    ballastBytes: 0,
  }
}

const times = { createdAtMicros: 1, changedAtMicros: 1 }

export const ordersChange: readonly { readonly ddl: readonly string[]; readonly change: MadeChange }[] = [
  { ddl: [], change: { kind: 'put-dataset', dataset: { dataset: 'shop', options: {}, ...times } } },
  {
    ddl: ['CREATE TABLE made.shop.orders (n BIGINT)'],
    change: {
      kind: 'put-table',
      table: {
        dataset: 'shop',
        table: 'orders',
        kind: 'table',
        columns: [{ name: 'n', type: 'INT64', mode: 'NULLABLE' }],
        clustering: [],
        options: {},
        ...times,
      },
    },
  },
]
