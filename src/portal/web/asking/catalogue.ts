// Tables and columns that the person may see, asked for in SQL like everything else. Columns come when somebody looks.
import { useQuery, type UseQueryResult } from '@tanstack/react-query'

import type { QueryAsked } from '../../api/answers.ts'
import { runQuery } from './run-query.ts'

/** The portal's own questions stay out of the history that it shows. */
export const ownLabel = { asked_by: 'portal' }

export interface TableName {
  readonly dataset: string
  readonly table: string
}

export interface ColumnName {
  readonly name: string
  readonly type: string
}

const staleMs = 60_000

export function useTables(): UseQueryResult<readonly TableName[]> {
  return useQuery({
    queryKey: ['tables'],
    staleTime: staleMs,
    queryFn: async ({ signal }) => {
      const rows = await askRows(
        { sql: 'SELECT table_schema, table_name FROM `region-us`.INFORMATION_SCHEMA.TABLES ORDER BY 1, 2' },
        signal,
      )
      return rows.map(([dataset = '', table = '']) => ({ dataset, table }))
    },
  })
}

export function columnsQuery({ dataset, table }: TableName) {
  return {
    queryKey: ['columns', dataset, table] as const,
    staleTime: staleMs,
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<readonly ColumnName[]> => {
      const sql =
        'SELECT column_name, data_type FROM `region-us`.INFORMATION_SCHEMA.COLUMNS ' +
        'WHERE table_schema = @dataset AND table_name = @table ORDER BY ordinal_position'
      const parameters = [
        { name: 'dataset', type: 'STRING', value: dataset },
        { name: 'table', type: 'STRING', value: table },
      ]
      const rows = await askRows({ sql, parameters }, signal)
      return rows.map(([name = '', type = '']) => ({ name, type }))
    },
  }
}

export async function askRows(asked: Pick<QueryAsked, 'sql' | 'parameters'>, signal: AbortSignal): Promise<string[][]> {
  const { values, count } = await runQuery({ ...asked, dialect: 'googlesql', labels: ownLabel }, signal)
  return Array.from({ length: count }, (_none, row) => values.map((column) => String(column[row])))
}
