// Every function that only JavaScript can compute; the warehouse registers them once a database (warehouse/duckdb/js-functions.ts).
import type { JsFunction } from './js-function.ts'
import { jsFunctionsA } from './js-functions-a.ts'
import { jsFunctionsB } from './js-functions-b.ts'

export const jsFunctions: readonly JsFunction[] = [...jsFunctionsB, ...jsFunctionsA]
