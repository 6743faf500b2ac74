// Who belongs together: all ids that can be reached from one over links. Found anew each time, breadth first, so that facts are
// never rewritten and a link that came a second ago counts.
import { idText, type PersonId } from './ids.ts'

/** Ids that one fact named together. */
export type Link = readonly PersonId[]

export interface Links {
  readonly links: readonly Link[]
  /** There were more than anybody wants to read. */
  readonly isCut: boolean
}

export interface Component {
  /** Nearest first; in a round by their text. */
  readonly ids: readonly PersonId[]
  /** There are more ids than these. */
  readonly isCut: boolean
}

/** `linksOf`: links that name one of these ids. Each round asks once, for the ids that are new. */
export async function componentOf(
  start: readonly PersonId[],
  linksOf: (ids: readonly PersonId[]) => Promise<Links>,
  { idsMax, roundsMax }: { readonly idsMax: number; readonly roundsMax: number },
): Promise<Component> {
  const found = new Map(start.map((id) => [idText(id), id]))
  let frontier: readonly PersonId[] = start
  let isCut = false
  for (let round = 0; frontier.length > 0; round += 1) {
    if (round === roundsMax) return { ids: [...found.values()], isCut: true }
    const { links, isCut: isMissing } = await linksOf(frontier)
    isCut ||= isMissing
    const fresh = new Map<string, PersonId>()
    for (const id of links.flat()) if (!found.has(idText(id))) fresh.set(idText(id), id)
    // By their text, so that a person who is cut is the same one the next time.
    const sorted = [...fresh].sort(([one], [other]) => (one < other ? -1 : 1))
    const fitting = sorted.slice(0, Math.max(0, idsMax - found.size))
    if (fitting.length < sorted.length) isCut = true
    for (const [text, id] of fitting) found.set(text, id)
    frontier = fitting.map(([, id]) => id)
  }
  return { ids: [...found.values()], isCut }
}
