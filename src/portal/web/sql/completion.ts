// Completion: keywords of the dialect, datasets and tables of the catalogue, and the columns of the tables that the text names.
import type { Completion, CompletionContext, CompletionResult } from '@codemirror/autocomplete'
import { PostgreSQL, sql, SQLDialect, type SQLNamespace } from '@codemirror/lang-sql'
import type { Extension } from '@codemirror/state'

import type { ColumnName, TableName } from '../asking/catalogue.ts'
import type { Dialect } from './search.ts'

const googleSql = SQLDialect.define({
  keywords:
    'add all alter and any array as asc assert_rows_modified at begin between by call case cast cluster collate column commit ' +
    'create cross cube current declare default define delete desc distinct drop else elseif end enum escape except exception ' +
    'exclude execute exists extract false fetch following for from full function grant group grouping groups hash having if ' +
    'ignore immediate in inner insert intersect interval into is join lateral left like limit lookup loop matched materialized ' +
    'merge natural new no not null nulls of offset on options or order ordinal outer over partition pivot preceding primary ' +
    'procedure proto qualify raise range recursive rename replace respect return returns right rollback rollup rows safe ' +
    'safe_cast schema select set sets some struct system table tablesample temp temporary then to transaction treat true ' +
    'truncate unbounded union unnest unpivot until update using values view when where while window with within',
  types: 'bignumeric bool bytes date datetime float64 geography int64 json numeric string time timestamp',
  builtin:
    'any_value approx_count_distinct approx_quantiles array_agg array_length avg coalesce concat count countif current_date ' +
    'current_timestamp date_add date_diff date_sub date_trunc dense_rank farm_fingerprint first_value format format_date ' +
    'format_timestamp generate_array generate_date_array ifnull json_query json_value lag last_value lead length logical_and ' +
    'logical_or lower max min ntile nullif parse_date parse_timestamp rank regexp_contains regexp_extract regexp_replace round ' +
    'row_number safe_divide split string_agg substr sum timestamp_add timestamp_diff timestamp_sub timestamp_trunc trim upper',
  backslashEscapes: true,
  hashComments: true,
  doubleQuotedStrings: true,
  identifierQuotes: '`',
  specialVar: '@',
})

export interface KnownTable extends TableName {
  /** Empty until somebody looked. */
  readonly columns: readonly ColumnName[]
}

/** Those of the catalogue that the text names: their columns are worth asking for. */
export function tablesInScope(text: string, tables: readonly TableName[]): readonly TableName[] {
  const words = new Set(text.toLowerCase().match(/[\p{L}\p{N}_-]+\s*[`"]?\.[`"]?\s*[\p{L}\p{N}_-]+/gu) ?? [])
  const named = new Set([...words].map((word) => word.replaceAll(/[\s`"]/g, '')))
  return tables.filter(({ dataset, table }) => named.has(`${dataset}.${table}`.toLowerCase())).slice(0, 20)
}

export function sqlLanguage(dialect: Dialect, tables: readonly KnownTable[]): Extension {
  const schema: Record<string, Record<string, readonly string[]>> = {}
  for (const { dataset, table, columns } of tables) {
    const inDataset = (schema[dataset] ??= {})
    inDataset[table] = columns.map(({ name }) => name)
  }
  const support = sql({
    dialect: dialect === 'googlesql' ? googleSql : PostgreSQL,
    schema: schema as SQLNamespace,
    upperCaseKeywords: true,
  })
  const columns = columnCompletions(tables)
  const complete = (context: CompletionContext): CompletionResult | null => completeColumns(context, columns)
  return [support, support.language.data.of({ autocomplete: complete })]
}

function columnCompletions(tables: readonly KnownTable[]): readonly Completion[] {
  const byName = new Map<string, Completion>()
  for (const { dataset, table, columns } of tables) {
    for (const { name, type } of columns) {
      byName.set(name, { label: name, type: 'property', detail: type, info: `${dataset}.${table}`, boost: 1 })
    }
  }
  return [...byName.values()]
}

/** Behind a dot lang-sql knows better: there the table or its alias says which columns. */
function completeColumns(context: CompletionContext, options: readonly Completion[]): CompletionResult | null {
  const word = context.matchBefore(/[\p{L}_][\p{L}\p{N}_]*/u)
  if (word === null && !context.explicit) return null
  const from = word?.from ?? context.pos
  if (context.state.sliceDoc(Math.max(0, from - 1), from) === '.') return null
  return { from, options: [...options], validFor: /^[\p{L}\p{N}_]*$/u }
}
