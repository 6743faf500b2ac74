// Tokens -> a tree of brackets, and back to text. A rewriting replaces nodes; what it doesn't touch stays as it was written.
import { PgError, states } from '../sqlstate.ts'
import type { StatementText, Token, TokenKind } from './lexer.ts'

export interface Node {
  /** raw: text of ours. */
  readonly kind: TokenKind | 'group' | 'raw'
  /** Of groups the opening bracket. */
  readonly text: string
  readonly lower: string
  readonly value: string
  readonly offset: number
  /** Blanks before it. */
  readonly gap: string
  readonly nodes?: readonly Node[]
  readonly close?: string
  /** Of an oid that a name became: the name, should it be wanted as text after all. */
  readonly shown?: string
}

const depthMax = 300
const closings: Record<string, string> = { '(': ')', '[': ']', '{': '}' }

export function treeOf(source: StatementText): Node[] {
  const builder = new Builder(source)
  return builder.build(undefined, 0)
}

class Builder {
  readonly #source: StatementText
  #at = 0
  #end: number

  constructor(source: StatementText) {
    this.#source = source
    this.#end = source.offset
  }

  build(closing: string | undefined, depth: number): Node[] {
    if (depth > depthMax) throw new PgError('54001', 'The statement nests too deeply')
    const nodes: Node[] = []
    for (let token = this.#next(); token !== undefined; token = this.#next()) {
      const { gap, ...made } = token
      const wanted = closings[made.text]
      if (made.kind === 'symbol' && made.text === closing) return nodes
      if (made.kind === 'symbol' && wanted !== undefined) {
        nodes.push({ ...made, kind: 'group', gap, nodes: this.build(wanted, depth + 1), close: wanted })
      } else {
        if (made.kind === 'symbol' && /^[)\]}]$/.test(made.text)) throw unbalanced(made.offset, made.text)
        nodes.push({ ...made, gap })
      }
    }
    if (closing !== undefined)
      throw new PgError(states.syntax, `syntax error: a ${closing} is missing`, { offset: this.#end })
    return nodes
  }

  #next(): (Token & { gap: string }) | undefined {
    const token = this.#source.tokens[this.#at]
    if (token === undefined) return undefined
    const from = this.#end - this.#source.offset
    const between = this.#source.text.slice(from, token.offset - this.#source.offset)
    const isFirst = this.#at === 0
    this.#at += 1
    this.#end = token.offset + token.text.length
    const gap = isFirst ? '' : /^\s*$/.test(between) && from >= 0 ? between : ' '
    return { ...token, gap }
  }
}

function unbalanced(offset: number, text: string): PgError {
  return new PgError(states.syntax, `syntax error at or near "${text}"`, { offset })
}

export function textOf(nodes: readonly Node[]): string {
  let text = ''
  for (const node of nodes) {
    const piece = node.nodes === undefined ? node.text : `${node.text}${textOf(node.nodes)}${node.close ?? ''}`
    const isApart = node.gap !== '' || text === '' || !mayTouch(text, piece)
    text += isApart ? `${node.gap === '' && text !== '' ? ' ' : node.gap}${piece}` : piece
  }
  return text.trimStart()
}

/** Letters that would become one word, or one operator, must not meet. */
function mayTouch(before: string, after: string): boolean {
  const last = before.at(-1) ?? ''
  const first = after[0] ?? ''
  const isWord = (letter: string): boolean => /[\p{L}\p{N}_$"']/u.test(letter)
  const isOperator = (letter: string): boolean => '+-*/<>=~!@#%^&|`?:'.includes(letter)
  return !(isWord(last) && isWord(first)) && !(isOperator(last) && isOperator(first))
}

export function raw(text: string, like: Pick<Node, 'offset' | 'gap'>, shown?: string): Node {
  const node = {
    kind: 'raw' as const,
    text,
    lower: '',
    value: text,
    offset: like.offset,
    gap: like.gap === '' ? '' : like.gap,
  }
  return shown === undefined ? node : { ...node, shown }
}

export function isName(node: Node | undefined): boolean {
  return node?.kind === 'word' || node?.kind === 'quoted'
}

export function nameOf(node: Node): string {
  return node.kind === 'word' ? node.lower : node.value
}

/** The parts of a group between its commas. */
export function partsOf(nodes: readonly Node[]): Node[][] {
  if (nodes.length === 0) return []
  const parts: Node[][] = [[]]
  for (const node of nodes) {
    if (node.text === ',' && node.kind === 'symbol') parts.push([])
    else parts.at(-1)?.push(node)
  }
  return parts
}

/** Words behind which an expression begins: a bracket behind them is no call. */
export const reserved: ReadonlySet<string> = new Set(
  `all and any as asc between by case cross desc distinct else end except exists fetch filter for from full group having ilike in
  inner intersect into is isnull join lateral left like limit natural not notnull offset on or order outer over partition qualify
  returning right row rows select set similar some tablesample then union using values when where window with within`
    .trim()
    .split(/\s+/),
)

const typedLiterals: ReadonlySet<string> = new Set([
  'interval',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'json',
  'uuid',
])

/** Where the operand that ends before `end` begins; undefined: there is none. */
export function operandStart(nodes: readonly Node[], end: number): number | undefined {
  let at = end - 1
  for (;;) {
    const node = nodes[at]
    if (node === undefined) return undefined
    if (node.kind === 'group' && node.text === '[') {
      const before = nodes[at - 1]
      if (before?.lower === 'array') return at - 1
      if (before === undefined || !isOperandEnd(before)) return at
      at -= 1
      continue
    }
    if (node.kind === 'group') {
      const before = nodes[at - 1]
      if (before === undefined || !isName(before) || reserved.has(before.lower)) return at
      return chainStart(nodes, at - 1)
    }
    if (node.kind === 'string') return typedLiterals.has(nodes[at - 1]?.lower ?? '') ? at - 1 : at
    if (node.kind === 'word' && node.lower === 'end') return caseStart(nodes, at)
    if (isName(node) && !reserved.has(node.lower)) return chainStart(nodes, at)
    return node.kind === 'symbol' || node.kind === 'word' ? undefined : at
  }
}

function isOperandEnd(node: Node): boolean {
  return node.kind !== 'symbol' && !reserved.has(node.lower)
}

function chainStart(nodes: readonly Node[], from: number): number {
  let at = from
  while (nodes[at - 1]?.text === '.' && nodes[at - 2] !== undefined) at -= 2
  return at
}

function caseStart(nodes: readonly Node[], end: number): number | undefined {
  let depth = 0
  for (let at = end; at >= 0; at -= 1) {
    if (nodes[at]?.lower === 'end') depth += 1
    if (nodes[at]?.lower === 'case') depth -= 1
    if (depth === 0) return at
  }
  return undefined
}

/** Where the operand that begins at `start` ends. */
export function operandEnd(nodes: readonly Node[], start: number): number | undefined {
  let at = start
  const first = nodes[at]
  if (first === undefined || first.kind === 'symbol' || reserved.has(first.lower)) return undefined
  at += 1
  if (isName(first)) {
    while (nodes[at]?.text === '.' && nodes[at + 1] !== undefined) at += 2
    if (nodes[at]?.kind === 'string' && typedLiterals.has(first.lower)) at += 1
    if (nodes[at]?.kind === 'group' && nodes[at]?.text === '(') at += 1
  }
  while (nodes[at]?.kind === 'group' && nodes[at]?.text === '[') at += 1
  return at
}
