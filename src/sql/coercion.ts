// Which type becomes which by itself, by BigQuery's conversion rules. Only types are looked at here; lower/coerce.ts writes the SQL.
import { sameShape, sameType, scalar } from './type-names.ts'
import type { ScalarKind, SqlType, StructField } from './types.ts'

/**
 * What is known of an expression beside its type, because literals coerce wider than other expressions.
 *   value      any expression
 *   literal    a literal, or an expression made of one (-1)
 *   parameter  a query parameter
 *   null       NULL, or a parameter without a type: becomes anything
 *   error      a call of ERROR: gives no value, so it becomes anything
 *   made       an array or struct constructor without a type: its parts decide
 */
export type Origin = 'value' | 'literal' | 'parameter' | 'null' | 'error' | 'made'

export interface Typed {
  readonly type: SqlType
  readonly origin: Origin
  /** Of 'made'. */
  readonly parts?: readonly Typed[] | undefined
}

const implicit: Readonly<Partial<Record<ScalarKind, readonly ScalarKind[]>>> = {
  INT64: ['FLOAT64', 'NUMERIC', 'BIGNUMERIC'],
  NUMERIC: ['BIGNUMERIC', 'FLOAT64'],
  BIGNUMERIC: ['FLOAT64'],
  DATE: ['DATETIME'],
}

const ofLiteral: Readonly<Partial<Record<ScalarKind, readonly ScalarKind[]>>> = {
  FLOAT64: ['NUMERIC', 'BIGNUMERIC'],
  STRING: ['DATE', 'TIME', 'DATETIME', 'TIMESTAMP'],
}

const ofParameter: typeof ofLiteral = { STRING: ['DATE', 'TIME', 'DATETIME', 'TIMESTAMP'] }

export function becomesAnything({ origin }: Typed): boolean {
  return origin === 'null' || origin === 'error'
}

/** Steps from one type to another: 0 the same, more the further away; undefined: it doesn't become that by itself. */
export function coercionCost(from: Typed, to: SqlType): number | undefined {
  if (becomesAnything(from)) return 0
  if (sameType(from.type, to)) return 0
  if (from.origin === 'made') return costOfMade(from, to)
  const { type } = from
  if (sameShape(type, to)) return 1
  if (type.kind === 'STRUCT' && to.kind === 'STRUCT') return costOfFields(type.fields, to.fields)
  const steps = implicit[type.kind as ScalarKind]?.indexOf(to.kind as ScalarKind) ?? -1
  if (steps >= 0) return steps + 2
  if (from.origin === 'literal') return costIn(ofLiteral, type, to)
  if (from.origin === 'parameter') return costIn(ofParameter, type, to)
  return undefined
}

function costIn(table: typeof ofLiteral, from: SqlType, to: SqlType): number | undefined {
  const steps = table[from.kind as ScalarKind]?.indexOf(to.kind as ScalarKind) ?? -1
  return steps < 0 ? undefined : steps + 10
}

function costOfMade({ type, parts = [] }: Typed, to: SqlType): number | undefined {
  if (type.kind === 'ARRAY' && to.kind === 'ARRAY') return worst(parts.map((part) => coercionCost(part, to.element)))
  if (type.kind === 'STRUCT' && to.kind === 'STRUCT' && parts.length === to.fields.length) {
    return worst(parts.map((part, index) => coercionCost(part, to.fields[index]?.type ?? to)))
  }
  return undefined
}

function costOfFields(from: readonly StructField[], to: readonly StructField[]): number | undefined {
  if (from.length !== to.length) return undefined
  return worst(from.map(({ type }, index) => coercionCost({ type, origin: 'value' }, to[index]?.type ?? type)))
}

function worst(costs: readonly (number | undefined)[]): number | undefined {
  let most = 1
  for (const cost of costs) {
    if (cost === undefined) return undefined
    most = Math.max(most, cost)
  }
  return most
}

/** The type that all become; undefined: there is none. NULLs alone are INT64, as in BigQuery. */
export function supertypeOf(all: readonly Typed[]): SqlType | undefined {
  const known = all.filter((one) => !becomesAnything(one))
  if (known.length === 0) return all[0]?.type ?? scalar.INT64
  const isMade = known.some(({ origin }) => origin === 'made')
  if (isMade) return ofStructs(known) ?? ofArrays(known) ?? firstCommon(known)
  return firstCommon(known) ?? ofStructs(known) ?? ofArrays(known)
}

function firstCommon(known: readonly Typed[]): SqlType | undefined {
  const firm = known.filter(({ origin }) => origin === 'value')
  for (const group of [firm, known]) {
    for (const candidate of candidates(group)) {
      if (known.every((one) => coercionCost(one, candidate) !== undefined)) return candidate
    }
  }
  return undefined
}

/** The types that stand there, and above numbers FLOAT64 (NUMERIC and FLOAT64 meet there). */
function candidates(group: readonly Typed[]): SqlType[] {
  const unique: SqlType[] = []
  for (const { type } of group) if (!unique.some((one) => sameType(one, type))) unique.push(type)
  return unique
}

function ofStructs(all: readonly Typed[]): SqlType | undefined {
  const [first] = all
  if (first?.type.kind !== 'STRUCT') return undefined
  const fields: StructField[] = []
  for (const [index, { name }] of first.type.fields.entries()) {
    const column: Typed[] = []
    for (const one of all) {
      const field = one.type.kind === 'STRUCT' ? one.type.fields[index] : undefined
      if (field === undefined || (one.type.kind === 'STRUCT' && one.type.fields.length !== first.type.fields.length))
        return undefined
      column.push(one.parts?.[index] ?? { type: field.type, origin: 'value' })
    }
    const type = supertypeOf(column)
    if (type === undefined) return undefined
    fields.push({ name, type })
  }
  return { kind: 'STRUCT', fields }
}

function ofArrays(all: readonly Typed[]): SqlType | undefined {
  const parts: Typed[] = []
  for (const one of all) {
    if (one.type.kind !== 'ARRAY') return undefined
    if (one.origin === 'made') parts.push(...(one.parts ?? []))
    else parts.push({ type: one.type.element, origin: 'value' })
  }
  if (!all.some(({ origin }) => origin === 'made')) return undefined
  const element = supertypeOf(parts)
  return element === undefined ? undefined : { kind: 'ARRAY', element }
}
