import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { columnNameOf, snakeName, tableNameOf } from './names.ts'

test.each([
  // Segment's own table.
  ['Order Completed', 'order_completed'],
  ['userID', 'user_id'],
  ['iOS Version', 'i_os_version'],
  ['HTMLParser', 'htmlparser'],
  ['2FA Enabled', '2fa_enabled'],
  ['ABTest2Go', 'abtest2_go'],
  ['_private', 'private'],
  ['sign-up', 'sign_up'],
  ['signUp', 'sign_up'],
  ['  a..b  ', 'a_b'],
  ['', ''],
  // Beyond ASCII, where Segment strips.
  ['Café Visited', 'café_visited'],
  ['Cafe\u0301 Visited', 'café_visited'],
  ['Öffnen', 'öffnen'],
  ['注文完了', '注文完了'],
  ['주문 완료', '주문_완료'],
  ['ЗаказОформлен', 'заказ_оформлен'],
  ['🎉🎉', ''],
  ['Party 🎉 Time', 'party_time'],
  ['\ud800 x', 'x'],
])('%j is named %j', (text, expected) => {
  expect(snakeName(text)).toBe(expected)
})

test.each([
  ['Order Completed', 'order_completed'],
  ['Tracks', 'event_tracks'],
  ['users', 'event_users'],
  ['Tracks Other', 'event_tracks_other'],
])('The event %j lives in %s', (name, expected) => {
  expect(tableNameOf(name)).toBe(expected)
})

test('A name without letters gets a name by its hash', () => {
  expect(tableNameOf('🎉')).toMatch(/^evt_[0-9a-f]{8}$/)
  expect(tableNameOf('🎉')).not.toBe(tableNameOf('🎊'))
  expect(columnNameOf(['a', '!', 'b'])).toMatch(/^a_key_[0-9a-f]{8}_b$/)
})

test('Long names are cut and stay apart', () => {
  const [one, two] = [tableNameOf(`${'x'.repeat(200)}1`), tableNameOf(`${'x'.repeat(200)}2`)]
  expect(one).toHaveLength(127)
  expect(one).not.toBe(two)
})

test.each([
  [['context', 'app', 'version'], 'context_app_version'],
  [['product_id', 'sku'], 'product_id_sku'],
  [['__proto__', 'constructor'], 'proto_constructor'],
])('The path %j leads to %s', (path, expected) => {
  expect(columnNameOf(path)).toBe(expected)
})

test('Every text gives a name of words, in lower case, that is its own name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const name = tableNameOf(text)
      expect(name).toMatch(/^[\p{L}\p{N}\p{M}]+(_[\p{L}\p{N}\p{M}]+)*$/u)
      expect(name.length).toBeLessThanOrEqual(127)
      expect(name.isWellFormed()).toBe(true)
    }),
  )
})
