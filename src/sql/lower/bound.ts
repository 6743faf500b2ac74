// A call's arguments, coerced and handed to its row; and the message when no row fits.
import type { LoweredArgument, LoweringCall } from '../functions/function-row.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import { typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { amountOf } from './call-arguments.ts'
import { coerce } from './coerce.ts'
import type { Overloads } from './function-table.ts'
import type { Lowered } from './lowered.ts'
import { type BoundArgument, type CallArgument, coerceBound, type Match } from './overload.ts'
import { fill } from './signature.ts'

export function noMatch(
  name: string,
  overloads: Overloads<unknown>,
  args: readonly CallArgument[],
  offset: Offset,
): SqlError {
  const types = args.map((argument) => argumentType(argument)).join(', ')
  const supported = overloads.signatures.map(({ text }) => text.replace(/ -> .*$/, '')).join('; ')
  const found = args.length === 0 ? ' with no arguments' : ` for argument types: ${types}`
  return new SqlError(
    'semantic',
    `No matching signature for function ${name}${found}. Supported signature${overloads.signatures.length > 1 ? 's' : ''}: ${supported}`,
    offset,
  )
}

function argumentType(argument: CallArgument): string {
  if (argument.lambda !== undefined) return 'LAMBDA'
  try {
    const { origin, type } = argument.value()
    return origin === 'null' ? 'NULL' : typeName(type)
  } catch (error) {
    if (argument.part !== undefined) return 'DATE_TIME_PART'
    throw error
  }
}

/** Arguments as their parameters want them. */
export function boundValues(
  match: Match,
  name: string,
): { readonly lowered: Lowered[]; readonly values: LoweredArgument[] } {
  const lowered: Lowered[] = []
  const values = match.bound.map((bound) => {
    const [argument, from] = boundValue(bound, match, name)
    if (from !== undefined) lowered.push(from)
    return argument
  })
  return { lowered, values }
}

function boundValue(bound: BoundArgument, match: Match, name: string): [LoweredArgument, Lowered | undefined] {
  const { shape, argument, half } = bound
  const type: SqlType = fill(shape.pattern, match.variables)
  if (shape.kind === 'part' || half === 'part') {
    const constant = half === 'part' ? argument.value().interval?.part : argument.part
    return [{ sql: '', type, constant }, undefined]
  }
  if (shape.kind === 'lambda') return lambdaValue(bound, match, type)
  const whole =
    half === 'amount' ? coerce(amountOf(argument), type, argument.offset) : coerceBound(bound, match.variables)
  if (whole === undefined) throw new Error(`BUG: ${name} was chosen, but an argument does not fit`)
  if (shape.isLiteral && whole.constant === undefined) {
    throw new SqlError(
      whole.origin === 'value' ? 'semantic' : 'unsupported',
      `Argument of ${name} must be a literal here`,
      argument.offset,
    )
  }
  const { sql, constant } = whole
  return [{ sql, type: whole.type, constant, name: argument.name }, whole]
}

function lambdaValue({ shape, argument }: BoundArgument, match: Match, type: SqlType): [LoweredArgument, Lowered] {
  const { lambda } = argument
  if (lambda === undefined) throw new Error('BUG: no lambda')
  const types = shape.inputs.map((input) => fill(input, match.variables))
  const { lowered, names } = lambda.body(types)
  const body = coerce(lowered, type, argument.offset) ?? lowered
  return [{ sql: `lambda ${names.join(', ')}: ${body.sql}`, type: body.type }, body]
}

export function resultType(match: Match, lowered: readonly Lowered[]): SqlType {
  if (match.signature.result.kind === 'any' && lowered[0] !== undefined) return lowered[0].type
  return fill(match.signature.result, match.variables)
}

export function loweringCall(
  name: string,
  args: readonly LoweredArgument[],
  result: SqlType,
  offset: Offset,
): LoweringCall {
  return {
    args,
    result,
    unsupported(what) {
      throw new SqlError('unsupported', `${name}: ${what}`, offset)
    },
    invalid(message) {
      throw new SqlError('semantic', message, offset)
    },
  }
}
