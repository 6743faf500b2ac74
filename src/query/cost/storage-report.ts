// What lies in the warehouse by BigQuery's rules, what Google would charge for it, and what fills it.
import type { Directory } from '../catalog/directory.ts'
import type { SizeBook } from './size-book.ts'

export interface StorageReport {
  readonly datasets: readonly {
    readonly dataset: string
    readonly tables: number
    readonly rows: number
    readonly bytes: number
    /** A month, at list price: days without change for 90 days count as long-term storage. */
    readonly dollarsPerMonth: number
  }[]
  /** The last 60 days with rows, newest first. */
  readonly days: readonly {
    readonly day: string
    readonly dataset: string
    readonly rows: number
    readonly bytes: number
  }[]
  readonly months: readonly {
    readonly month: string
    readonly dataset: string
    readonly rows: number
    readonly bytes: number
  }[]
  /** The tables that fill it most, largest first. */
  readonly largest: readonly {
    readonly dataset: string
    readonly table: string
    readonly rows: number
    readonly bytes: number
    /** Of everything. */
    readonly share: number
    readonly bytesPerRow: number
  }[]
  readonly bytes: number
  readonly dollarsPerMonth: number
}

/** List prices a GiB and month, region US: active, and long-term logical storage. */
const dollarsActive = 0.02
const dollarsLongTerm = 0.01
const longTermDays = 90
const largestMax = 20
const daysMax = 60
const dayMillis = 86_400_000

interface Amount {
  rows: number
  bytes: number
}

export function storageReport(
  { datasets }: Directory,
  sizes: Pick<SizeBook, 'sizeOf'>,
  nowMicros: number,
): StorageReport {
  const tables = [...datasets.values()].flatMap(({ tables: own }) =>
    [...own.values()]
      .filter(({ kind }) => kind === 'table')
      .map((table) => ({ table, ...sizes.sizeOf(table.dataset, table.table) })),
  )
  const total = tables.reduce((sum, { bytes }) => sum + bytes, 0)
  const days = new Map<string, Amount>()
  const months = new Map<string, Amount>()
  const oldest = new Date(nowMicros / 1000 - longTermDays * dayMillis).toISOString().slice(0, 10)
  const byDataset = new Map<string, Amount & { tables: number; dollars: number }>()
  for (const { table, bytes, partitions } of tables) {
    const own = byDataset.get(table.dataset) ?? { tables: 0, rows: 0, bytes: 0, dollars: 0 }
    byDataset.set(table.dataset, own)
    own.tables += 1
    own.rows += table.rows
    own.bytes += bytes
    let longTermBytes = 0
    for (const { id, rows, logicalBytes } of partitions ?? []) {
      const day = dayOf(id)
      if (day === undefined) continue
      add(days, `${day} ${table.dataset}`, rows, logicalBytes)
      add(months, `${day.slice(0, 7)} ${table.dataset}`, rows, logicalBytes)
      if (day < oldest) longTermBytes += logicalBytes
    }
    own.dollars += priceOf(Math.max(0, bytes - longTermBytes), longTermBytes)
  }
  const largest = tables
    .map(({ table, bytes }) => ({
      dataset: table.dataset,
      table: table.table,
      rows: table.rows,
      bytes,
      share: total === 0 ? 0 : bytes / total,
      bytesPerRow: table.rows === 0 ? 0 : Math.round(bytes / table.rows),
    }))
    .sort((one, other) => other.bytes - one.bytes)
  return {
    datasets: [...byDataset].map(([dataset, { dollars, ...amount }]) => ({
      dataset,
      ...amount,
      dollarsPerMonth: dollars,
    })),
    days: newestFirst(days)
      .slice(0, daysMax)
      .map(([[day = '', dataset = ''], amount]) => ({ day, dataset, ...amount })),
    months: newestFirst(months).map(([[month = '', dataset = ''], amount]) => ({ month, dataset, ...amount })),
    largest: largest.slice(0, largestMax),
    bytes: total,
    dollarsPerMonth: [...byDataset.values()].reduce((sum, { dollars }) => sum + dollars, 0),
  }
}

function add(amounts: Map<string, Amount>, key: string, rows: number, bytes: number): void {
  const amount = amounts.get(key) ?? { rows: 0, bytes: 0 }
  amount.rows += rows
  amount.bytes += bytes
  amounts.set(key, amount)
}

/** `20260301` → `2026-03-01`. */
function dayOf(id: string): string | undefined {
  return /^\d{8}$/.test(id) ? `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6)}` : undefined
}

function newestFirst(amounts: ReadonlyMap<string, Amount>): (readonly [readonly string[], Amount])[] {
  return [...amounts]
    .sort(([one], [other]) => (one < other ? 1 : -1))
    .map(([key, amount]) => [key.split(' '), amount] as const)
}

function priceOf(activeBytes: number, longTermBytes: number): number {
  return (activeBytes * dollarsActive + longTermBytes * dollarsLongTerm) / 1024 ** 3
}
