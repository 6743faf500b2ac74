// The engine's values as texts of parameters (contract.ts ParameterValue): what a script's variables are kept as.
import type { ParameterValue } from '../contract.ts'
import type { SqlType } from '../../sql/types.ts'
import type { EngineInterval, EngineValue } from '../../warehouse/session.ts'
import { valueText } from './value-text.ts'
import { dateText, dayAndTime, intervalText, timeText } from './time-text.ts'

export function parameterValue(value: EngineValue, type: SqlType): ParameterValue {
  if (value === null) return null
  switch (type.kind) {
    case 'ARRAY':
      return (value as readonly EngineValue[]).map((item) => parameterValue(item, type.element))
    case 'STRUCT':
      return type.fields.map((field, index) =>
        parameterValue((value as readonly EngineValue[])[index] ?? null, field.type),
      )
    case 'RANGE': {
      const [start = null, end = null] = value as readonly EngineValue[]
      const bound = (one: EngineValue): string => String(parameterValue(one, type.element) ?? 'UNBOUNDED')
      return `[${bound(start)}, ${bound(end)})`
    }
    case 'BYTES':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'DATE':
      return dateText(Number(value))
    case 'TIME':
      return timeText(value as bigint)
    case 'DATETIME':
      return dateAndTime(value as bigint)
    case 'TIMESTAMP':
      return `${dateAndTime(value as bigint)}+00`
    case 'INTERVAL':
      return intervalText(value as EngineInterval)
    case 'FLOAT64':
      return floatText(Number(value))
    default:
      return valueText(value)
  }
}

function dateAndTime(micros: bigint): string {
  const { days, time } = dayAndTime(micros)
  return `${dateText(days)} ${timeText(time)}`
}

function floatText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  if (Number.isNaN(value)) return 'NaN'
  return value > 0 ? 'Infinity' : '-Infinity'
}
