// Comments and hints between two tokens.

export interface Comment {
  readonly text: string
  /** Stands in the line of the token before it. */
  readonly isTrailing: boolean
  /** Goes to the end of the line. */
  readonly endsLine: boolean
}

/** The gap holds blanks, comments and hints only: the parser has read over it. */
export function commentsBetween(text: string, from: number, to: number): Comment[] {
  const found: Comment[] = []
  let index = from
  let isTrailing = true
  while (index < to) {
    const letter = text.charAt(index)
    if (letter === '\n' || letter === '\r') isTrailing = false
    const end = commentEnd(text, index, to)
    if (end === undefined) index += 1
    else {
      const comment = text.slice(index, end).trimEnd()
      found.push({ text: comment, isTrailing, endsLine: letter === '#' || comment.startsWith('--') })
      index = end
    }
  }
  return found
}

function commentEnd(text: string, index: number, to: number): number | undefined {
  if (text.startsWith('/*', index)) return Math.min(text.indexOf('*/', index) + 2, to)
  if (text.charAt(index) === '#' || text.startsWith('--', index)) {
    const length = text.slice(index, to).search(/[\r\n]/)
    return length === -1 ? to : index + length
  }
  // A hint fills the rest of its gap, up to its last bracket.
  return text.charAt(index) === '@' ? text.lastIndexOf('}', to - 1) + 1 : undefined
}
