// Destinations beside intake: 20,000 events a second come in, 5,000 of them go to a service that takes them, 5,000 to one that is dead.
// The same load without destinations is measured in the same run: what they cost is the difference.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { firstAnswer } from '../test/support/millpond.ts'
import { type Freshness, measureFreshness } from './support/freshness.ts'
import { type Bench, cpuSeconds, residentMiB, withMillpond } from './support/run.ts'
import { startSender } from './support/sender.ts'

interface Measured {
  readonly acceptedPerSecond: number
  readonly latencyMs: object
  readonly freshness: Freshness
  readonly engineCpuSeconds: number
  readonly engineMiB: number
  readonly deliveredPerSecond?: number
  readonly allDeliveredAfterMs?: number
}

/** Answers every request once it has read it. */
async function startService(status: number): Promise<{ url: string; stop: () => Promise<void> }> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.writeHead(status).end())
  })
  await new Promise<void>((opened) => server.listen(0, '127.0.0.1', opened))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function delivered({ millpond }: Bench): Promise<number> {
  const response = await millpond.api('/api/destinations')
  const { destinations } = (await response.json()) as {
    destinations: { name: string; delivery: { counts: { delivered: number } } | null }[]
  }
  return destinations.find(({ name }) => name === 'healthy')?.delivery?.counts.delivered ?? 0
}

async function add({ millpond }: Bench, name: string, url: string): Promise<void> {
  const settings = { url, allowPrivateNetwork: 'true' }
  const body = JSON.stringify({ name, type: 'webhook', sources: ['passed'], settings })
  const response = await millpond.api('/api/destinations', { method: 'POST', body })
  if (!response.ok) throw new Error(await response.text())
}

async function measure(bench: Bench, durationMs: number, hasDestinations: boolean): Promise<Measured> {
  const { millpond, writeKey, port } = bench
  const load = { connections: 8, batchEvents: 100, port, durationMs, firstId: 1 }
  const passedOn = await millpond.addSource('passed', 'server')
  const healthy = await startService(204)
  const dead = await startService(503)
  if (hasDestinations) {
    await add(bench, 'healthy', healthy.url)
    await add(bench, 'dead', dead.url)
  }
  const { engine } = await millpond.pids()
  const [others, own, freshness, deliveredInTime] = await Promise.all([
    startSender({ ...load, writeKey, requestsPerSecond: 150 }),
    startSender({ ...load, writeKey: passedOn, requestsPerSecond: 50 }),
    measureFreshness(bench, durationMs),
    new Promise<number>((resolve) => setTimeout(() => resolve(delivered(bench)), durationMs)),
  ])
  const measured = {
    acceptedPerSecond: Math.round((others.accepted + own.accepted) / others.seconds),
    latencyMs: own.latencyMs,
    freshness,
    engineCpuSeconds: await cpuSeconds(engine),
    engineMiB: await residentMiB(engine),
  }
  const endedMs = performance.now()
  if (hasDestinations) {
    await firstAnswer(async () => ((await delivered(bench)) >= own.accepted ? true : undefined), 120_000)
  }
  await healthy.stop()
  await dead.stop()
  if (!hasDestinations) return measured
  const deliveredPerSecond = Math.round(deliveredInTime / (durationMs / 1000))
  return { ...measured, deliveredPerSecond, allDeliveredAfterMs: Math.round(performance.now() - endedMs) }
}

export async function benchDeliver(durationMs: number): Promise<object> {
  const without = await withMillpond(async (bench) => measure(bench, durationMs, false))
  const withBoth = await withMillpond(async (bench) => measure(bench, durationMs, true))
  return { bench: 'deliver', without, withBoth }
}
