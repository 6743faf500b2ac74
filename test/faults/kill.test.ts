import { describe, expect, it } from 'vitest'

import { runKillRounds } from './kill-rounds.ts'

describe('kill -9 while the real SDK, the real Fluent client and uploads send', () => {
  it('loses nothing that was acknowledged and stores nothing twice, whichever process dies', async () => {
    const result = await runKillRounds({ rounds: 6, seed: 20_261, eventsPerRound: 80 })
    expect(result).toMatchObject({ lost: 0, doubled: 0, ledgerSums: true })
    for (const { acknowledged, stored } of Object.values(result.senders)) {
      expect(stored).toBeGreaterThanOrEqual(acknowledged)
    }
    expect(result.senders['segment']?.acknowledged).toBeGreaterThan(300)
    expect(result.senders['forward']?.acknowledged).toBeGreaterThan(300)
    expect(result.senders['assets']?.acknowledged).toBe(24)
  })
})
