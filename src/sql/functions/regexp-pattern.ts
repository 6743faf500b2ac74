// Reads a RE2 pattern as far as BigQuery's rules need: is it valid, how many groups has it, can it match nothing, can its group stay out.
// DuckDB runs the pattern itself, with the same library.

export interface PatternFacts {
  readonly groups: number
  /** It may match the empty text. */
  readonly isNullable: boolean
  /** It looks at its surroundings: ^ $ \b \B \A \z. */
  readonly hasAssertions: boolean
  /** The one group may stay out of a match: `(a)?b`, `(a)|b`. */
  readonly isGroupOptional: boolean
  readonly isGroupNullable: boolean
  /** What stands before the group, if the group stands in the pattern's outermost sequence; undefined: it doesn't. */
  readonly beforeGroup: string | undefined
  /** The end of the group in the pattern. */
  readonly groupEnd: number
}

/** What a part of the pattern can do. */
interface Part {
  readonly isNullable: boolean
  /** Letters of which a repetition behind them repeats only the last. */
  readonly isRow?: boolean
}

const fail = (message: string): never => {
  throw new Error(`Cannot parse regular expression: ${message}`)
}

export function readPattern(pattern: string): PatternFacts {
  return new PatternReader(pattern).read()
}

const nestedMax = 1000
const repeatMax = 1000

class PatternReader {
  private readonly pattern: string
  private index = 0
  private depth = 0
  private groups = 0
  private hasAssertions = false
  private group:
    | { readonly start: number; readonly end: number; readonly isNullable: boolean; readonly isTop: boolean }
    | undefined
  /** Parts that may stay out stand around the group. */
  private isGroupOptional = false
  private hasTopAlternation = false

  constructor(pattern: string) {
    this.pattern = pattern
  }

  read(): PatternFacts {
    const { isNullable } = this.alternation()
    if (this.index < this.pattern.length) fail(`unexpected ): ${this.pattern}`)
    const { group } = this
    const isTop = group?.isTop === true && !this.hasTopAlternation
    return {
      groups: this.groups,
      isNullable,
      hasAssertions: this.hasAssertions,
      isGroupOptional: this.isGroupOptional,
      isGroupNullable: group?.isNullable ?? false,
      beforeGroup: isTop && group !== undefined ? this.pattern.slice(0, group.start) : undefined,
      groupEnd: group?.end ?? 0,
    }
  }

  private alternation(): Part {
    const before = this.groups
    let isNullable = this.sequence().isNullable
    let hasBranches = false
    while (this.pattern[this.index] === '|') {
      this.index += 1
      hasBranches = true
      if (this.sequence().isNullable) isNullable = true
    }
    if (hasBranches && this.groups > before) this.isGroupOptional = true
    if (hasBranches && this.depth === 0) this.hasTopAlternation = true
    return { isNullable }
  }

  private sequence(): Part {
    let isNullable = true
    while (this.index < this.pattern.length && !'|)'.includes(this.pattern[this.index] ?? '')) {
      if (!this.repeated().isNullable) isNullable = false
    }
    return { isNullable }
  }

  private repeated(): Part {
    const start = this.index
    const before = this.groups
    const { isNullable: canBeNothing, isRow = false } = this.atom()
    let isNullable = canBeNothing
    let last = ''
    for (;;) {
      const operator = this.repetition()
      if (operator === undefined) return { isNullable }
      if (last !== '') fail(`bad repetition operator: ${last}${operator.text}`)
      last = operator.text
      if (operator.least > 0) continue
      if (!isRow) isNullable = true
      if (this.groups > before) this.isGroupOptional = true
      if (this.group !== undefined && this.group.start >= start) this.group = { ...this.group, isTop: false }
    }
  }

