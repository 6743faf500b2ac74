// Which token begins a line, and how far in: a stack of what is open (statements, queries in brackets, CASE, lists of columns).
import type { Token } from '../syntax/token.ts'
import type { Place } from './line-writer.ts'

type Kind = 'body' | 'query' | 'columns' | 'inline' | 'case'

interface Open {
  readonly kind: Kind
  readonly indent: number
  /** 'list': a comma ends the line; 'condition': AND and OR begin one. */
  clause: 'list' | 'condition' | 'plain'
  /** First word of the statement. */
  statement: string
  isInPipe: boolean
  betweens: number
  /** Words that are still to come before statements of a body begin: THEN, DO. */
  opensBodyAt: string | undefined
  hasColumns: boolean
}

/** The token goes on in the line of the one before it. */
export const sameLine: Place = { indent: undefined, hasBlankLine: false }
const joinWords: ReadonlySet<string> = new Set(['INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'JOIN'])
const setWords: ReadonlySet<string> = new Set(['UNION', 'INTERSECT', 'EXCEPT'])
const queryStarts: ReadonlySet<string> = new Set(['SELECT', 'FROM', 'WITH'])

export class Layout {
  readonly #stack: Open[] = [open('body', 0)]
  #startsStatement = true
  /** The next token begins a line, this far in. */
  #breakAt: number | undefined
  #hasStatement = false

  place(token: Token, key: string, tokens: readonly Token[], index: number): Place {
    const next = tokens[index + 1]?.key ?? ''
    const top = this.#top()
    const breakAt = this.#breakAt
    this.#breakAt = undefined
    if (this.#startsStatement) return this.#statementStart(token, key, tokens, index)
    if (key === '(' || key === '[') return this.#openBracket(key, tokens, index, at(breakAt))
    if (key === ')' || key === ']') return this.#closeBracket()
    if (key === ';') return this.#endStatement()
    if (top.kind === 'case') return this.#inCase(key, top)
    if (key === 'CASE') {
      this.#stack.push(open('case', (breakAt ?? this.#lineIndent()) + 2))
      return at(breakAt)
    }
    if (top.kind === 'inline') return sameLine
    if (key === ',') {
      if (top.clause === 'list' || top.kind === 'columns') this.#breakAt = contentIndent(top)
      return sameLine
    }
    if (breakAt !== undefined && (key === 'DISTINCT' || key === 'ALL' || key === 'AS' || key === 'RECURSIVE'))
      return this.#modifier(key, next, breakAt)
    return this.#word(key, next, tokens, index, top) ?? at(breakAt)
  }

  #top(): Open {
    return this.#stack.at(-1) ?? open('body', 0)
  }

  #lineIndent(): number {
    const top = this.#top()
    return top.kind === 'inline' ? this.#outer().indent + 2 : contentIndent(top)
  }

  #outer(): Open {
    return this.#stack.findLast(({ kind }) => kind !== 'inline' && kind !== 'case') ?? open('body', 0)
  }

  /** SELECT DISTINCT, SELECT AS STRUCT, WITH RECURSIVE: the line goes on. */
  #modifier(key: string, next: string, breakAt: number): Place {
    if (key === 'AS' || next === 'AS') this.#breakAt = undefined
    if (key !== 'AS') this.#breakAt = breakAt
    else this.#pendingAs = breakAt
    return sameLine
  }

  #pendingAs: number | undefined

  #statementStart(token: Token, key: string, tokens: readonly Token[], index: number): Place {
    const body = this.#body()
    const isEnd = this.#closesBody(key)
    if (!isEnd) this.#startsStatement = false
    if (isEnd) return this.#bodyWord(key)
    const place = { indent: body.indent, hasBlankLine: this.#hasStatement && body.indent === 0 }
    this.#hasStatement = true
    if (tokens[index + 1]?.key === ':') {
      this.#startsStatement = true
      this.#isLabelled = true
      return place
    }
    if (key === ':') {
      this.#startsStatement = true
      return sameLine
    }
    const shown = this.#isLabelled ? sameLine : place
    this.#isLabelled = false
    body.statement = key
    this.#openStatement(key, tokens, index, body)
    if (key === '(') this.#openBracket(key, tokens, index, sameLine)
    return token.key === ';' ? sameLine : shown
  }

  #isLabelled = false

  #body(): Open {
    return this.#stack.findLast(({ kind }) => kind === 'body') ?? open('body', 0)
  }

  #openStatement(key: string, tokens: readonly Token[], index: number, body: Open): void {
    const next = tokens[index + 1]?.key ?? ''
    if (key === 'BEGIN' && next !== 'TRANSACTION' && next !== ';' && next !== '') this.#openBody(body)
    else if (key === 'LOOP' || key === 'REPEAT') this.#openBody(body)
    else if (key === 'IF' || key === 'CASE') body.opensBodyAt = 'THEN'
    else if (key === 'WHILE' || key === 'FOR') body.opensBodyAt = 'DO'
    else if (key === 'SELECT' || (key === 'WITH' && next !== '(') || key === 'FROM') this.#openClause(key, body)
  }

  #openBody(around: Open): void {
    this.#stack.push(open('body', around.indent + 2))
    this.#startsStatement = true
  }

  #closesBody(key: string): boolean {
    const isInner = this.#stack.filter(({ kind }) => kind === 'body').length > 1
    return isInner && ['END', 'ELSE', 'ELSEIF', 'UNTIL', 'EXCEPTION', 'WHEN'].includes(key)
  }

  /** END, ELSE, …: stands under the word that opened the body. */
  #bodyWord(key: string): Place {
    while (this.#stack.length > 1 && this.#stack.pop()?.kind !== 'body') continue
    const body = this.#body()
    if (key === 'ELSE') this.#openBody(body)
    else {
      this.#startsStatement = false
      body.opensBodyAt = key === 'END' || key === 'UNTIL' ? undefined : 'THEN'
      body.clause = 'plain'
    }
    return { indent: body.indent, hasBlankLine: false }
  }

  #endStatement(): Place {
    while (this.#top().kind !== 'body' && this.#stack.length > 1) this.#stack.pop()
    const { indent } = this.#top()
    this.#stack[this.#stack.length - 1] = open('body', indent)
    this.#startsStatement = true
    return sameLine
  }

  #openBracket(key: string, tokens: readonly Token[], index: number, place: Place): Place {
    const top = this.#top()
    let inside = index + 1
    while (tokens[inside]?.key === '(') inside += 1
    const first = tokens[inside]
    const isQuery =
      key === '(' &&
      first?.kind === 'word' &&
      queryStarts.has(first.key) &&
      !(first.key === 'WITH' && tokens[inside + 1]?.key === '(')
    if (isQuery || (key === '(' && top.kind === 'body' && top.hasColumns)) {
      const base = place.indent ?? this.#baseOfBracket()
      if (!isQuery) top.hasColumns = false
      this.#stack.push(open(isQuery ? 'query' : 'columns', base + 2))
      this.#breakAt = base + 2
    } else this.#stack.push(open('inline', top.indent))
    return place
  }

  #baseOfBracket(): number {
    const { kind, clause, indent } = this.#outer()
    if (this.#stack.some((one) => one.kind === 'case'))
      return this.#stack.findLast((one) => one.kind === 'case')?.indent ?? 0
    return kind === 'query' && clause !== 'plain' ? indent + 2 : clause === 'plain' ? indent : indent + 2
  }

  #closeBracket(): Place {
    while (this.#top().kind === 'case') this.#stack.pop()
    const closed = this.#stack.length > 1 ? this.#stack.pop() : undefined
    return closed?.kind === 'query' || closed?.kind === 'columns'
      ? { indent: closed.indent - 2, hasBlankLine: false }
      : sameLine
  }

  #inCase(key: string, top: Open): Place {
    if (key === 'CASE') {
      this.#stack.push(open('case', top.indent + 2))
      return sameLine
    }
    if (key === 'WHEN' || key === 'ELSE') return at(top.indent)
    if (key !== 'END') return sameLine
    this.#stack.pop()
    return at(top.indent - 2)
  }

  #word(key: string, next: string, tokens: readonly Token[], index: number, top: Open): Place | undefined {
    if (this.#pendingAs !== undefined) {
      this.#breakAt = this.#pendingAs
      this.#pendingAs = undefined
      return sameLine
    }
    if (key === '|>') {
      top.isInPipe = true
      top.clause = 'plain'
      return at(top.indent)
    }
    if (top.isInPipe || top.kind === 'columns') return undefined
    if (key !== '' && key === top.opensBodyAt && top.kind === 'body') {
      top.opensBodyAt = undefined
      this.#openBody(top)
      return sameLine
    }
    if (key === 'BETWEEN') top.betweens += 1
    if (key === 'AND' || key === 'OR') return this.#junction(key, top)
    if (isClause(key, next, tokens, index)) return this.#openClause(key, top)
    return this.#statementWord(key, next, top)
  }

  #junction(key: string, top: Open): Place {
    if (key === 'AND' && top.betweens > 0) {
      top.betweens -= 1
      return sameLine
    }
    return top.clause === 'condition' ? at(contentIndent(top)) : sameLine
  }

  #openClause(key: string, top: Open): Place {
    top.betweens = 0
    const place = at(top.indent)
    switch (key) {
      case 'SELECT':
      case 'WITH':
      case 'FROM':
      case 'WINDOW':
        top.clause = 'list'
        this.#breakAt = top.indent + 2
        return place
      case 'WHERE':
      case 'HAVING':
      case 'QUALIFY':
      case 'ON':
        top.clause = 'condition'
        this.#breakAt = top.indent + 2
        return place
      case 'LIMIT':
        top.clause = 'plain'
        this.#breakAt = top.indent + 2
        return place
      case 'GROUP':
      case 'ORDER':
        top.clause = 'list'
        this.#byIndent = top.indent + 2
        return place
      default:
        // Joins wait for their word JOIN, set operators stand alone.
        top.clause = 'plain'
        return place
    }
  }

  #byIndent: number | undefined

  #statementWord(key: string, next: string, top: Open): Place | undefined {
    if (key === 'BY' && this.#byIndent !== undefined) {
      this.#breakAt = this.#byIndent
      this.#byIndent = undefined
      return sameLine
    }
    if (top.kind !== 'body') return undefined
    if (key === 'TABLE' && top.statement === 'CREATE' && next !== 'FUNCTION') top.hasColumns = true
    if (key === 'VALUES' && top.statement === 'INSERT') return this.#openClause('FROM', top)
    if (key === 'SET' && top.statement === 'UPDATE') return this.#openClause('FROM', top)
    if ((key === 'USING' || key === 'WHEN') && top.statement === 'MERGE') {
      top.clause = 'plain'
      return at(top.indent)
    }
    if (key === 'BEGIN' && top.statement === 'CREATE') {
      this.#openBody(top)
      return at(top.indent)
    }
    const isLayout = (key === 'PARTITION' || key === 'CLUSTER') && next === 'BY'
    if ((isLayout || key === 'OPTIONS') && top.statement === 'CREATE') {
      top.hasColumns = false
      top.clause = 'plain'
      return at(top.indent)
    }
    return undefined
  }
}

