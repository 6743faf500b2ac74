// Every DuckDB macro that functions lower to, in an order in which each may use those before it; made in schema `bq` at open.
import { coreMacros } from '../lower/core-macros.ts'
import { macrosA } from './macros-a.ts'
import { instantMacros, macrosB } from './macros-b.ts'

export interface MacroText {
  readonly name: string
  /** `CREATE OR REPLACE MACRO memory.bq.<name>(…) AS …` */
  readonly sql: string
}

export const functionMacros: readonly MacroText[] = [...instantMacros, ...coreMacros, ...macrosB, ...macrosA]
