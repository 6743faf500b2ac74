// `npm run torture [-- --seeds 10000 --rounds 200 --seed 1]`: the long versions of the fault tests.
import { parseArgs } from 'node:util'

import { runKillRounds } from './kill-rounds.ts'
import { runPowerCutSeeds } from './power-cut.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(Date.now() % 100_000) },
  },
})
const seed = Number(values.seed)
const seeds = Number(values.seeds)
const rounds = Number(values.rounds)

console.log(JSON.stringify({ powerCuts: await runPowerCutSeeds(seed, seed + seeds) }))
const kills = await runKillRounds({
  rounds,
  seed,
  eventsPerRound: 200,
  onRound: (round) => {
    if (round % 20 === 0) console.log(JSON.stringify({ round, of: rounds, seed }))
  },
})
console.log(JSON.stringify({ seed, ...kills }))
process.exitCode = kills.lost === 0 && kills.doubled === 0 && kills.ledgerSums ? 0 : 1
