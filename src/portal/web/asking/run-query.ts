// A query's answer as it streams in: NDJSON lines become columns. The browser keeps so many rows and then hangs up, which ends
// the job: who wants all of them downloads a file.
import type { QueryAsked, QueryColumnAnswer, QueryEndAnswer } from '../../api/answers.ts'
import { ApiError, askRaw } from './ask.ts'

export const rowsShownMax = 10_000
/** So many at one time go to the page; more often would only make it flicker. */
const tellIntervalMs = 100

export interface QueryRows {
  readonly columns: readonly QueryColumnAnswer[]
  /** One array of values a column. */
  readonly values: readonly (readonly unknown[])[]
  readonly count: number
  /** There are more; the browser took no more. */
  readonly isCut: boolean
  readonly end: QueryEndAnswer | undefined
}

type Line =
  | { readonly columns: readonly QueryColumnAnswer[] }
  | { readonly row: readonly unknown[] }
  | { readonly end: QueryEndAnswer }
  | { readonly error: { readonly code: string; readonly message: string } }

export async function runQuery(
  asked: QueryAsked,
  signal: AbortSignal,
  tell?: (rows: QueryRows) => void,
): Promise<QueryRows> {
  return runLines('/api/query', asked, signal, tell)
}

/** Of any route that answers rows as lines. Aborting `signal` cancels the job. Error: ApiError, or the AbortError of the signal. */
export async function runLines(
  path: string,
  asked: object,
  signal: AbortSignal,
  tell: (rows: QueryRows) => void = () => undefined,
): Promise<QueryRows> {
  const response = await askRaw(path, { json: asked, signal })
  const collected = new Collected()
  let toldAtMs = performance.now()
  for await (const text of linesOf(response)) {
    collected.add(JSON.parse(text) as Line)
    if (collected.isCut) break
    if (performance.now() - toldAtMs < tellIntervalMs) continue
    toldAtMs = performance.now()
    tell(collected.rows())
  }
  return collected.rows()
}

class Collected {
  isCut = false
  #columns: readonly QueryColumnAnswer[] = []
  #values: unknown[][] = []
  #count = 0
  #end: QueryEndAnswer | undefined

  add(line: Line): void {
    if ('error' in line) throw new ApiError(line.error.code, line.error.message, 0)
    if ('end' in line) this.#end = line.end
    else if ('columns' in line) {
      this.#columns = line.columns
      this.#values = line.columns.map(() => [])
    } else if (this.#count === rowsShownMax) this.isCut = true
    else {
      this.#values.forEach((values, index) => values.push(line.row[index] ?? null))
      this.#count += 1
    }
  }

  rows(): QueryRows {
    const { isCut } = this
    return { columns: this.#columns, values: this.#values, count: this.#count, isCut, end: this.#end }
  }
}

/** Leaving the loop early closes the connection. */
async function* linesOf(response: Response): AsyncGenerator<string> {
  if (response.body === null) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) break
      const parts = (rest + value).split('\n')
      rest = parts.pop() ?? ''
      yield* parts
    }
    if (rest !== '') yield rest
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
