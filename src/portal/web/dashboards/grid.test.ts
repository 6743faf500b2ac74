import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { columns, freePlace, inReadingOrder, moved, type Placed, within } from './grid.ts'

const anyPlace = fc.record({
  x: fc.integer({ min: -3, max: 15 }),
  y: fc.integer({ min: -3, max: 30 }),
  width: fc.integer({ min: 0, max: 20 }),
  height: fc.integer({ min: 0, max: 12 }),
})

function anyTiles(): fc.Arbitrary<readonly Placed[]> {
  return fc
    .array(anyPlace, { minLength: 1, maxLength: 15 })
    .map((places) =>
      places.reduce<readonly Placed[]>(
        (tiles, place, index) => moved([...tiles, { id: `t${index}`, place: within(place) }], `t${index}`, place),
        [],
      ),
    )
}

function overlaps(tiles: readonly Placed[]): boolean {
  return tiles.some(({ id, place: one }) =>
    tiles.some(
      ({ id: otherId, place: other }) =>
        id !== otherId &&
        one.x < other.x + other.width &&
        other.x < one.x + one.width &&
        one.y < other.y + other.height &&
        other.y < one.y + one.height,
    ),
  )
}

test('wherever a tile is put, none lies on another, none beyond the grid, and none floats', () => {
  fc.assert(
    fc.property(anyTiles(), fc.nat(14), anyPlace, (tiles, which, to) => {
      const id = tiles[which % tiles.length]?.id ?? ''
      const after = moved(tiles, id, to)
      expect(after.map((tile) => tile.id)).toEqual(tiles.map((tile) => tile.id))
      expect(overlaps(after)).toBe(false)
      for (const { id: one, place } of after) {
        expect(place.x >= 0 && place.x + place.width <= columns && place.y >= 0).toBe(true)
        const above = after.map((tile) => (tile.id === one ? { ...tile, place: { ...place, y: place.y - 1 } } : tile))
        expect(place.y === 0 || overlaps(above)).toBe(true)
      }
      const own = after.find((tile) => tile.id === id)?.place
      expect([own?.x, own?.width, own?.height]).toEqual([within(to).x, within(to).width, within(to).height])
    }),
  )
})

test('what is put on another one pushes it down', () => {
  const tiles = [
    { id: 'a', place: { x: 0, y: 0, width: 6, height: 4 } },
    { id: 'b', place: { x: 6, y: 0, width: 6, height: 4 } },
  ]
  expect(moved(tiles, 'b', { x: 0, y: 0, width: 6, height: 4 }).map(({ place }) => place.y)).toEqual([4, 0])
  expect(freePlace(tiles)).toEqual({ x: 0, y: 4, width: 6, height: 6 })
  expect(inReadingOrder(moved(tiles, 'b', { x: 0, y: 0, width: 6, height: 4 })).map(({ id }) => id)).toEqual(['b', 'a'])
})
