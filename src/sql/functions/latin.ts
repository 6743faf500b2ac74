// BYTES run through the lowerings of STRING: each byte becomes the letter of its number (Latin-1), and back.
import type { FunctionRow, LoweredArgument, Lowering, LoweringCall } from './function-row.ts'
import type { SqlType } from '../types.ts'

/** The row of BYTES that does what `lower` does to STRING. */
export function overBytes(signature: string, lower: Lowering, note?: string): FunctionRow {
  return { signature, lower: (call) => lowerOverBytes(call, lower), ...(note === undefined ? {} : { note }) }
}

function lowerOverBytes(call: LoweringCall, lower: Lowering): string {
  const args = call.args.map((argument) => (argument.type.kind === 'BYTES' ? asText(argument) : argument))
  const sql = typeof lower === 'string' ? filled(lower, args) : lower({ ...call, args })
  return asBytes(sql, call.result)
}

function asText(argument: LoweredArgument): LoweredArgument {
  const hex = /^unhex\('([0-9a-f]*)'\)$/.exec(argument.sql)?.[1] ?? (argument.sql === "''::BLOB" ? '' : undefined)
  const constant = hex === undefined ? argument.constant : Buffer.from(hex, 'hex').toString('latin1')
  return { ...argument, sql: `bq_js_latin(${argument.sql})`, constant, type: { kind: 'STRING' } }
}

function asBytes(sql: string, result: SqlType): string {
  if (result.kind === 'BYTES') return `bq_js_unlatin(${sql})`
  if (result.kind !== 'ARRAY' || result.element.kind !== 'BYTES') return sql
  return `list_transform(${sql}, lambda bq_part: bq_js_unlatin(bq_part))`
}

function filled(template: string, args: readonly LoweredArgument[]): string {
  return template.replace(/\$(\d+|\*)/g, (_all, which: string) =>
    which === '*' ? args.map(({ sql }) => sql).join(', ') : (args[Number(which) - 1]?.sql ?? 'NULL'),
  )
}
