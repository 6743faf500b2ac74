// Property tests begin at one seed, so that a change is judged by what it changes and not by luck. `npm run fuzz` (FUZZ_SEED=random)
// looks for what no seed has shown yet, FUZZ_SEED=<number> runs one again.
import * as fc from 'fast-check'

const wish = process.env['FUZZ_SEED'] ?? '1'
if (wish !== 'random') fc.configureGlobal({ seed: Number(wish) })
