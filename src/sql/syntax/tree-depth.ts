// Long chains (`a + b + …`, join after join) make deep trees without brackets: whoever walks a tree may trust this bound.
import { SqlError } from '../sql-error.ts'

/** Nodes above each other. */
export const treeDepthMax = 1000

export function checkTreeDepth(root: object): void {
  const open: { readonly value: object; readonly depth: number }[] = [{ value: root, depth: 0 }]
  for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
    const { value, depth } = entry
    if (value instanceof Uint8Array) continue
    const isNode = 'kind' in value && 'offset' in value
    if (isNode && depth > treeDepthMax)
      throw new SqlError('syntax', `Too deeply nested: at most ${treeDepthMax} levels are read`, Number(value.offset))
    for (const child of Object.values(value) as unknown[]) {
      if (typeof child === 'object' && child !== null) open.push({ value: child, depth: isNode ? depth + 1 : depth })
    }
  }
}
