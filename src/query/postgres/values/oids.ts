// The engine's types -> Postgres' types, as they are announced.
import type { EngineScalarKind, EngineType } from '../../../warehouse/session.ts'

export const oids = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  text: 25,
  oid: 26,
  json: 114,
  float4: 700,
  float8: 701,
  unknown: 705,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  numeric: 1700,
  uuid: 2950,
  jsonb: 3802,
} as const

/** Element -> array. */
export const arrayOids: ReadonlyMap<number, number> = new Map([
  [oids.bool, 1000],
  [oids.bytea, 1001],
  [oids.char, 1002],
  [oids.name, 1003],
  [oids.int2, 1005],
  [oids.int4, 1007],
  [oids.text, 1009],
  [oids.bpchar, 1014],
  [oids.varchar, 1015],
  [oids.int8, 1016],
  [oids.float4, 1021],
  [oids.float8, 1022],
  [oids.oid, 1028],
  [oids.timestamp, 1115],
  [oids.date, 1182],
  [oids.time, 1183],
  [oids.timestamptz, 1185],
  [oids.interval, 1187],
  [oids.numeric, 1231],
  [oids.json, 199],
  [oids.uuid, 2951],
  [oids.jsonb, 3807],
])

export const elementOids: ReadonlyMap<number, number> = new Map(
  [...arrayOids].map(([element, array]) => [array, element]),
)

const sizes: ReadonlyMap<number, number> = new Map([
  [oids.bool, 1],
  [oids.int2, 2],
  [oids.int4, 4],
  [oids.int8, 8],
  [oids.oid, 4],
  [oids.float4, 4],
  [oids.float8, 8],
  [oids.date, 4],
  [oids.time, 8],
  [oids.timestamp, 8],
  [oids.timestamptz, 8],
  [oids.interval, 16],
  [oids.uuid, 16],
  [oids.name, 64],
])

export function sizeOf(oid: number): number {
  return sizes.get(oid) ?? -1
}

const scalars: Record<EngineScalarKind, number> = {
  BOOLEAN: oids.bool,
  TINYINT: oids.int2,
  SMALLINT: oids.int2,
  INTEGER: oids.int4,
  BIGINT: oids.int8,
  UTINYINT: oids.int2,
  USMALLINT: oids.int4,
  UINTEGER: oids.int8,
  UBIGINT: oids.numeric,
  HUGEINT: oids.numeric,
  UHUGEINT: oids.numeric,
  FLOAT: oids.float4,
  DOUBLE: oids.float8,
  VARCHAR: oids.text,
  JSON: oids.json,
  BLOB: oids.bytea,
  DATE: oids.date,
  TIME: oids.time,
  TIMESTAMP: oids.timestamp,
  TIMESTAMPTZ: oids.timestamptz,
  INTERVAL: oids.interval,
  UUID: oids.uuid,
  NULL: oids.text,
}

/** Whole numbers too large for int8, by their digits. */
const wideDigits: Partial<Record<EngineScalarKind, number>> = { UBIGINT: 20, HUGEINT: 39, UHUGEINT: 39 }

/** `isCatalog`: the catalogue keeps its oids as UINTEGER, and clients want them as such. */
export function oidOf(type: EngineType, isCatalog: boolean): number {
  switch (type.kind) {
    case 'DECIMAL':
      return oids.numeric
    case 'LIST': {
      const { kind } = type.element
      // Lists of lists may be ragged, which Postgres' arrays can't be.
      if (kind === 'LIST' || kind === 'STRUCT' || kind === 'MAP') return oids.json
      return arrayOids.get(oidOf(type.element, isCatalog)) ?? oids.json
    }
    case 'STRUCT':
    case 'MAP':
      return oids.json
    case 'OTHER':
      return oids.text
    default:
      return isCatalog && type.kind === 'UINTEGER' ? oids.oid : scalars[type.kind]
  }
}

export function modifierOf(type: EngineType): number {
  if (type.kind === 'DECIMAL') return numericModifier(type.width, type.scale)
  if (type.kind === 'LIST') return modifierOf(type.element)
  const digits = 'name' in type || 'fields' in type || 'key' in type ? undefined : wideDigits[type.kind]
  return digits === undefined ? -1 : numericModifier(digits, 0)
}

function numericModifier(width: number, scale: number): number {
  return ((width << 16) | scale) + 4
}