function open(kind: Kind, indent: number): Open {
  const clause = kind === 'columns' ? 'list' : 'plain'
  return {
    kind,
    indent,
    clause,
    statement: '',
    isInPipe: false,
    betweens: 0,
    opensBodyAt: undefined,
    hasColumns: false,
  }
}

function at(indent: number | undefined): Place {
  return indent === undefined ? sameLine : { indent, hasBlankLine: false }
}

function contentIndent({ kind, indent }: Open): number {
  return kind === 'columns' || kind === 'case' ? indent : indent + 2
}

/** Whether a word begins a clause here: LEFT of a join, not LEFT(…); FROM, not IS DISTINCT FROM. */
function isClause(key: string, next: string, tokens: readonly Token[], index: number): boolean {
  switch (key) {
    case 'SELECT':
    case 'WHERE':
    case 'HAVING':
    case 'QUALIFY':
    case 'LIMIT':
    case 'ON':
      return true
    case 'FROM': {
      const before = tokens[index - 1]?.key
      return before !== 'DELETE' && !(before === 'DISTINCT' && ['IS', 'NOT'].includes(tokens[index - 2]?.key ?? ''))
    }
    case 'WITH':
      return next !== 'OFFSET' && next !== 'CONNECTION' && next !== '(' && next !== 'PARTITION'
    case 'WINDOW':
      return true
    case 'GROUP':
    case 'ORDER':
      return next === 'BY'
    default: {
      const isOuter = next === 'OUTER'
      const behind = isOuter ? (tokens[index + 2]?.key ?? '') : next
      if (setWords.has(key)) return next === 'ALL' || next === 'DISTINCT'
      if (!joinWords.has(key)) return false
      if (key === 'JOIN') return !joinWords.has(tokens[index - 1]?.key ?? '') && tokens[index - 1]?.key !== 'OUTER'
      return behind === 'JOIN' || setWords.has(behind)
    }
  }
}
