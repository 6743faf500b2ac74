// Reads the notation of function rows (functions/function-row.ts) once; call.ts chooses among the signatures.
import { scalar, scalarNamed } from '../type-names.ts'
import type { SqlType } from '../types.ts'

/** A type with holes: variables stand for any type, all uses of one for the same. */
export type Pattern =
  | { readonly kind: 'type'; readonly type: SqlType }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'any' }
  | { readonly kind: 'array'; readonly element: Pattern }
  | { readonly kind: 'range'; readonly element: Pattern }
  | {
      readonly kind: 'struct'
      readonly fields: readonly { readonly name: string | undefined; readonly pattern: Pattern }[]
    }

export interface ParameterShape {
  readonly kind: 'value' | 'part' | 'lambda'
  readonly pattern: Pattern
  /** Of a lambda: what it is given; `pattern` is what it answers. */
  readonly inputs: readonly Pattern[]
  readonly isLiteral: boolean
  readonly isOptional: boolean
  readonly isRepeated: boolean
  readonly name: string | undefined
}

export interface Signature {
  readonly text: string
  readonly name: string
  /** COUNT(*) */
  readonly isStar: boolean
  readonly parameters: readonly ParameterShape[]
  readonly result: Pattern
}

export function parseSignature(text: string): Signature {
  const reader = new Reader(text)
  const name = reader.word()
  reader.expect('(')
  const parameters: ParameterShape[] = []
  const isStar = reader.accept('*')
  while (!reader.accept(')')) {
    parameters.push(readParameter(reader))
    reader.accept(',')
  }
  const result: Pattern = reader.accept('->') ? readPattern(reader) : { kind: 'any' }
  reader.end()
  return { text, name: name.toUpperCase(), isStar, parameters, result }
}

function readParameter(reader: Reader): ParameterShape {
  const isOptional = reader.accept('[')
  const isLiteral = reader.acceptWord('LITERAL')
  const name = reader.nameBeforeArrow()
  const isLiteralNamed = reader.acceptWord('LITERAL')
  const parameter = readShape(reader)
  const isRepeated = reader.accept('...')
  if (isOptional) reader.expect(']')
  const isRepeatedOutside = reader.accept('...')
  return {
    ...parameter,
    isLiteral: isLiteral || isLiteralNamed,
    isOptional,
    isRepeated: isRepeated || isRepeatedOutside,
    name,
  }
}

function readShape(reader: Reader): Pick<ParameterShape, 'kind' | 'pattern' | 'inputs'> {
  if (reader.acceptWord('PART')) return { kind: 'part', pattern: { kind: 'any' }, inputs: [] }
  if (!reader.acceptWord('LAMBDA')) return { kind: 'value', pattern: readPattern(reader), inputs: [] }
  reader.expect('(')
  const inputs: Pattern[] = []
  while (!reader.accept(')')) {
    inputs.push(readPattern(reader))
    reader.accept(',')
  }
  reader.expect('->')
  return { kind: 'lambda', pattern: readPattern(reader), inputs }
}

function readPattern(reader: Reader): Pattern {
  const word = reader.word()
  if (word === 'ANY') return { kind: 'any' }
  if (word === 'ARRAY' || word === 'RANGE') {
    reader.expect('<')
    const element = readPattern(reader)
    reader.expect('>')
    return { kind: word === 'ARRAY' ? 'array' : 'range', element }
  }
  if (word === 'STRUCT') return readStruct(reader)
  const type = scalarNamed(word)
  if (type !== undefined) return { kind: 'type', type }
  if (/^[A-Z]\d?$/.test(word)) return { kind: 'variable', name: word }
  throw new Error(`BUG: no type ${word} in the signature ${reader.text}`)
}

function readStruct(reader: Reader): Pattern {
  reader.expect('<')
  const fields: { name: string | undefined; pattern: Pattern }[] = []
  while (!reader.accept('>')) {
    const name = reader.nameBeforeType()
    fields.push({ name, pattern: readPattern(reader) })
    reader.accept(',')
  }
  return { kind: 'struct', fields }
}

class Reader {
  readonly text: string
  private readonly tokens: readonly string[]
  private index = 0

  constructor(text: string) {
    this.text = text
    this.tokens = text.match(/->|=>|\.\.\.|[\w.]*\w|[^\s\w]/g) ?? []
  }

  accept(token: string): boolean {
    if (this.tokens[this.index] !== token) return false
    this.index += 1
    return true
  }

  acceptWord(word: string): boolean {
    return this.accept(word)
  }

  expect(token: string): void {
    if (!this.accept(token)) throw new Error(`BUG: ${token} is missing in the signature ${this.text}`)
  }

  word(): string {
    const token = this.tokens[this.index] ?? ''
    if (!/^[\w.$]+$/.test(token)) throw new Error(`BUG: a name is missing in the signature ${this.text}`)
    this.index += 1
    return token
  }

  nameBeforeArrow(): string | undefined {
    if (this.tokens[this.index + 1] !== '=>') return undefined
    const name = this.word()
    this.expect('=>')
    return name
  }

  /** `a INT64`: a name, if a type follows it. */
  nameBeforeType(): string | undefined {
    const next = this.tokens[this.index + 1] ?? ''
    return /^\w+$/.test(next) ? this.word() : undefined
  }

  end(): void {
    if (this.index < this.tokens.length) throw new Error(`BUG: too much in the signature ${this.text}`)
  }
}

/** The types that variables stand for, put into a pattern. */
export function fill(pattern: Pattern, variables: ReadonlyMap<string, SqlType>): SqlType {
  switch (pattern.kind) {
    case 'type':
      return pattern.type
    case 'variable':
      return variables.get(pattern.name) ?? scalar.INT64
    case 'any':
      return scalar.STRING
    case 'array':
      return { kind: 'ARRAY', element: fill(pattern.element, variables) }
    case 'range': {
      const element = fill(pattern.element, variables)
      if (element.kind === 'ARRAY' || element.kind === 'STRUCT' || element.kind === 'RANGE') return scalar.DATE
      return { kind: 'RANGE', element }
    }
    case 'struct':
      return {
        kind: 'STRUCT',
        fields: pattern.fields.map(({ name, pattern: field }) => ({ name, type: fill(field, variables) })),
      }
  }
}