  private repetition(): { readonly text: string; readonly least: number } | undefined {
    const match = /^(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??/.exec(this.pattern.slice(this.index, this.index + 24))
    if (match === null) return undefined
    const [all, low, comma, high] = match
    const least = low === undefined ? (all.startsWith('+') ? 1 : 0) : Number(low)
    const most = high === undefined || high === '' ? least : Number(high)
    if (least > repeatMax || most > repeatMax || (comma !== undefined && high !== '' && most < least))
      fail(`invalid repetition size: ${all}`)
    this.index += all.length
    return { text: all, least }
  }

  private atom(): Part {
    const letter = this.pattern[this.index] ?? ''
    const loose = letter === '{' ? /^\{\d+(?:,\d*)?\}/.exec(this.pattern.slice(this.index)) : null
    if (loose !== null) fail(`no argument for repetition operator: ${loose[0]}`)
    switch (letter) {
      case '(':
        return this.bracket()
      case '[':
        this.letterClass()
        return { isNullable: false }
      case '\\':
        return this.escape()
      case '^':
      case '$':
        this.index += 1
        this.hasAssertions = true
        return { isNullable: true }
      case '*':
      case '+':
      case '?':
        return fail(`no argument for repetition operator: ${letter}`)
      default:
        this.index += (this.pattern.codePointAt(this.index) ?? 0) > 0xffff ? 2 : 1
        return { isNullable: false }
    }
  }

  private bracket(): Part {
    const start = this.index
    const head = /^\((?:\?(?:P<(\w*)>|<(\w*)>|([a-zA-Z]*(?:-[a-zA-Z]+)?)([:)])|(.?)))?/.exec(
      this.pattern.slice(start),
    ) as RegExpExecArray
    const [all, name, otherName, flags, end, wrong] = head
    if (wrong !== undefined || otherName !== undefined)
      fail(`invalid perl operator: ${this.pattern.slice(start, start + 3)}`)
    if (flags !== undefined && !/^[imsU]*(?:-[imsU]+)?$/.test(flags))
      fail(`invalid perl operator: ${all.replace(/[:)]$/, '')}`)
    if (name === '') fail(`invalid named capture group: ${all}`)
    this.index = start + all.length
    if (end === ')') return this.nothing()
    const isCapturing = flags === undefined
    if (isCapturing) this.groups += 1
    const isFirst = isCapturing && this.groups === 1
    const isTop = this.depth === 0
    this.depth += 1
    if (this.depth > nestedMax) fail('nesting too deep')
    const inner = this.alternation()
    this.depth -= 1
    if (this.pattern[this.index] !== ')') fail(`missing ): ${this.pattern}`)
    this.index += 1
    if (isFirst) this.group = { start, end: this.index, isNullable: inner.isNullable, isTop }
    return inner
  }

  /** Flags or an empty \Q\E. RE2 would repeat what stands before; nobody means that. */
  private nothing(): Part {
    const after = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.pattern.slice(this.index))
    if (after !== null) fail(`no argument for repetition operator: ${after[0]}`)
    return { isNullable: true }
  }

  private escape(): Part {
    const rest = this.pattern.slice(this.index)
    if (rest.length === 1) fail('trailing \\')
    if (rest.startsWith('\\Q')) {
      const end = rest.indexOf('\\E', 2)
      this.index += end === -1 ? rest.length : end + 2
      const letters = rest.slice(2, end === -1 ? undefined : end)
      if (letters === '') return this.nothing()
      return { isNullable: false, isRow: Array.from(letters).length > 1 }
    }
    if (/^\\[bBAz]/.test(rest)) {
      this.index += 2
      this.hasAssertions = true
      return { isNullable: true }
    }
    this.index += this.escapeLength(rest)
    return { isNullable: false }
  }

  private escapeLength(rest: string): number {
    const known =
      /^\\(?:[dDwWsSC]|[aftnrv]|x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]{1,6}\}|[0-7]{3}|0[0-7]{0,2}|[pP](?:\{\^?\w+\}|\w)|[^\w]|_)/u.exec(
        rest,
      )
    if (known === null || /^\\[1-7]$/.test(known[0])) fail(`invalid escape sequence: ${rest.slice(0, 2)}`)
    return known?.[0].length ?? 2
  }

  private letterClass(): void {
    const start = this.index
    const missing = (): never => fail(`missing ]: ${this.pattern.slice(start)}`)
    this.index += this.pattern.startsWith('[^', start) ? 2 : 1
    let isFirst = true
    while (this.pattern[this.index] !== ']' || isFirst) {
      isFirst = false
      if (this.index >= this.pattern.length) missing()
      const named = /^\[:\^?(\w*):\]/.exec(this.pattern.slice(this.index))
      if (named !== null) {
        if (!classNames.has(named[1] ?? '')) fail(`invalid character class range: ${named[0]}`)
        this.index += named[0].length
        continue
      }
      this.classItem(missing)
    }
    this.index += 1
  }

  private classItem(missing: () => never): void {
    const start = this.index
    const low = this.classLetter(missing)
    if (this.pattern[this.index] !== '-' || this.pattern[this.index + 1] === ']' || low === undefined) return
    this.index += 1
    if (this.index >= this.pattern.length) missing()
    const high = this.classLetter(missing)
    if (high === undefined || high < low)
      fail(`invalid character class range: ${this.pattern.slice(start, this.index)}`)
  }

  /** undefined: a class of its own, \d. */
  private classLetter(missing: () => never): number | undefined {
    const rest = this.pattern.slice(this.index)
    if (rest === '') return missing()
    if (!rest.startsWith('\\')) {
      const code = rest.codePointAt(0) ?? 0
      this.index += code > 0xffff ? 2 : 1
      return code
    }
    if (rest.length === 1) fail('trailing \\')
    const length = this.escapeLength(rest)
    this.index += length
    return escapeCode(rest.slice(1, length))
  }
}

