// Chooses among a function's signatures by BigQuery's rules: the first that fits exactly, else the one that needs the least coercion.
import { becomesAnything, coercionCost, supertypeOf, type Typed } from '../coercion.ts'
import type { Offset } from '../sql-error.ts'
import { sameType, scalar } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { coerce } from './coerce.ts'
import type { Lowered } from './lowered.ts'
import { fill, type ParameterShape, type Pattern, type Signature } from './signature.ts'

/** An argument as it stood in the call. Parts and columns look alike, so it is lowered only when a signature wants its value. */
export interface CallArgument {
  readonly offset: Offset
  readonly name: string | undefined
  /** Upper case, if it could be a date part: `DAY`, `WEEK(MONDAY)`. */
  readonly part: string | undefined
  /** Throws if it isn't an expression that can be lowered here. */
  value(): Lowered
  readonly lambda: LambdaArgument | undefined
  /** It is written `INTERVAL n PART`. */
  readonly isInterval: boolean
}

export interface LambdaArgument {
  readonly parameters: readonly string[]
  /** The body, its parameters being of these types; `sql` names them by the second list. */
  body(types: readonly SqlType[]): { readonly lowered: Lowered; readonly names: readonly string[] }
}

/** What a signature's parameter got: a part's name, or a value that coercion turns into `type`. */
export interface BoundArgument {
  readonly shape: ParameterShape
  readonly argument: CallArgument
  /** Of an `INTERVAL n PART` that stands for two parameters: which one this is. */
  readonly half: 'amount' | 'part' | undefined
}

export interface Match {
  readonly signature: Signature
  readonly bound: readonly BoundArgument[]
  readonly variables: Map<string, SqlType>
}

export function chooseSignature(signatures: readonly Signature[], args: readonly CallArgument[]): Match | undefined {
  let best: Fit | undefined
  for (const signature of signatures) {
    const bound = bind(signature, args)
    const fit = bound && fits(signature, bound)
    if (fit === undefined) continue
    if (fit.cost === 0) return fit.match
    if (best === undefined || fit.cost < best.cost) best = fit
  }
  return best?.match
}

interface Fit {
  readonly match: Match
  /** 0: exact. What isn't a literal weighs more. */
  readonly cost: number
}

/** An argument that isn't a literal weighs more than any number of literals. */
const firmWeight = 10_000

/** Positional arguments in order, named ones by name; undefined: the counts or kinds differ. */
function bind(signature: Signature, args: readonly CallArgument[]): BoundArgument[] | undefined {
  const bound: BoundArgument[] = []
  const positional = args.filter(({ name }) => name === undefined)
  const named = new Map(args.flatMap((one) => (one.name === undefined ? [] : [[one.name.toLowerCase(), one] as const])))
  let next = 0
  const shapes = signature.parameters
  for (let index = 0; index < shapes.length; index += 1) {
    const shape = shapes[index] as ParameterShape
    if (shape.name !== undefined && named.has(shape.name.toLowerCase())) {
      bound.push({ shape, argument: named.get(shape.name.toLowerCase()) as CallArgument, half: undefined })
      named.delete(shape.name.toLowerCase())
      continue
    }
    const argument = positional[next]
    if (argument === undefined) {
      if (shape.isOptional || shape.isRepeated) continue
      return undefined
    }
    if (wantsHalves(shape, shapes[index + 1], argument)) {
      bound.push(
        { shape, argument, half: 'amount' },
        { shape: shapes[index + 1] as ParameterShape, argument, half: 'part' },
      )
      next += 1
      index += 1
      continue
    }
    if (!isOfKind(shape, argument)) {
      if (shape.isOptional && !shape.isRepeated) continue
      return undefined
    }
    const count = shape.isRepeated ? positional.length - next : 1
    for (const one of positional.slice(next, next + count)) {
      if (!isOfKind(shape, one)) return undefined
      bound.push({ shape, argument: one, half: undefined })
    }
    next += count
  }
  return next === positional.length && named.size === 0 ? bound : undefined
}

function wantsHalves(shape: ParameterShape, after: ParameterShape | undefined, argument: CallArgument): boolean {
  const isNumber = shape.kind === 'value' && shape.pattern.kind === 'type' && shape.pattern.type.kind === 'INT64'
  return argument.isInterval && isNumber && after?.kind === 'part'
}

