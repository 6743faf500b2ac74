// Labels of jobs, by the rules of BigQuery (docs: requirements for labels). What breaks them is refused where it comes in.
import { invalid } from './google-error.ts'

const countMax = 64
/** Letters without a case (`標`) are letters, too. */
const keyShape = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{M}\p{Nd}_-]{0,62}$/u
const valueShape = /^[\p{Ll}\p{Lo}\p{M}\p{Nd}_-]{0,63}$/u

/** Later pairs win. Error: invalid. */
export function checkedLabels(pairs: readonly (readonly [string, string | null])[]): Record<string, string> {
  if (pairs.length > countMax) throw invalid(`A job has at most ${countMax} labels`, 'labels')
  return Object.fromEntries(pairs.map(([key, value]) => checked(key, value ?? '')))
}

function checked(key: string, value: string): readonly [string, string] {
  const rule = 'only lower-case letters, digits, underscores and dashes, at most 63 of them'
  if (!keyShape.test(key))
    throw invalid(`Label key "${key.slice(0, 100)}" is invalid: it begins with a lower-case letter and has ${rule}`)
  if (!valueShape.test(value))
    throw invalid(`Label value "${value.slice(0, 100)}" of key "${key}" is invalid: it has ${rule}`)
  return [key, value]
}
