// `npm run bench [-- name …] [--quick]`: prints one JSON line a benchmark, the ceilings of the same run first.
import { cpus } from 'node:os'

import { benchDeliver } from './deliver.ts'
import { benchForwardFlood, benchForwardWait } from './forward.ts'
import { benchFreshness, benchSparse, freshnessCases } from './freshness.ts'
import { benchIdle, benchSlowWriters } from './idle.ts'
import { benchMemory } from './memory.ts'
import { benchPeople } from './people.ts'
import { benchExplore } from './portal/explore.ts'
import { benchLive } from './portal/live.ts'
import { benchFlood, benchSingles, benchSustained } from './ingest.ts'
import { benchBulk, benchDashboards, benchDryRun, benchQueryOverhead } from './query.ts'
import { benchRebuild } from './rebuild.ts'
import { benchBacklog, benchRestart } from './recovery.ts'
import { measureCeilings } from './support/ceilings.ts'

const isQuick = process.argv.includes('--quick')
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const longMs = isQuick ? 10_000 : 60_000
const ceilings = await measureCeilings()

const benches: Record<string, () => Promise<object>> = {
  flood: async () => benchFlood(ceilings, longMs),
  sustained: async () => benchSustained(ceilings, longMs, 45_000),
  'sustained-30000': async () => benchSustained(ceilings, longMs, 30_000),
  singles: async () => benchSingles(ceilings, longMs / 2),
  'forward-flood': async () => benchForwardFlood(ceilings, longMs / 2),
  'forward-wait': async () => benchForwardWait(ceilings, longMs / 2),
  ...Object.fromEntries(freshnessCases.map((one) => [one.name, async () => benchFreshness(one, longMs / 2)])),
  deliver: async () => benchDeliver(longMs / 2),
  'fresh-sparse': async () => benchSparse(longMs),
  backlog: async () => benchBacklog(ceilings, isQuick ? 500_000 : 5_000_000),
  rebuild: async () => benchRebuild(ceilings, isQuick ? 200_000 : 2_000_000),
  memory: async () => benchMemory(isQuick ? 500_000 : 10_000_000),
  'query-overhead': async () => benchQueryOverhead(isQuick ? 1_000_000 : 5_000_000),
  dashboards: async () => benchDashboards(isQuick ? 1_000_000 : 50_000_000),
  bulk: async () => benchBulk(isQuick ? 500_000 : 5_000_000),
  'dry-run': async () => benchDryRun(isQuick ? 1_000_000 : 5_000_000),
  people: async () => benchPeople(isQuick ? 1_000_000 : 10_000_000),
  explore: async () => benchExplore(isQuick ? 1_000_000 : 10_000_000),
  live: async () => benchLive(longMs, 200),
  restart: async () => benchRestart(isQuick ? 2 : 10),
  idle: async () => benchIdle(longMs),
  'slow-writers': async () => benchSlowWriters(1000),
}

const unknown = wanted.filter((name) => !(name in benches))
if (unknown.length > 0)
  throw new Error(`No benchmark ${unknown.join(', ')}. There are: ${Object.keys(benches).join(', ')}`)

console.log(
  JSON.stringify({ machine: { cpus: cpus().length, model: cpus()[0]?.model, node: process.version }, ceilings }),
)
for (const [name, bench] of Object.entries(benches)) {
  if (wanted.length === 0 || wanted.includes(name)) console.log(JSON.stringify(await bench()))
}
