// Puts texts and comments one behind the other, with line breaks where they are wanted or a comment asks for one.
import type { Comment } from './comments.ts'

export interface Place {
  /** Blanks before the token on a new line; undefined: goes on in the same line. */
  readonly indent: number | undefined
  readonly hasBlankLine: boolean
}

export class LineWriter {
  readonly #lines: string[] = []
  #line = ''
  #isEmpty = true
  #indent = 0
  /** A comment stands last that goes to the end of its line, or had a line of its own. */
  #mustBreak = false

  put(text: string, { indent, hasBlankLine }: Place, blank: boolean, comments: readonly Comment[]): void {
    const wanted = indent ?? this.#indent
    let isBlankLineDue = hasBlankLine
    for (const comment of comments) {
      if (comment.isTrailing && !this.#isEmpty) this.#trail(comment)
      else {
        this.#alone(comment, wanted, isBlankLineDue)
        isBlankLineDue = false
      }
    }
    if (this.#mustBreak || indent !== undefined) this.#begin(wanted, isBlankLineDue)
    else if (blank) this.#add(' ')
    this.#add(text)
    this.#mustBreak = false
  }

  finish(comments: readonly Comment[]): string {
    for (const comment of comments) {
      if (comment.isTrailing && !this.#isEmpty) this.#trail(comment)
      else this.#alone(comment, 0, false)
    }
    this.#lines.push(this.#line.trimEnd())
    return `${this.#lines.join('\n')}\n`
  }

  #trail(comment: Comment): void {
    if (this.#mustBreak) this.#begin(this.#indent, false)
    else this.#add(' ')
    this.#add(comment.text)
    this.#mustBreak = comment.endsLine
  }

  #alone(comment: Comment, indent: number, hasBlankLine: boolean): void {
    this.#begin(indent, hasBlankLine)
    this.#add(comment.text)
    this.#mustBreak = true
  }

  #begin(indent: number, hasBlankLine: boolean): void {
    this.#indent = indent
    if (this.#isEmpty) return
    this.#lines.push(this.#line.trimEnd())
    if (hasBlankLine) this.#lines.push('')
    this.#line = ' '.repeat(indent)
  }

  #add(text: string): void {
    if (this.#isEmpty && text === ' ') return
    this.#line += text
    this.#isEmpty = false
  }
}
