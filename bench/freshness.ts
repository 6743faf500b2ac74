// Rows on freshness: 1,000 events a second alone, beside 12 heavy queries, and spread over 150 event tables.
import { measureFreshness } from './support/freshness.ts'
import { cpuSeconds, residentMiB, withMillpond } from './support/run.ts'
import { startSender } from './support/sender.ts'

export interface FreshnessCase {
  readonly name: string
  readonly eventNames: number
  readonly heavyQueries: number
}

export const freshnessCases: readonly FreshnessCase[] = [
  { name: 'fresh-1000', eventNames: 30, heavyQueries: 0 },
  { name: 'fresh-1000-12-heavy-queries', eventNames: 30, heavyQueries: 12 },
  { name: 'fresh-1000-150-tables', eventNames: 150, heavyQueries: 0 },
]

/** Rows for the heavy queries to chew on. */
const historyEvents = 1_000_000

export async function benchFreshness(
  { name, eventNames, heavyQueries }: FreshnessCase,
  durationMs: number,
): Promise<object> {
  return withMillpond(async (bench) => {
    const { millpond, writeKey, port } = bench
    let firstId = 1
    if (heavyQueries > 0) {
      const history = { connections: 8, batchEvents: 100, port, writeKey, requestsPerSecond: 400 }
      const result = await startSender({ ...history, durationMs: historyEvents / 40, firstId })
      firstId = result.nextId
      await millpond.settled(120_000)
    }
    const heavy = startHeavyQueries(bench.millpond.query, heavyQueries)
    const { engine } = await millpond.pids()
    const cpuBefore = await cpuSeconds(engine)
    const load = {
      connections: 4,
      batchEvents: 10,
      port,
      writeKey,
      durationMs,
      requestsPerSecond: 100,
      firstId,
      eventNames,
    }
    const [sent, freshness] = await Promise.all([startSender(load), measureFreshness(bench, durationMs)])
    const cpu = (await cpuSeconds(engine)) - cpuBefore
    const queriesDone = await heavy.stop()
    return {
      bench: name,
      eventsPerSecond: Math.round(sent.accepted / sent.seconds),
      freshness,
      queriesDone,
      enginePercentOfOneCore: Math.round((cpu / sent.seconds) * 100),
      engineMiB: await residentMiB(engine),
    }
  })
}

export function startHeavyQueries(
  query: (sql: string) => Promise<unknown[][]>,
  running: number,
): { stop: () => Promise<number> } {
  let isOn = true
  let done = 0
  const sql = 'SELECT count(DISTINCT id), count(DISTINCT anonymous_id), avg(length(properties)) FROM web.tracks'
  const runs = Array.from({ length: running }, async () => {
    while (isOn) {
      await query(sql)
      done += 1
    }
  })
  return {
    async stop() {
      isOn = false
      await Promise.all(runs)
      return done
    },
  }
}

/** Nothing but one event now and then, as an instance at night: each is a load of its own. */
export async function benchSparse(durationMs: number): Promise<object> {
  return withMillpond(async (bench) => ({
    bench: 'fresh-sparse',
    freshness: await measureFreshness(bench, durationMs, 5000),
  }))
}
