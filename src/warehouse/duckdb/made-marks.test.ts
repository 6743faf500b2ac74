// Marks are there exactly if what their transaction changed is there, also after a restart.
import { expect, test } from 'vitest'

import { useMade } from '../../../test/support/made-shop.ts'

const rig = useMade()
const { rowsOf, execute, makeShop } = rig

const marked = async (...keys: string[]): Promise<[string, number][]> => [...(await rig.driver.made.marked(keys))]

async function writeMarked(key: string): Promise<void> {
  await rig.session.begin('read-write', new AbortController().signal)
  await execute('DELETE FROM made.shop.orders')
  await rig.driver.made.mark(rig.session, { key, rowsOf: 'rows_of_run' })
}

test('a mark comes with its commit and its rows, goes with a rollback, and comes once', async () => {
  await makeShop()
  await execute('CREATE TEMP TABLE rows_of_run AS SELECT * FROM range(7)')
  await writeMarked('one')
  expect(await marked('one')).toEqual([])
  await rig.session.rollback()
  expect(await marked('one')).toEqual([])
  expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[10n]])
  await writeMarked('one')
  await rig.session.commit()
  expect(await marked('one', 'two')).toEqual([['one', 7]])
  await execute('INSERT INTO made.shop.orders (SELECT * FROM made.shop.orders)')
  await expect(
    (async () => {
      await writeMarked('one')
      await rig.session.commit()
    })(),
  ).rejects.toThrow(/[Dd]uplicate key|violates/)
  await rig.session.rollback()
  await rig.restart()
  expect(await marked('one')).toEqual([['one', 7]])
  expect(await marked()).toEqual([])
})

test('old ones are forgotten', async () => {
  await makeShop()
  await execute('CREATE TEMP TABLE rows_of_run AS SELECT 1')
  await writeMarked('old')
  await rig.session.commit()
  await rig.driver.made.forgetMarks(0)
  expect(await marked('old')).toHaveLength(1)
  await rig.driver.made.forgetMarks(Number.MAX_SAFE_INTEGER / 4)
  expect(await marked('old')).toEqual([])
})
