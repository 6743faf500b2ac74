import { describe, expect, it } from 'vitest'

import { runKillRounds } from './kill-rounds.ts'

describe('kill -9 while the real SDK sends', () => {
  it('loses no acknowledged event and stores none twice, whichever process dies', async () => {
    const result = await runKillRounds({ rounds: 6, seed: 20_261, eventsPerRound: 80 })
    expect(result).toMatchObject({ lost: 0, doubled: 0, ledgerSums: true })
    expect(result.acknowledged).toBeGreaterThan(300)
    expect(result.stored).toBeGreaterThanOrEqual(result.acknowledged)
  })
})
