// A value of the engine -> Postgres' binary form of its announced type.
import type { EngineInterval, EngineType, EngineValue } from '../../../warehouse/session.ts'
import type { Output } from '../wire/output.ts'
import { textEncoder } from './encode-text.ts'
import { writeNumeric } from './numeric.ts'
import { elementOids, oids } from './oids.ts'
import type { Zone } from './time-text.ts'

/** Writes the value without its length. Never called with NULL. */
export type BinaryWriter = (out: Output, value: EngineValue) => void

/** Postgres counts from 2000. */
const epochDays = 10_957
const epochMicros = 946_684_800_000_000n
const infinity = 2n ** 63n - 1n

export function binaryWriter(type: EngineType, oid: number, zone: Zone): BinaryWriter {
  const element = elementOids.get(oid)
  if (element !== undefined && type.kind === 'LIST') return arrayWriter(type.element, element, zone)
  return scalarWriters[oid] ?? asText(type, zone)
}

function asText(type: EngineType, zone: Zone): BinaryWriter {
  const encode = textEncoder(type, zone)
  return (out, value) => out.chars(encode(value))
}

const scalarWriters: Partial<Record<number, BinaryWriter>> = {
  [oids.bool]: (out, value) => out.byte(value === true ? 1 : 0),
  [oids.int2]: (out, value) => out.int16(Number(value)),
  [oids.int4]: (out, value) => out.int32(Number(value)),
  [oids.oid]: (out, value) => out.int32(Number(value)),
  [oids.int8]: (out, value) => out.int64(BigInt(value as bigint | number)),
  [oids.float4]: (out, value) => out.float(Number(value)),
  [oids.float8]: (out, value) => out.double(Number(value)),
  [oids.numeric]: (out, value) => {
    writeNumeric(out, `${value as bigint | string}`)
  },
  [oids.bytea]: (out, value) => out.raw(value as Uint8Array),
  [oids.date]: (out, value) => {
    const days = Number(value)
    out.int32(Number.isFinite(days) ? days - epochDays : days > 0 ? 0x7fff_ffff : -0x8000_0000)
  },
  [oids.time]: (out, value) => out.int64(value as bigint),
  [oids.timestamp]: writeInstant,
  [oids.timestamptz]: writeInstant,
  [oids.interval]: (out, value) => {
    const { months, days, micros } = value as EngineInterval
    out.int64(micros).int32(days).int32(months)
  },
  [oids.uuid]: (out, value) => out.raw(Buffer.from((value as string).replaceAll('-', ''), 'hex')),
}

function writeInstant(out: Output, value: EngineValue): void {
  const micros = value as bigint
  if (micros >= infinity) out.int64(infinity)
  else if (micros <= -infinity) out.int64(-infinity - 1n)
  else out.int64(micros - epochMicros)
}

function arrayWriter(type: EngineType, oid: number, zone: Zone): BinaryWriter {
  const write = binaryWriter(type, oid, zone)
  return (out, value) => {
    const items = value as readonly EngineValue[]
    out
      .int32(items.length === 0 ? 0 : 1)
      .int32(items.includes(null) ? 1 : 0)
      .int32(oid)
    if (items.length === 0) return
    out.int32(items.length).int32(1)
    for (const item of items) {
      if (item === null) {
        out.int32(-1)
        continue
      }
      const at = out.skipLength()
      write(out, item)
      out.fillLength(at)
    }
  }
}
