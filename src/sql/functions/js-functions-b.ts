// What numbers, dates and times need JavaScript for. Every function answers NULL as soon as an argument is NULL.
import type { TimeKind } from './civil-time.ts'
import { decimalCall, parseDecimal, roundFloat } from './decimal.ts'
import { formatTime } from './format-time.ts'
import { parseTime } from './parse-time.ts'
import { isZoneName } from './time-zone.ts'
import { readTimestamp } from './timestamp-text.ts'

type Value = string | number | bigint | boolean | null | Uint8Array

interface JsFunction {
  readonly name: string
  readonly parameters: readonly string[]
  readonly result: string
  readonly call: (...args: readonly unknown[]) => Value
}

function define(
  name: string,
  parameters: readonly string[],
  result: string,
  call: (...args: Value[]) => Value,
): JsFunction {
  return {
    name,
    parameters,
    result,
    call: (...args) => (args.some((arg) => arg === null || arg === undefined) ? null : call(...(args as Value[]))),
  }
}

export const jsFunctionsB: readonly JsFunction[] = [
  define('bq_js_fail', ['VARCHAR'], 'VARCHAR', (message) => {
    throw new Error(String(message))
  }),
  define('bq_js_numeric', ['VARCHAR', 'VARCHAR', 'VARCHAR', 'BIGINT'], 'VARCHAR', (name, left, right, scale) =>
    decimalCall(String(name), String(left), String(right), Number(scale)),
  ),
  define('bq_js_parse_decimal', ['VARCHAR', 'BIGINT'], 'VARCHAR', (input, scale) =>
    parseDecimal(String(input), Number(scale)),
  ),
  define('bq_js_round', ['DOUBLE', 'BIGINT'], 'DOUBLE', (value, places) =>
    roundFloat(Number(value), Number(places), 'round'),
  ),
  define('bq_js_trunc', ['DOUBLE', 'BIGINT'], 'DOUBLE', (value, places) =>
    roundFloat(Number(value), Number(places), 'trunc'),
  ),
  define('bq_js_format_time', ['VARCHAR', 'VARCHAR', 'BIGINT', 'BIGINT'], 'VARCHAR', (kind, format, micros, offset) =>
    formatTime(String(kind) as TimeKind, String(format), BigInt(String(micros)), Number(offset)),
  ),
  define('bq_js_parse_time', ['VARCHAR', 'VARCHAR', 'VARCHAR'], 'VARCHAR', (kind, format, input) =>
    parseTime(String(kind) as TimeKind, String(format), String(input)),
  ),
  define('bq_js_is_zone', ['VARCHAR'], 'BOOLEAN', (name) => isZoneName(String(name))),
  define('bq_js_read_timestamp', ['VARCHAR', 'BOOLEAN'], 'VARCHAR', (input, mayHaveZone) =>
    readTimestamp(String(input), mayHaveZone === true),
  ),
]
