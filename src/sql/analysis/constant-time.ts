// Moments that a query names without any table: literals, parameters, CURRENT_*, and what DATE_SUB and its kin make of them. Only
// what is certain; everything else is undefined, and then prunes nothing.
import type * as ast from '../syntax/ast.ts'

export interface MomentContext {
  readonly nowMicros: number
  /** Text of a bound parameter: its name in lower case, or its position from 1. */
  readonly parameter: (key: string | number) => string | undefined
}

/** A moment, or the first moment of a day. */
export interface Moment {
  readonly micros: number
  readonly isDate: boolean
}

const dayMicros = 86_400_000_000
const partMicros: Readonly<Record<string, number>> = {
  MICROSECOND: 1,
  MILLISECOND: 1_000,
  SECOND: 1_000_000,
  MINUTE: 60_000_000,
  HOUR: 3_600_000_000,
  DAY: dayMicros,
  WEEK: 7 * dayMicros,
}

export function momentOf(expression: ast.Expression, context: MomentContext): Moment | undefined {
  switch (expression.kind) {
    case 'string':
      return momentOfText(expression.value)
    case 'typed-literal':
      return momentOfText(expression.value.value)
    case 'parameter':
      return momentOfText(context.parameter(expression.name.toLowerCase()) ?? '')
    case 'positional-parameter':
      return momentOfText(context.parameter(expression.position) ?? '')
    case 'cast':
      return castMoment(expression, context)
    case 'call':
      return momentOfCall(expression, context)
    case 'binary':
      return momentOfSum(expression, context)
    default:
      return undefined
  }
}

/** `2026-03-01`, with a time, and a zone in numbers. Names of zones prune nothing. */
export function momentOfText(text: string): Moment | undefined {
  const found =
    /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ Tt](\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,6})\d*)?)?)?\s*(Z|z|UTC|[+-]\d{1,2}(?::?\d{2})?)?$/.exec(
      text.trim(),
    )
  if (found === null) return undefined
  const [, year, month, day, hour, minute, second, fraction = '', zone] = found
  const seconds = (Number(hour ?? 0) * 60 + Number(minute ?? 0)) * 60 + Number(second ?? 0)
  const dateMicros = microsOfDate(Number(year), Number(month) - 1, Number(day))
  const micros = dateMicros + seconds * 1e6 + Number(fraction.padEnd(6, '0')) - zoneMicros(zone)
  return { micros, isDate: hour === undefined && zone === undefined }
}

/** Years below 100 are themselves: Date.UTC would take them for 19xx. */
function microsOfDate(year: number, month: number, day: number): number {
  return new Date(0).setUTCFullYear(year, month, day) * 1000
}

function zoneMicros(zone: string | undefined): number {
  const found = /^([+-])(\d{1,2}):?(\d{2})?$/.exec(zone ?? '')
  if (found === null) return 0
  const minutes = Number(found[2]) * 60 + Number(found[3] ?? 0)
  return (found[1] === '-' ? -1 : 1) * minutes * 60_000_000
}

function castMoment(cast: ast.Cast, context: MomentContext): Moment | undefined {
  if (cast.format !== undefined || cast.timeZone !== undefined || cast.type.kind !== 'simple-type') return undefined
  return converted(cast.type.name, momentOf(cast.operand, context))
}

function converted(type: string, moment: Moment | undefined): Moment | undefined {
  if (moment === undefined) return undefined
  if (type === 'DATE') return { micros: Math.floor(moment.micros / dayMicros) * dayMicros, isDate: true }
  return type === 'TIMESTAMP' || type === 'DATETIME' ? { micros: moment.micros, isDate: false } : undefined
}

function momentOfCall(call: ast.Call, context: MomentContext): Moment | undefined {
  const name = call.name.map((part) => part.name.toUpperCase()).join('.')
  const [first, second, ...rest] = call.args
  if (name === 'CURRENT_TIMESTAMP' || (name === 'CURRENT_DATETIME' && first === undefined)) {
    return { micros: context.nowMicros, isDate: false }
  }
  if (name === 'CURRENT_DATE' && first === undefined)
    return converted('DATE', { micros: context.nowMicros, isDate: false })
  if (first === undefined || !isExpression(first)) return undefined
  if (name === 'DATE' || name === 'TIMESTAMP' || name === 'DATETIME') {
    if (second === undefined) return converted(name, momentOf(first, context))
    return name === 'DATE' ? dateOfParts([first, second, ...rest]) : undefined
  }
  const shift = /^(?:DATE|TIMESTAMP|DATETIME)_(ADD|SUB)$/.exec(name)
  if (shift !== null && second?.kind === 'interval')
    return shifted(momentOf(first, context), second, shift[1] === 'ADD' ? 1 : -1)
  return undefined
}

/** DATE(2026, 3, 1) */
function dateOfParts(args: readonly ast.Argument[]): Moment | undefined {
  const [year, month, day, more] = args.map((arg) => (arg.kind === 'int' ? Number(arg.text) : undefined))
  if (year === undefined || month === undefined || day === undefined || more !== undefined) return undefined
  return { micros: microsOfDate(year, month - 1, day), isDate: true }
}

/** `day - 7`, `ts + INTERVAL 1 DAY` */
function momentOfSum({ operator, left, right }: ast.Binary, context: MomentContext): Moment | undefined {
  if (operator !== '+' && operator !== '-') return undefined
  const moment = momentOf(left, context)
  const sign = operator === '+' ? 1 : -1
  if (right.kind === 'interval') return shifted(moment, right, sign)
  if (moment?.isDate !== true || right.kind !== 'int') return undefined
  return { ...moment, micros: moment.micros + sign * Number(right.text) * dayMicros }
}

function shifted(
  moment: Moment | undefined,
  { value, part, to }: ast.IntervalExpression,
  sign: 1 | -1,
): Moment | undefined {
  if (moment === undefined || to !== undefined || value.kind !== 'int') return undefined
  const amount = sign * Number(value.text)
  const micros = partMicros[part.name]
  if (micros !== undefined) return { ...moment, micros: moment.micros + amount * micros }
  const months = { MONTH: 1, QUARTER: 3, YEAR: 12 }[part.name]
  if (months === undefined) return undefined
  const date = new Date(Math.floor(moment.micros / 1000))
  const target = new Date(microsOfDate(date.getUTCFullYear(), date.getUTCMonth() + amount * months, 1) / 1000)
  const endOfMonth = new Date(microsOfDate(target.getUTCFullYear(), target.getUTCMonth() + 1, 0) / 1000)
  const lastDay = endOfMonth.getUTCDate()
  const day = Math.min(date.getUTCDate(), lastDay)
  const ofDay = ((moment.micros % dayMicros) + dayMicros) % dayMicros
  return { ...moment, micros: microsOfDate(target.getUTCFullYear(), target.getUTCMonth(), day) + ofDay }
}

export function isExpression(argument: ast.Argument): argument is ast.Expression {
  const { kind } = argument
  return kind !== 'star-argument' && kind !== 'named-argument' && kind !== 'lambda' && kind !== 'table-argument'
}
