// The calls that pages make, as types: what goes in and what comes. A test compares the names with the routes, and the schemas that the
// routes say with these types (test/portal/calls.test.ts).
import type {
  BudgetsAnswer,
  DeadLetterAnswer,
  DryRunAnswer,
  FoundPersonAnswer,
  HistogramAnswer,
  JobAnswer,
  LookedAtAnswer,
  MeAnswer,
  NoteAnswer,
  ParameterFormAnswer,
  ParameterFormAsked,
  PersonAnswer,
  QueryAsked,
  ReceiptAnswer,
  RetypeAnswer,
  RetypeAsked,
  SourceAnswer,
  SourceAsked,
  Status,
  StorageAnswer,
  TimelineAnswer,
} from './answers.ts'

/** Why somebody looks: a ticket. It stands in the receipt. */
interface Looking {
  readonly reason?: string | undefined
}

export interface Calls {
  'GET /api/me': { readonly answer: MeAnswer }
  'GET /api/status': { readonly answer: Status }
  'GET /api/storage': { readonly answer: StorageAnswer }
  'GET /api/jobs': {
    readonly query: { readonly state?: 'live' | 'done' }
    readonly answer: { readonly jobs: readonly JobAnswer[] }
  }
  'POST /api/query': { readonly body: QueryAsked & { readonly dryRun: true }; readonly answer: DryRunAnswer }
  'POST /api/query/parameters': { readonly body: ParameterFormAsked; readonly answer: ParameterFormAnswer }
  'GET /api/sources': {
    readonly answer: { readonly sources: readonly SourceAnswer[]; readonly budgets: BudgetsAnswer }
  }
  'POST /api/sources': { readonly body: SourceAsked; readonly answer: SourceAnswer }
  'POST /api/sources/:source/rotate': { readonly answer: SourceAnswer }
  'POST /api/sources/:source/disable': { readonly answer: SourceAnswer }
  'POST /api/sources/:source/enable': { readonly answer: SourceAnswer }
  'GET /api/dead-letters': {
    readonly query: { readonly source?: string; readonly limit?: number }
    readonly answer: { readonly deadLetters: readonly DeadLetterAnswer[] }
  }
  'GET /api/people': {
    readonly query: { readonly search: string; readonly limit?: number }
    readonly answer: { readonly people: readonly FoundPersonAnswer[] }
  }
  'GET /api/me/people': { readonly answer: { readonly people: readonly LookedAtAnswer[] } }
  'GET /api/people/:id': { readonly query: Looking; readonly answer: PersonAnswer }
  'GET /api/people/:id/timeline': {
    readonly query: Looking & {
      readonly from?: string | undefined
      readonly to?: string | undefined
      readonly sources?: string | undefined
      readonly before?: string | undefined
      readonly limit?: number
    }
    readonly answer: TimelineAnswer
  }
  'GET /api/people/:id/histogram': {
    readonly query: Looking & { readonly from: string; readonly to: string; readonly buckets: number }
    readonly answer: HistogramAnswer
  }
  'GET /api/people/:id/rows/:ref': {
    readonly query: Looking
    readonly answer: { readonly rows: readonly Readonly<Record<string, unknown>>[] }
  }
  'GET /api/people/:id/notes': {
    readonly query: Looking
    readonly answer: { readonly notes: readonly NoteAnswer[] }
  }
  'POST /api/people/:id/notes': { readonly body: { readonly text: string }; readonly answer: NoteAnswer }
  'DELETE /api/people/:id/notes/:note': { readonly answer: undefined }
  'GET /api/people/:id/receipts': { readonly answer: { readonly receipts: readonly ReceiptAnswer[] } }
  'POST /api/maintenance/retype': { readonly body: RetypeAsked; readonly answer: RetypeAnswer }
}

/** Parts of an address: those of '/api/sources/:source/rotate' are { source: string }. */
type PartsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? Readonly<Record<Name, string>> & PartsOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? Readonly<Record<Name, string>>
    : unknown

/** What a call needs besides its name. */
export type Asked<Name extends keyof Calls> = {
  readonly signal?: AbortSignal
} & (unknown extends PartsOf<Name> ? unknown : { readonly params: PartsOf<Name> }) &
  (Calls[Name] extends { readonly query: infer Query } ? { readonly query?: Query } : unknown) &
  (Calls[Name] extends { readonly body: infer Body } ? { readonly body: Body } : unknown)
