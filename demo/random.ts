// Chance that repeats: a stream of numbers for every name, so that one part of the demo never disturbs another's.
// The same seed gives the same company, today and after somebody has added a new kind of traffic.

export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  between(least: number, most: number): number
  /** Whole, both ends included. */
  whole(least: number, most: number): number
  chance(probability: number): boolean
  pick<Value>(values: readonly Value[]): Value
  /** Picks by weight. */
  weighed<Value>(choices: readonly (readonly [Value, number])[]): Value
  /** How many times something happens that happens `mean` times on average. */
  times(mean: number): number
  /** Around a median, mostly within a factor of `spread`, never far below and sometimes far above. */
  around(median: number, spread: number): number
  hex(digits: number): string
}

export function randomOf(...names: readonly (string | number)[]): Random {
  const next = mulberry32(hashOf(names.join('/')))
  function whole(least: number, most: number): number {
    return least + Math.floor(next() * (most - least + 1))
  }
  return {
    next,
    whole,
    between: (least, most) => least + next() * (most - least),
    chance: (probability) => next() < probability,
    pick(values) {
      return valueAt(values, whole(0, values.length - 1))
    },
    weighed(choices) {
      const total = choices.reduce((sum, [, weight]) => sum + weight, 0)
      let left = next() * total
      const found = choices.find(([, weight]) => (left -= weight) < 0)
      return (found ?? valueAt(choices, choices.length - 1))[0]
    },
    times(mean) {
      // Knuth: means here are small.
      const limit = Math.exp(-mean)
      let count = 0
      for (let product = next(); product > limit; product *= next()) count += 1
      return count
    },
    around(median, spread) {
      const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next())
      return median * spread ** normal
    },
    hex(digits) {
      let text = ''
      while (text.length < digits)
        text += Math.floor(next() * 0x1_0000_0000)
          .toString(16)
          .padStart(8, '0')
      return text.slice(0, digits)
    },
  }
}

function valueAt<Value>(values: readonly Value[], index: number): Value {
  if (index >= values.length) throw new Error('BUG: nothing to pick from')
  return values[index] as Value
}

function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

/** FNV-1a, stirred at the end so that names that differ in the last letter are far apart. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
