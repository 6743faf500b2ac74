import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { componentOf, type Link, type Links } from './component.ts'
import { idKinds, idsNamed, idText, type PersonId } from './ids.ts'
import { linkOf } from './links.ts'

const unbounded = { idsMax: Infinity, roundsMax: Infinity }

/** Few ids, so that they meet. */
const personId = fc.record({ kind: fc.constantFrom(...idKinds), id: fc.integer({ min: 0, max: 12 }).map(String) })
const someLinks = fc.array(fc.array(personId, { minLength: 2, maxLength: 3 }), { maxLength: 30 })

function asked(links: readonly Link[]): (ids: readonly PersonId[]) => Promise<Links> {
  return async (ids) => {
    const wanted = new Set(ids.map(idText))
    return { links: links.filter((link) => link.some((id) => wanted.has(idText(id)))), isCut: false }
  }
}

/** Everybody's representative, by joining two at a time. */
function unionFind(links: readonly Link[]): (id: PersonId) => string {
  const parents = new Map<string, string>()
  const root = (text: string): string => {
    const parent = parents.get(text) ?? text
    return parent === text ? text : root(parent)
  }
  for (const link of links) for (const id of link) parents.set(root(idText(id)), root(idText(link[0] ?? id)))
  return (id) => root(idText(id))
}

test('A component is what joining two at a time makes of the same links', async () => {
  await fc.assert(
    fc.asyncProperty(someLinks, personId, async (links, start) => {
      const { ids, isCut } = await componentOf([start], asked(links), unbounded)
      const root = unionFind(links)
      const all = new Map([...links.flat(), start].map((id) => [idText(id), id]))
      const expected = [...all.values()].filter((id) => root(id) === root(start)).map(idText)
      expect(ids.map(idText).sort()).toEqual(expected.sort())
      expect(isCut).toBe(false)
    }),
  )
})

test('A component that is cut has its start, no stranger and no more than the bound, says so, and is the same again', async () => {
  await fc.assert(
    fc.asyncProperty(someLinks, personId, fc.integer({ min: 1, max: 6 }), async (links, start, idsMax) => {
      const whole = await componentOf([start], asked(links), unbounded)
      const part = await componentOf([start], asked(links), { idsMax, roundsMax: 100 })
      expect(part.ids.length).toBe(Math.min(idsMax, whole.ids.length))
      expect(part.ids[0]).toEqual(start)
      expect(part.isCut).toBe(whole.ids.length > idsMax)
      const members = new Set(whole.ids.map(idText))
      expect(part.ids.every((id) => members.has(idText(id)))).toBe(true)
      const shuffled = await componentOf([start], asked(links.toReversed()), { idsMax, roundsMax: 100 })
      expect(shuffled.ids.map(idText)).toEqual(part.ids.map(idText))
    }),
  )
})

test('A chain is followed for as many rounds as are allowed', async () => {
  const id = (n: number): PersonId => ({ kind: 'user', id: String(n) })
  const chain = Array.from({ length: 20 }, (_, n): Link => [id(n), id(n + 1)])
  const { ids, isCut } = await componentOf([id(0)], asked(chain), { idsMax: 100, roundsMax: 5 })
  expect([ids.length, isCut]).toEqual([6, true])
})

test('What was cut while it was read is told', async () => {
  const cut = async (): Promise<Links> => ({ links: [], isCut: true })
  expect(await componentOf([{ kind: 'user', id: 'u' }], cut, unbounded)).toMatchObject({ isCut: true })
})

test.each([
  ['user:u1', ['user:u1']],
  ['device:cam:1', ['device:cam:1']],
  ['u1', ['user:u1', 'anonymous:u1', 'device:u1']],
  ['mail:a@b', ['user:mail:a@b', 'anonymous:mail:a@b', 'device:mail:a@b']],
  ['user:', ['user:user:', 'anonymous:user:', 'device:user:']],
  ['', []],
])('The address %j may mean %j', (address, expected) => {
  expect(idsNamed(address).map(idText)).toEqual(expected)
})

test.each([
  [{ user_id: 'u', anonymous_id: 'a', device_id: null, previous_id: null }, ['user:u', 'anonymous:a']],
  [{ user_id: 'u', anonymous_id: '', device_id: 'd', previous_id: null }, ['user:u', 'device:d']],
  [{ user_id: 'u', previous_id: 'p' }, ['user:u', 'user:p', 'anonymous:p']],
])('The row %j links %j', (row, expected) => {
  expect(linkOf(row).map(idText)).toEqual(expected)
})
