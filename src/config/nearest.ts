// "Did you mean …?": the nearest known name to what somebody typed.

/** Undefined if nothing is near: more than a third of the letters would have to change. */
export function nearestName(typed: string, known: Iterable<string>): string | undefined {
  const wanted = fold(typed)
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  for (const name of known) {
    const candidate = fold(name)
    // A name that only lacks a word (MILLPOND_PORT for MILLPOND_HTTP_PORT) is nearer than its letters say.
    const distance = hasAllWords(name, typed) ? Math.min(1, changes(wanted, candidate)) : changes(wanted, candidate)
    if (distance < bestDistance) {
      best = name
      bestDistance = distance
    }
  }
  return bestDistance <= Math.max(1, Math.floor(wanted.length / 3)) ? best : undefined
}

function fold(name: string): string {
  return name
    .replace(/^MILLPOND_/i, '')
    .replaceAll(/[^a-zA-Z0-9]/g, '')
    .toLowerCase()
}

function hasAllWords(name: string, typed: string): boolean {
  const words = wordsOf(name)
  const typedWords = wordsOf(typed)
  return typedWords.length > 0 && typedWords.every((word) => words.includes(word))
}

function wordsOf(name: string): string[] {
  return name
    .replace(/^MILLPOND_/i, '')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}

/** Letters to insert, remove, replace or swap with their neighbour to get from one to the other. */
function changes(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row]
    for (let column = 1; column <= to.length; column += 1) {
      const same = from[row - 1] === to[column - 1]
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1))
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1)
      current.push(cost)
    }
    beforeLast = last
    last = current
  }
  return at(last, to.length)
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY
}
