// JSONPath as BigQuery reads it: `$.key[0]."quoted"`, and `['quoted']` in the legacy functions.

export interface PathStep {
  readonly text: string
  /** Written in brackets as a number. */
  readonly isIndex: boolean
}

export type PathMode = 'standard' | 'legacy' | 'strict'

const forms: Readonly<Record<PathMode, RegExp>> = {
  standard: /\."((?:[^"\\]|\\[^])*)"|\.([\p{L}\p{N}_\-: \t\n\v\f\r]+)|\[ *(-?\d+) *\]/uy,
  legacy:
    /\[ *'((?:[^'\\]|\\[^])*)' *\]|(?:\.([\p{L}\p{N}_\-: \t\n\v\f\r]+))|\[ *(-?\d+) *\]|\[([\p{L}\p{N}_\-: \t\n\v\f\r]+)\]/uy,
  strict: /\."((?:[^"\\]|\\[^])*)"|\.([\p{L}\p{N}_\-: \t\n\v\f\r]+)|\[ *(\d+) *\]/uy,
}

const stepsMax = 500

/** Throws BigQuery's message. */
export function readPath(path: string, mode: PathMode): PathStep[] {
  if (!path.startsWith('$')) throw new Error("JSONPath must start with '$'")
  const form = forms[mode]
  const steps: PathStep[] = []
  let at = 1
  while (at < path.length) {
    form.lastIndex = at
    const match = form.exec(path)
    if (match === null) throw wrongToken(path, at, mode)
    const [all, quoted, plain, index, legacy] = match
    if (quoted !== undefined)
      steps.push({
        text: quoted.replaceAll(mode === 'legacy' ? "\\'" : '\\"', mode === 'legacy' ? "'" : '"'),
        isIndex: false,
      })
    else if (index !== undefined) steps.push({ text: String(BigInt(index)), isIndex: true })
    else steps.push({ text: plain ?? legacy ?? '', isIndex: false })
    at += all.length
    if (steps.length > stepsMax) throw new Error('JSONPath is too long')
  }
  return steps
}

function wrongToken(path: string, at: number, mode: PathMode): Error {
  const operator = /^[^"']*?(\.\.|[*@])/.exec(path.slice(at))?.[1]
  if (operator !== undefined && mode !== 'strict') return new Error(`Unsupported operator in JSONPath: ${operator}`)
  return new Error(`Invalid token in JSONPath at: ${path.slice(at)}`)
}

/** As a JSON pointer, which finds members by name and elements by number just as BigQuery does. */
export function pointerOf(steps: readonly PathStep[]): string {
  return steps.map(({ text }) => `/${text.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