function isOfKind(shape: ParameterShape, argument: CallArgument): boolean {
  if (shape.kind === 'part') return argument.part !== undefined
  return (shape.kind === 'lambda') === (argument.lambda !== undefined)
}

function fits(signature: Signature, bound: readonly BoundArgument[]): Fit | undefined {
  const uses = new Map<string, Typed[]>()
  let total = 0
  for (const { shape, argument, half } of bound) {
    if (shape.kind !== 'value' || half === 'part') continue
    const cost = half === 'amount' ? 0 : matchPattern(shape.pattern, argument.value(), uses)
    if (cost === undefined) return undefined
    if (cost > 0) total += weight(argument.value(), cost)
  }
  const variables = new Map<string, SqlType>()
  for (const [name, all] of uses) {
    const type = supertypeOf(all)
    if (type === undefined) return undefined
    variables.set(name, type)
    for (const one of all)
      if (one.origin !== 'null' && !sameType(one.type, type)) total += weight(one, coercionCost(one, type) ?? 1)
  }
  for (const { shape, argument } of bound) {
    if (shape.kind !== 'lambda') continue
    const types = shape.inputs.map((input) => fill(input, variables))
    if (argument.lambda === undefined || argument.lambda.parameters.length > types.length) return undefined
    const { lowered } = argument.lambda.body(types)
    if (shape.pattern.kind === 'variable' && !variables.has(shape.pattern.name))
      variables.set(shape.pattern.name, lowered.type)
    else if (coercionCost(lowered, fill(shape.pattern, variables)) === undefined) return undefined
  }
  return { match: { signature, bound, variables }, cost: total }
}

function weight(typed: Typed, cost: number): number {
  return typed.origin === 'value' ? cost * firmWeight : cost
}

/** Notes what variables stand for; the cost of coercing the rest, undefined: it doesn't fit. */
function matchPattern(pattern: Pattern, typed: Typed, uses: Map<string, Typed[]>): number | undefined {
  switch (pattern.kind) {
    case 'any':
      return 0
    case 'type':
      return coercionCost(typed, pattern.type)
    case 'variable':
      noteUse(uses, pattern.name, typed)
      return 0
    case 'array':
      return matchArray(pattern.element, typed, uses)
    case 'range':
      if (typed.type.kind === 'RANGE')
        return matchPattern(pattern.element, { type: typed.type.element, origin: 'value' }, uses)
      return becomesAnything(typed) ? matchPattern(pattern.element, typed, uses) : undefined
    case 'struct': {
      if (becomesAnything(typed)) return 0
      if (typed.type.kind !== 'STRUCT' || typed.type.fields.length !== pattern.fields.length) return undefined
      let most = 0
      for (const [index, field] of typed.type.fields.entries()) {
        const wanted = pattern.fields[index]
        const cost =
          wanted && matchPattern(wanted.pattern, typed.parts?.[index] ?? { type: field.type, origin: 'value' }, uses)
        if (cost === undefined) return undefined
        most = Math.max(most, cost)
      }
      return most
    }
  }
}

function matchArray(element: Pattern, typed: Typed, uses: Map<string, Typed[]>): number | undefined {
  if (becomesAnything(typed)) return matchPattern(element, { type: scalar.INT64, origin: 'null' }, uses)
  if (typed.type.kind !== 'ARRAY') return undefined
  if (typed.origin !== 'made') return matchPattern(element, { type: typed.type.element, origin: 'value' }, uses)
  let most = 0
  const parts = typed.parts ?? []
  for (const part of parts.length === 0 ? [{ type: scalar.INT64, origin: 'null' as const }] : parts) {
    const cost = matchPattern(element, part, uses)
    if (cost === undefined) return undefined
    most = Math.max(most, cost)
  }
  return most
}

function noteUse(uses: Map<string, Typed[]>, name: string, typed: Typed): void {
  const all = uses.get(name)
  if (all === undefined) uses.set(name, [typed])
  else all.push(typed)
}

/** A bound value as the type that its parameter wants; of ANY as it is. */
export function coerceBound(
  { shape, argument }: BoundArgument,
  variables: ReadonlyMap<string, SqlType>,
): Lowered | undefined {
  const lowered = argument.value()
  if (shape.pattern.kind === 'any')
    return lowered.origin === 'made' || lowered.origin === 'null'
      ? coerce(lowered, lowered.type, argument.offset)
      : lowered
  return coerce(lowered, fill(shape.pattern, variables), argument.offset)
}
