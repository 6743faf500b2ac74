// Rows 1 to 3 of the goals: a flood of batches, a sustained load into typed tables, and one event a request.
import type { Ceilings } from './support/ceilings.ts'
import { measureFreshness } from './support/freshness.ts'
import { cpuSeconds, ratio, residentMiB, withMillpond } from './support/run.ts'
import { startSender } from './support/sender.ts'

const batch = { connections: 16, batchEvents: 100 }

/** As many batches of 100 as go: what is accepted (synced before the answer), and how long a sender waits. */
export async function benchFlood(ceilings: Ceilings, durationMs: number): Promise<object> {
  return withMillpond(async ({ millpond, writeKey, port }) => {
    const result = await startSender({ ...batch, port, writeKey, durationMs, requestsPerSecond: 0, firstId: 1 })
    const acceptedPerSecond = Math.round(result.accepted / result.seconds)
    const { intake } = await millpond.pids()
    const status = await millpond.status()
    return {
      bench: 'flood',
      acceptedPerSecond,
      refused: result.refused,
      failed: result.failed,
      latencyMs: result.latencyMs,
      loadedMeanwhile: status.loader.eventsLoaded,
      intakeMiB: await residentMiB(intake),
      ratioToJsonParse: ratio(acceptedPerSecond, ceilings.jsonParseEventsPerSecond),
    }
  })
}

/** An offered rate that the loader should keep up with: typed rows a second, lag at the end, freshness of probes. */
export async function benchSustained(ceilings: Ceilings, durationMs: number, eventsPerSecond: number): Promise<object> {
  return withMillpond(async (bench) => {
    const { millpond, writeKey, port } = bench
    const pids = await millpond.pids()
    const [result, freshness] = await Promise.all([
      startSender({ ...batch, port, writeKey, durationMs, requestsPerSecond: eventsPerSecond / 100, firstId: 1 }),
      measureFreshness(bench, durationMs),
      // The status right at the end of the load, before the probes' grace time.
    ])
    const begunMs = performance.now()
    const status = await millpond.settled(120_000)
    const rows = Number(
      await millpond.queryValue(`SELECT sum(stored) FROM millpond.source_counts WHERE source = 'web'`),
    )
    return {
      bench: `sustained-${eventsPerSecond}`,
      offeredPerSecond: eventsPerSecond,
      acceptedPerSecond: Math.round(result.accepted / result.seconds),
      latencyMs: result.latencyMs,
      freshness,
      stored: rows,
      settledAfterMs: Math.round(performance.now() - begunMs),
      ledgerSums: status.ledgerSums,
      cpuSeconds: { intake: await cpuSeconds(pids.intake), engine: await cpuSeconds(pids.engine) },
      residentMiB: { intake: await residentMiB(pids.intake), engine: await residentMiB(pids.engine) },
      ratioToDuckdbJsonLoad: ratio(result.accepted / result.seconds, ceilings.duckdbJsonLoadEventsPerSecond),
    }
  })
}

/** One event a request, 64 senders: group commit without a timer. */
export async function benchSingles(ceilings: Ceilings, durationMs: number): Promise<object> {
  return withMillpond(async ({ millpond, writeKey, port }) => {
    const result = await startSender({
      connections: 64,
      batchEvents: 1,
      port,
      writeKey,
      durationMs,
      requestsPerSecond: 0,
      firstId: 1,
    })
    const requestsPerSecond = Math.round(result.accepted / result.seconds)
    const status = await millpond.settled(120_000)
    return {
      bench: 'singles',
      requestsPerSecond,
      refused: result.refused,
      failed: result.failed,
      latencyMs: result.latencyMs,
      ledgerSums: status.ledgerSums,
      requestsPerSync: Math.round(requestsPerSecond / ceilings.sync64KiBPerSecond),
    }
  })
}
