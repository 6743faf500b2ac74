// Paths as shapes: a column for each step, its events one below the other as high as they are frequent, and ribbons between them.
// Steps go one way only, so nothing ever runs back.
import type { Drawing, Shape, Size } from '../../../charts/chart.ts'
import { fitted, formatNumber } from '../../../charts/format.ts'
import type { PathsAnswer } from '../../api/answers.ts'

const barWidth = 6
/** Room for the name of an event that hardly anybody did. */
const gap = 18
const columnPixelsMin = 170
const textGap = 6

type Node = PathsAnswer['nodes'][number] & { readonly text: string }

interface Placed {
  readonly node: Node
  /** Among all nodes. */
  readonly row: number
  readonly x: number
  readonly y: number
  readonly height: number
}

/** Steps that nobody took have no column. */
export function stepsOf({ nodes }: Pick<PathsAnswer, 'nodes'>): number {
  return Math.max(0, ...nodes.filter(({ count }) => count > 0).map(({ step }) => step)) + 1
}

export function pathsWidth(answer: Pick<PathsAnswer, 'nodes'>, width: number): number {
  return Math.max(width, stepsOf(answer) * columnPixelsMin)
}

/** `isBefore`: the event stands right, and what led to it left of it. */
export function drawPaths(
  { nodes, links, occurrences }: Pick<PathsAnswer, 'links' | 'occurrences'> & { readonly nodes: readonly Node[] },
  { width, height }: Size,
  { isBefore, label }: { readonly isBefore: boolean; readonly label: string },
): Drawing {
  const steps = stepsOf({ nodes })
  const column = width / steps
  const most = Math.max(0, ...Array.from({ length: steps }, (_none, step) => nodesOf(nodes, step).length))
  const scale = (height - gap * most) / Math.max(1, occurrences)
  const placed = Array.from({ length: steps }, (_none, step) => {
    let y = 0
    return nodesOf(nodes, step).map(({ node, row }): Placed => {
      const own = { node, row, x: (isBefore ? steps - 1 - step : step) * column, y, height: node.count * scale }
      y += own.height + gap
      return own
    })
  }).flat()
  const ribbons = ribbonsOf(placed, links, scale, isBefore)
  const bars = placed.flatMap(({ node, row, x, y, height: high }): Shape[] => {
    const text = fitted(`${node.text} · ${formatNumber(node.count)}`, column - barWidth - textGap * 2)
    const datum = node.event === null ? {} : { datum: { row, series: 0 } }
    const title = `${node.text}: ${node.count}`
    const ink = node.event === null ? ('muted' as const) : ('accent' as const)
    return [
      {
        shape: 'rect',
        x: round(x),
        y: round(y),
        width: barWidth,
        height: round(Math.max(2, high)),
        fill: ink,
        title,
        ...datum,
      },
      { shape: 'text', x: round(x + barWidth + textGap), y: round(y + 10), text, ink: 'text', ...datum },
    ]
  })
  return { width, height, label, shapes: [...ribbons, ...bars] }
}

function nodesOf(nodes: readonly Node[], step: number) {
  return nodes.map((node, row) => ({ node, row })).filter(({ node }) => node.step === step && node.count > 0)
}

/** Each begins below the one before it, on both sides. */
function ribbonsOf(placed: readonly Placed[], links: PathsAnswer['links'], scale: number, isBefore: boolean): Shape[] {
  const at = (step: number, event: string | null): Placed | undefined =>
    placed.find(({ node }) => node.step === step && node.event === event)
  const used = new Map<string, number>()
  const take = (key: string, high: number): number => {
    const from = used.get(key) ?? 0
    used.set(key, from + high)
    return from
  }
  const inOrder = links
    .map((link) => ({ link, from: at(link.step, link.from), to: at(link.step + 1, link.to) }))
    .sort((one, other) => (one.from?.y ?? 0) - (other.from?.y ?? 0) || (one.to?.y ?? 0) - (other.to?.y ?? 0))
  return inOrder.flatMap(({ link, from, to }): Shape[] => {
    if (from === undefined || to === undefined) return []
    const high = link.count * scale
    const y0 = from.y + take(`out ${from.row}`, high)
    const y1 = to.y + take(`in ${to.row}`, high)
    const [left, right, top, end] = isBefore ? [to, from, y1, y0] : [from, to, y0, y1]
    const [x0, x1] = [round(left.x + barWidth), round(right.x)]
    const middle = round((x0 + x1) / 2)
    const d =
      `M${x0} ${round(top)}C${middle} ${round(top)} ${middle} ${round(end)} ${x1} ${round(end)}` +
      `V${round(end + high)}C${middle} ${round(end + high)} ${middle} ${round(top + high)} ${x0} ${round(top + high)}Z`
    return [{ shape: 'path', d, fill: link.to === null ? 'muted' : 'accent', opacity: 0.16 }]
  })
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
