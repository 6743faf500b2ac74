// One-time codes: how the first administrator comes in, by a link that the start block prints.
//
//   made ──redeemed──▶ used (a token was made)
//     └──24 hours, a newer one, or another one redeemed──▶ worthless (forgotten)
import { ownerHandle } from './principal-store.ts'
import { transaction } from './transaction.ts'
import { hashOf, type TokenStore, type TokenStoreDeps } from './token-store.ts'
import { randomBase62 } from './write-keys.ts'

const codeLetters = 32
const codeLifeMicros = 24 * 3_600_000_000

export interface OneTimeCodes {
  readonly needed: (sinceMicros?: number) => boolean
  readonly create: () => string
  readonly redeem: (code: string) => { token: string } | undefined
}

export function createOneTimeCodes(deps: TokenStoreDeps, tokens: TokenStore): OneTimeCodes {
  const { database, clock, random } = deps

  function forgetOthers(): void {
    database.exec('DELETE FROM one_time_codes WHERE redeemed_at IS NULL')
  }

  return {
    needed(sinceMicros = Number.MAX_SAFE_INTEGER) {
      const found = database
        .prepare('SELECT 1 FROM one_time_codes WHERE redeemed_at IS NOT NULL OR created_at >= ? LIMIT 1')
        .get(sinceMicros)
      return found === undefined
    },
    create() {
      const nowMicros = clock.nowMicros()
      const code = randomBase62(random, codeLetters)
      return transaction(database, 'COMMIT', () => {
        // An older link may lie in a log or a terminal that others see: at any time one is good at most.
        forgetOthers()
        database
          .prepare('INSERT INTO one_time_codes (hash, created_at, expires_at) VALUES (?, ?, ?)')
          .run(hashOf(code), nowMicros, nowMicros + codeLifeMicros)
        return code
      })
    },
    redeem(code) {
      const nowMicros = clock.nowMicros()
      return transaction(database, 'COMMIT', () => {
        // The condition makes it single use, whoever comes at the same time.
        const { changes } = database
          .prepare(
            'UPDATE one_time_codes SET redeemed_at = ? WHERE hash = ? AND redeemed_at IS NULL AND expires_at > ?',
          )
          .run(nowMicros, hashOf(code), nowMicros)
        if (Number(changes) !== 1) return undefined
        forgetOthers()
        deps.audit.add('one-time-link.use', ownerHandle)
        return { token: tokens.create('first administrator', ownerHandle).token }
      })
    },
  }
}
