// What a query would read, taken apart. A type alone, without imports: the web application reads it, too (portal/api/answers.ts).
/** What is read of one table: the sum, by column and by day. */
export interface TablePlan {
  readonly dataset: string
  readonly table: string
  readonly bytes: number
  /** Most bytes first. Absent, like the days: a row filter hides some of its rows from whoever asks. */
  readonly columns?: readonly { readonly name: string; readonly bytes: number }[] | undefined
  /** Oldest first; null: rows without a time. Absent: the table has no days. */
  readonly days?: readonly { readonly day: string | null; readonly bytes: number }[] | undefined
  /** Days before these, which are left out. */
  readonly earlierDays?: number | undefined
  /** Of rows that came since it was measured: which days they are of isn't known yet. */
  readonly newBytes?: number | undefined
}
