// What stays of the ledger when its entries are old: how many events of a day became what, at which destination. Counted before
// the entries go, under ids that are the same on every try, so that each is counted once, whoever dies in between.
import { createHash } from 'node:crypto'

import { type Append, inRecords } from '../../buffer/record.ts'
import { type Clock, isoTime } from '../../core/clock.ts'
import type { Expiry, WarehouseDriver } from '../../warehouse/driver.ts'
import { readAll } from '../warehouse/schema-start.ts'

export interface LedgerSumsDeps {
  readonly driver: WarehouseDriver
  readonly append: Append
  readonly clock: Clock
}

const dimensions = ['destination', 'destination_type', 'event_source', 'event_type', 'event_name', 'status'] as const

/** Resolves with the sums of entries that the expiry will remove, once they are durable. */
export async function sumExpiring(expiry: Expiry, { driver, append, clock }: LedgerSumsDeps): Promise<number> {
  const { dataset, table = 'deliveries', beforeMicros } = expiry
  if (dataset !== 'millpond' || table !== 'deliveries') return 0
  // Nobody has the ledger before its first entry.
  if ((await driver.catalog()).get('millpond')?.has('deliveries') !== true) return 0
  const sums = await readAll(
    driver,
    `SELECT epoch_us(date_trunc('day', received_at)), ${dimensions.join(', ')}, count(*), sum(attempts)
     FROM millpond.deliveries WHERE received_at < make_timestamptz(${beforeMicros}::BIGINT) GROUP BY ALL ORDER BY ALL`,
  )
  const rows = sums.map(([day, ...rest]) => {
    const values = Object.fromEntries(dimensions.map((name, index) => [name, rest[index] ?? null]))
    const key = JSON.stringify([Number(day), ...rest.slice(0, dimensions.length)])
    return JSON.stringify({
      sum_id: createHash('sha256').update(key).digest('hex').slice(0, 32),
      day: isoTime(Number(day)),
      ...values,
      events: Number(rest[dimensions.length]),
      attempts: Number(rest[dimensions.length + 1]),
    })
  })
  for (const record of inRecords('millpond.delivery_sums', rows, clock.nowMicros())) await append(record)
  return rows.length
}
