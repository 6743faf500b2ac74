// What the address of a new alert holds: the question, as the SQL page gives it.
export interface NewAlertSearch {
  /** Id of a saved query. */
  readonly query?: string | undefined
  readonly sql?: string | undefined
}

export function readNewAlertSearch({ query, sql }: Readonly<Record<string, unknown>>): NewAlertSearch {
  return {
    ...(typeof query === 'string' && query !== '' ? { query } : {}),
    ...(typeof sql === 'string' && sql !== '' ? { sql } : {}),
  }
}
