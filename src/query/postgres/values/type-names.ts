// Names of types as SQL writes them -> oids.
import { arrayOids, oids } from './oids.ts'

interface Word {
  readonly lower: string
  readonly value: string
  readonly text: string
}

const names: Record<string, number> = {
  bool: oids.bool,
  boolean: oids.bool,
  bytea: oids.bytea,
  blob: oids.bytea,
  int8: oids.int8,
  bigint: oids.int8,
  int2: oids.int2,
  smallint: oids.int2,
  int4: oids.int4,
  int: oids.int4,
  integer: oids.int4,
  text: oids.text,
  name: oids.text,
  json: oids.json,
  jsonb: oids.jsonb,
  oid: oids.oid,
  float4: oids.float4,
  real: oids.float4,
  float8: oids.float8,
  double: oids.float8,
  varchar: oids.varchar,
  bpchar: oids.bpchar,
  character: oids.varchar,
  char: oids.bpchar,
  date: oids.date,
  time: oids.time,
  timestamp: oids.timestamp,
  timestamptz: oids.timestamptz,
  interval: oids.interval,
  numeric: oids.numeric,
  decimal: oids.numeric,
  uuid: oids.uuid,
}

/** undefined: a type that isn't one of ours, or one that is no type of a value (regclass). */
export function typeOid(tokens: readonly Word[], start: number): number | undefined {
  let at = start
  if (tokens[at]?.lower === 'pg_catalog') at += 2
  const word = tokens[at]?.lower ?? ''
  let oid = Object.hasOwn(names, word) ? names[word] : undefined
  if (oid === undefined) return undefined
  at += 1
  if (tokens[at]?.lower === 'precision' || tokens[at]?.lower === 'varying') at += 1
  if (tokens[at]?.text === '(') while (at < tokens.length && tokens[at]?.text !== ')') at += 1
  if (tokens[at]?.text === ')') at += 1
  if (tokens[at]?.lower === 'with' && tokens[at + 1]?.lower === 'time') {
    if (oid === oids.timestamp) oid = oids.timestamptz
    at += 3
  }
  return tokens[at]?.text === '[' ? arrayOids.get(oid) : oid
}
