// The part of the driver's contract that is about `users`: per-trait times, whatever the order of arrival.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Scalar, UserUpdate, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { usersColumns } from '../../src/warehouse/schema.ts'
import { planTo, rowsOf } from './warehouse-plans.ts'

const createUsers = {
  kind: 'create-table',
  table: { dataset: 'web', table: 'users' },
  columns: [...usersColumns, { name: 'email', type: 'text' }, { name: 'age', type: 'integer' }],
} as const

export function describeUsers(name: string, openFresh: () => Promise<{ driver: WarehouseDriver }>): void {
  describe(`${name}: users`, () => {
    const user = (userId: string, timeMicros: number, traits: Record<string, Scalar>, tieBreak = ''): UserUpdate => ({
      dataset: 'web',
      userId,
      receivedAtMicros: timeMicros,
      traits: Object.entries(traits).map(([column, value]) => ({ column, timeMicros, tieBreak, value })),
    })

    test('an older identify never wins, null removes, and other traits stay', async () => {
      const { driver } = await openFresh()
      await driver.load(planTo(1, { changes: [createUsers], users: [user('u', 2_000_000, { email: 'new', age: 3 })] }))
      await driver.load(planTo(2, { users: [user('u', 1_000_000, { email: 'old' })] }))
      const sql = 'SELECT id, received_at, email, age FROM web.users'
      expect(await rowsOf(driver, sql)).toEqual([['u', '1970-01-01T00:00:02.000Z', 'new', 3]])
      await driver.load(
        planTo(3, { users: [user('u', 3_000_000, { email: null }), user('u', 2_500_000, { email: 'x' })] }),
      )
      expect(await rowsOf(driver, sql)).toEqual([['u', '1970-01-01T00:00:03.000Z', null, 3]])
      await driver.load(planTo(4, { users: [user('u', 2_900_000, { email: 'late' })] }))
      expect(await rowsOf(driver, sql)).toEqual([['u', '1970-01-01T00:00:03.000Z', null, 3]])
    })

    test('whatever the order and the grouping into loads, the same identifies give the same users', async () => {
      const { driver } = await openFresh()
      await driver.load(planTo(1, { changes: [createUsers] }))
      let sequence = 1
      const times = fc.integer({ min: 1, max: 4 })
      const traits = fc.record(
        { email: fc.option(fc.string({ unit: 'grapheme' })), age: fc.option(fc.maxSafeInteger()) },
        { requiredKeys: [] },
      )
      const ids = fc.constantFrom('a', 'b', '\ud800', 'ü', "o'b\u0000")
      const update = fc.record({ id: ids, time: times, traits, tie: fc.nat({ max: 2 }) })
      await fc.assert(
        fc.asyncProperty(fc.array(update, { maxLength: 12 }), fc.infiniteStream(fc.nat()), async (updates, picks) => {
          // A tie break names one event: equal ones bring equal values.
          const unique = new Map(updates.map((one) => [`${one.id} ${one.time} ${one.tie}`, one]))
          const events = [...unique.values()]
          const dataset = `run_${sequence}`
          const table = { dataset, table: 'users' }
          const changes = [{ kind: 'create-table', table, columns: createUsers.columns }] as const
          sequence += 1
          await driver.load(planTo(sequence, { changes }))
          const shuffled = events
            .flatMap((event) => [event, event])
            .map((event) => ({ event, order: picks.next().value ?? 0 }))
            .sort((one, other) => one.order - other.order)
            .map(({ event }) => ({ ...user(event.id, event.time, event.traits, `${event.tie}`), dataset }))
          while (shuffled.length > 0) {
            sequence += 1
            await driver.load(planTo(sequence, { users: shuffled.splice(0, 1 + ((picks.next().value ?? 0) % 4)) }))
          }
          const found = await rowsOf(driver, `SELECT id, email, age FROM ${dataset}.users`)
          expect(new Map(found.map(([id, ...rest]) => [id, rest]))).toEqual(modelUsers(events))
        }),
        { numRuns: 25 },
      )
    })

    function modelUsers(
      events: readonly { id: string; time: number; tie: number; traits: Record<string, Scalar> }[],
    ): Map<string, unknown[]> {
      const model = new Map<string, unknown[]>()
      const inOrder = [...events].sort((one, other) => one.time - other.time || one.tie - other.tie)
      for (const { id, traits } of inOrder) {
        const key = id.toWellFormed()
        const [email = null, age = null] = model.get(key) ?? []
        const after = { email, age, ...traits }
        const text = typeof after.email === 'string' ? after.email.toWellFormed() : after.email
        model.set(key, [text, after.age])
      }
      return model
    }
  })
}
