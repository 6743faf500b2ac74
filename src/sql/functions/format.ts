// FORMAT: a constant format is taken apart when the query is compiled, any other row by row (format-value.ts).
import { castSql } from '../lower/cast.ts'
import { text, typeName } from '../type-names.ts'
import { type FormatPart, type FormatPiece, readFormat, starsOf, type ValueKind, wantedBy } from './format-spec.ts'
import { tooMany, wrongType } from './format-value.ts'
import type { FunctionRow, LoweredArgument, LoweringCall } from './function-row.ts'
import { normalJson, valueText } from './value-text.ts'

const kinds: Readonly<Record<string, ValueKind>> = {
  INT64: 'i',
  FLOAT64: 'f',
  NUMERIC: 'n',
  BIGNUMERIC: 'n',
  STRING: 's',
  JSON: 'j',
}

function kindOf({ type }: LoweredArgument): ValueKind {
  return kinds[type.kind] ?? 'o'
}

/** The value as text, from which JavaScript reads it again; NULL stays NULL. */
function rawText({ sql, type }: LoweredArgument): string {
  if (type.kind === 'JSON') return normalJson(sql)
  if (type.kind === 'FLOAT64') return `CAST(${sql} AS VARCHAR)`
  return castSql(sql, type, { kind: 'STRING' }) ?? 'CAST(NULL AS VARCHAR)'
}

function lowerFormat(call: LoweringCall): string {
  const [format, ...values] = call.args
  if (format === undefined) throw new Error('BUG: FORMAT without a format')
  if (format.constant === null) return 'CAST(NULL AS VARCHAR)'
  if (typeof format.constant !== 'string') return lowerRows(call, format, values)
  const parts = readParts(call, format.constant)
  const wanted = parts.reduce((sum, part) => sum + (typeof part === 'string' ? 0 : starsOf(part) + 1), 0)
  if (wanted !== values.length) call.invalid(tooMany(format.constant, wanted, values.length))
  const shown: string[] = []
  let next = 0
  for (const part of parts) {
    if (typeof part === 'string') {
      shown.push(text(part))
      continue
    }
    const count = starsOf(part)
    shown.push(
      lowerPiece(
        call,
        part,
        values.slice(next, next + count),
        values[next + count] as LoweredArgument,
        next + count + 2,
      ),
    )
    next += count + 1
  }
  return shown.length === 0 ? "''" : `(${shown.join(' || ')})`
}

function readParts(call: LoweringCall, format: string): FormatPart[] {
  try {
    return readFormat(format)
  } catch (error) {
    return call.invalid(error instanceof Error ? error.message : String(error))
  }
}

function lowerPiece(
  call: LoweringCall,
  piece: FormatPiece,
  stars: readonly LoweredArgument[],
  value: LoweredArgument,
  position: number,
): string {
  for (const [index, star] of stars.entries()) {
    if (star.type.kind !== 'INT64')
      call.invalid(wrongType(position - stars.length + index, 'integer', typeName(star.type)))
  }
  const kind = kindOf(value)
  const wants = wantedBy(piece.conversion, kind)
  if (wants !== undefined) call.invalid(wrongType(position, wants, typeName(value.type)))
  const raw = rawOf(call, piece.conversion, value)
  const isPlain = piece.flags === '' && piece.width === '' && piece.precision === undefined
  if (isPlain && 'distTp'.includes(piece.conversion)) return raw
  const spec = `${piece.flags}${piece.width}${piece.precision === undefined ? '' : `.${piece.precision}`}${piece.conversion}`
  return `bq_js_format_piece(${text(spec)}, CAST([${stars.map(({ sql }) => sql).join(', ')}] AS BIGINT[]), '${kind}', ${raw})`
}

function rawOf(call: LoweringCall, conversion: string, value: LoweredArgument): string {
  if (value.constant === null) return conversion === 't' || conversion === 'T' ? "'NULL'" : 'CAST(NULL AS VARCHAR)'
  if (conversion === 't') return valueText(call, value.sql, value.type, 'plain')
  return conversion === 'T' ? valueText(call, value.sql, value.type, 'literal') : rawText(value)
}

function lowerRows(call: LoweringCall, format: LoweredArgument, values: readonly LoweredArgument[]): string {
  const fields = values.flatMap((value) => [
    text(kindOf(value)),
    text(typeName(value.type)),
    rawOf(call, 's', value),
    rawOf(call, 't', value),
    rawOf(call, 'T', value),
  ])
  return `bq_js_format_row(${format.sql}, CAST([${fields.join(', ')}] AS VARCHAR[]))`
}

export const formatFunctions: readonly FunctionRow[] = [
  { signature: 'FORMAT(STRING, [ANY]...) -> STRING', lower: lowerFormat },
]
