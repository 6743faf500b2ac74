// `Did you mean x?`: the known name that is nearest to a mistyped one.

export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase()
  const bound = Math.max(1, Math.floor(wanted.length / 3))
  let best: string | undefined
  let bestDistance = bound + 1
  for (const candidate of known) {
    if (Math.abs(candidate.length - wanted.length) > bound) continue
    const distance = editDistance(wanted, candidate.toLowerCase(), bestDistance)
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

/** Levenshtein's, given up at `bound`. */
function editDistance(left: string, right: string, bound: number): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index)
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= right.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    if (Math.min(...next) >= bound) return bound
    row = next
  }
  return row[right.length] ?? bound
}
