// What every benchmark shares: a fresh Millpond, a source, a port, and the memory of its processes.
import { readFile } from 'node:fs/promises'

import { type Millpond, startMillpond } from '../../test/support/millpond.ts'

/** Benchmarks flood from one address: the limit against that is lifted, everything else stays as shipped. */
export const benchSettings = { MILLPOND_REQUESTS_PER_SECOND_MAX: '1000000' }

export interface Bench {
  readonly millpond: Millpond
  readonly writeKey: string
  readonly port: number
}

export async function withMillpond<Result>(
  run: (bench: Bench) => Promise<Result>,
  settings: Readonly<Record<string, string>> = {},
): Promise<Result> {
  const millpond = await startMillpond({ settings: { ...benchSettings, ...settings } })
  try {
    const writeKey = await millpond.addSource('web', 'server')
    return await run({ millpond, writeKey, port: Number(new URL(millpond.address).port) })
  } finally {
    await millpond.dispose()
  }
}

export async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}

/** Seconds of CPU that a process has used. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0)
}

export function ratio(achieved: number, ceiling: number): number {
  return Math.round((achieved / ceiling) * 100) / 100
}
