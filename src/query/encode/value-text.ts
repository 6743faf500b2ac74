// The text of a value that is a text, a number or a boolean already: nested values have their own writers.
import type { EngineValue } from '../../warehouse/session.ts'

export function valueText(value: EngineValue): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
