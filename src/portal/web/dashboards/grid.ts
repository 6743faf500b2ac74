// Tiles on a grid of twelve columns: what is moved or made larger stays where it was put, what lies there gives way downwards, and
// nothing floats: every tile rises until it touches another one.
import type { Place } from '../../api/dashboard-answers.ts'

export const columns = 12
export const sizeMin = { width: 2, height: 2 }
const heightMax = 100

export interface Placed {
  readonly id: string
  readonly place: Place
}

export function within({ x, y, width, height }: Place): Place {
  const wide = clamp(Math.round(width), sizeMin.width, columns)
  return {
    x: clamp(Math.round(x), 0, columns - wide),
    y: Math.max(0, Math.round(y)),
    width: wide,
    height: clamp(Math.round(height), sizeMin.height, heightMax),
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

function touches(one: Place, other: Place): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  )
}

/** The tiles in the order in which they came, with new places. */
export function moved<Tile extends Placed>(tiles: readonly Tile[], id: string, to: Place): readonly Tile[] {
  const wanted = within(to)
  const others = tiles.filter((tile) => tile.id !== id).sort((one, other) => byPlace(one.place, other.place))
  const places: [string, Place][] = [[id, wanted]]
  for (const { id: other, place } of others) {
    let free = place
    while (places.some(([, taken]) => touches(taken, free))) free = { ...free, y: free.y + 1 }
    places.push([other, free])
  }
  const risen = compacted(places)
  return tiles.map((tile) => ({ ...tile, place: risen.get(tile.id) ?? tile.place }))
}

function compacted(places: readonly (readonly [string, Place])[]): ReadonlyMap<string, Place> {
  const done = new Map<string, Place>()
  for (const [id, place] of places.toSorted(([, one], [, other]) => byPlace(one, other))) {
    const taken = [...done.values()]
    let risen = place
    for (;;) {
      const above = { ...risen, y: risen.y - 1 }
      if (above.y < 0 || taken.some((other) => touches(other, above))) break
      risen = above
    }
    done.set(id, risen)
  }
  return done
}

function byPlace(one: Place, other: Place): number {
  return one.y - other.y || one.x - other.x
}

/** As people read: for a phone, and for whoever goes through by keyboard. */
export function inReadingOrder<Tile extends Placed>(tiles: readonly Tile[]): readonly Tile[] {
  return tiles.toSorted((one, other) => byPlace(one.place, other.place))
}

/** Below all others. */
export function freePlace(tiles: readonly Placed[], width = 6, height = 6): Place {
  const bottom = Math.max(0, ...tiles.map(({ place }) => place.y + place.height))
  return { x: 0, y: bottom, width, height }
}