const classNames = new Set(
  'alnum alpha ascii blank cntrl digit graph lower print punct space upper word xdigit'.split(' '),
)
const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 }

function escapeCode(escape: string): number | undefined {
  if (/^[dDwWsSpPC]/.test(escape)) return undefined
  if (escape.startsWith('x')) return Number.parseInt(escape.replaceAll(/[x{}]/g, ''), 16)
  if (/^[0-7]+$/.test(escape)) return Number.parseInt(escape, 8)
  return controls[escape] ?? escape.codePointAt(0)
}

export const oneGroup = 'Regular expressions passed into extraction functions must not have more than 1 capturing group'

/** `\1` in a rewrite must have a group; a backslash stands before a digit or another. Throws BigQuery's message. */
export function checkRewrite(rewrite: string, groups: number): void {
  for (const [all, next] of rewrite.matchAll(/\\([^]?)/g)) {
    if (all === '\\') throw new Error("Invalid REGEXP_REPLACE pattern: Rewrite schema error: '\\' not allowed at end.")
    if (next === '\\') continue
    if (!/^\d$/.test(next ?? ''))
      throw new Error("Invalid REGEXP_REPLACE pattern: Rewrite schema error: '\\' must be followed by a digit or '\\'.")
  }
  const most = Math.max(
    0,
    ...[...rewrite.matchAll(/\\(\\|\d)/g)].map(([, digit]) => (digit === '\\' ? 0 : Number(digit))),
  )
  if (most <= groups) return
  throw new Error(
    `Invalid REGEXP_REPLACE pattern: Rewrite schema requests ${most} matches, but the regexp only has ${groups} parenthesized subexpressions.`,
  )
}

export const nullableUnsupported = 'patterns that can match the empty text are not supported locally here'

/**
 * A pattern whose group 1 is all that stands before the wanted place: the start of the match (or of its group), or its end. `count`
 * matches come before it. Throws if it can't be written.
 */
export function placePattern(pattern: string, count: number, isEnd: boolean): string {
  // Flags in front count for the whole pattern; (?U) would turn the search for the place around.
  const flags = /^(?:\(\?[ims]*(?:-[ims]+)?\))*/.exec(pattern)?.[0] ?? ''
  const bare = pattern.slice(flags.length)
  const facts = readPattern(bare)
  if (facts.groups > 1) throw new Error(oneGroup)
  if (facts.isNullable) throw new Error(nullableUnsupported)
  if (count > repeatMax) throw new Error('occurrences beyond 1000 are not supported locally')
  const before = count === 0 ? '(?s:.*?)' : `(?:(?s:.*?)(?:${withoutGroup(bare)})){${count}}(?s:.*?)`
  if (facts.groups === 0) return placed(flags, before, '', `(?:${bare})`, '', isEnd)
  if (facts.beforeGroup === undefined || facts.isGroupOptional) {
    throw new Error('a capturing group inside other groups is not supported locally here')
  }
  if (/\(\?[a-zA-Z-]*\)/.test(bare))
    throw new Error('flags within a pattern with a capturing group are not supported locally here')
  const head = facts.beforeGroup
  return placed(
    flags,
    before,
    head,
    withoutGroup(bare.slice(head.length, facts.groupEnd)),
    bare.slice(facts.groupEnd),
    isEnd,
  )
}

function placed(flags: string, before: string, head: string, wanted: string, tail: string, isEnd: boolean): string {
  return isEnd ? `\\A${flags}(${before}${head}${wanted})${tail}` : `\\A${flags}(${before}${head})${wanted}${tail}`
}

/** The same with its one group not capturing; brackets in classes and escaped ones stay. */
function withoutGroup(pattern: string): string {
  let isIn = false
  return pattern.replaceAll(/\\Q[^]*?(?:\\E|$)|\\[^]|\[\^?\]?|\]|\((?:\?P<\w+>)?(?!\?)/g, (all) => {
    if (all.startsWith('\\')) return all
    if (all.startsWith('[')) isIn = true
    else if (all === ']') isIn = false
    else if (!isIn) return '(?:'
    return all
  })
}
