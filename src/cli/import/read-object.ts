// Reads a text as an object of JSON, or says why it is none. Never throws, and what it lets through can be written again.
import { isNestedDeeperThan, withoutBareWords } from '../../core/json-text.ts'
import { parseJson } from './exact-json.ts'
import { isObject, type Json } from './values.ts'

/** The engine refuses a whole batch that nests deeper than 1,000. */
const depthMax = 900

export interface ReadObject {
  readonly value: Json
  /** As it was read, or with null for NaN and infinities, which no JSON is. */
  readonly text: string
}

export interface NoObject {
  readonly value: undefined
  /** As a sentence. */
  readonly reason: string
}

export function readObject(text: string): ReadObject | NoObject {
  if (isTooDeep(text)) return { value: undefined, reason: `it nests deeper than ${depthMax} levels` }
  const whole = tryJson(text)
  const repaired = whole === undefined ? withoutBareWords(text) : undefined
  const value = repaired === undefined ? whole : tryJson(repaired)
  if (!isObject(value)) return { value: undefined, reason: 'it is no JSON object' }
  return { value, text: repaired ?? text }
}

/** Each level takes two signs, or it is no JSON. */
function isTooDeep(text: string): boolean {
  return text.length > 2 * depthMax && isNestedDeeperThan(text, depthMax)
}

/** Undefined: no JSON. */
function tryJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
