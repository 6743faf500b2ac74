// What changed between two texts, line by line: the longest common lines stay, all others were removed or added.
export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added'
  readonly text: string
}

/** Beyond it the middle is shown as written anew. */
const cellsMax = 4_000_000

export function diffLines(before: string, after: string): readonly DiffLine[] {
  const old = before.split('\n')
  const own = after.split('\n')
  let head = 0
  while (head < old.length && head < own.length && old[head] === own[head]) head += 1
  let tail = 0
  const room = Math.min(old.length, own.length) - head
  while (tail < room && old.at(-1 - tail) === own.at(-1 - tail)) tail += 1
  return [
    ...old.slice(0, head).map((text) => ({ kind: 'same', text }) as const),
    ...middleOf(old.slice(head, old.length - tail), own.slice(head, own.length - tail)),
    ...old.slice(old.length - tail).map((text) => ({ kind: 'same', text }) as const),
  ]
}

function middleOf(old: readonly string[], own: readonly string[]): DiffLine[] {
  const removed = (text: string): DiffLine => ({ kind: 'removed', text })
  const added = (text: string): DiffLine => ({ kind: 'added', text })
  if (old.length * own.length > cellsMax) return [...old.map(removed), ...own.map(added)]
  // common[i][j]: lines that old from i and own from j have in common.
  const width = own.length + 1
  const common = new Uint32Array((old.length + 1) * width)
  const at = (i: number, j: number): number => common[i * width + j] ?? 0
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = own.length - 1; j >= 0; j -= 1) {
      common[i * width + j] = old[i] === own[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: DiffLine[] = []
  let i = 0
  let j = 0
  while (i < old.length || j < own.length) {
    const [left, right] = [old[i], own[j]]
    if (left !== undefined && left === right) {
      lines.push({ kind: 'same', text: left })
      i += 1
      j += 1
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      lines.push(removed(left))
      i += 1
    } else {
      lines.push(added(right ?? ''))
      j += 1
    }
  }
  return lines
}
