// What policies need to know of a table; the catalogue's directory has it.
import type { SqlType } from '../../sql/types.ts'

export interface PolicyColumn {
  readonly name: string
  readonly sqlType: SqlType
}

export interface PolicyTable {
  readonly dataset: string
  readonly table: string
  readonly origin: 'fed' | 'made'
  readonly kind: 'table' | 'view' | 'materialized-view'
  readonly columns: readonly PolicyColumn[]
}
