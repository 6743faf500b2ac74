// The messages that a server says, by name.
import type { PgError } from '../sqlstate.ts'
import type { Output } from './output.ts'

export type TransactionLetter = 'I' | 'T' | 'E'

export interface WireColumn {
  readonly name: string
  readonly oid: number
  /** Bytes of a value, -1 if it varies. */
  readonly size: number
  readonly modifier: number
}

export function sayAuthentication(out: Output, code: number, data?: Uint8Array): void {
  out.begin('R').int32(code)
  if (data !== undefined) out.raw(data)
  out.end()
}

export function sayParameter(out: Output, name: string, value: string): void {
  out.begin('S').text(name).text(value).end()
}

export function sayKey(out: Output, pid: number, secret: number): void {
  out.begin('K').int32(pid).int32(secret).end()
}

export function sayReady(out: Output, letter: TransactionLetter): void {
  out.begin('Z').byte(letter.charCodeAt(0)).end()
}

export function sayNegotiate(out: Output, minor: number, unknown: readonly string[]): void {
  out.begin('v').int32(minor).int32(unknown.length)
  for (const name of unknown) out.text(name)
  out.end()
}

export function sayComplete(out: Output, tag: string): void {
  out.begin('C').text(tag).end()
}

/** ParseComplete 1, BindComplete 2, CloseComplete 3, EmptyQuery I, NoData n, PortalSuspended s, CopyDone c. */
export function sayBare(out: Output, type: '1' | '2' | '3' | 'I' | 'n' | 's' | 'c'): void {
  out.begin(type).end()
}

export function sayParameterTypes(out: Output, oids: readonly number[]): void {
  out.begin('t').int16(oids.length)
  for (const oid of oids) out.int32(oid)
  out.end()
}

export function sayColumns(out: Output, columns: readonly WireColumn[], formats: readonly number[]): void {
  out.begin('T').int16(columns.length)
  for (const [index, column] of columns.entries()) {
    out.text(column.name).int32(0).int16(0).int32(column.oid).int16(column.size).int32(column.modifier)
    out.int16(formats[index] ?? 0)
  }
  out.end()
}

export function sayCopy(out: Output, type: 'G' | 'H', columns: number): void {
  out.begin(type).byte(0).int16(columns)
  for (let index = 0; index < columns; index += 1) out.int16(0)
  out.end()
}

export function sayError(out: Output, error: PgError, position: number | undefined): void {
  sayReport(out, 'E', error.isFatal ? 'FATAL' : 'ERROR', error.state, error.message, {
    D: error.detail,
    H: error.hint,
    P: position === undefined ? undefined : String(position),
  })
}

export function sayNotice(out: Output, severity: 'NOTICE' | 'WARNING', state: string, message: string): void {
  sayReport(out, 'N', severity, state, message, {})
}

function sayReport(
  out: Output,
  type: 'E' | 'N',
  severity: string,
  state: string,
  message: string,
  more: Readonly<Record<string, string | undefined>>,
): void {
  out.begin(type)
  const fields = { S: severity, V: severity, C: state, M: message, ...more }
  for (const [letter, value] of Object.entries(fields)) {
    if (value !== undefined) out.byte(letter.charCodeAt(0)).text(value)
  }
  out.byte(0).end()
}
