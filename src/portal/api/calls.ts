// The calls that pages make, as types: what goes in and what comes. A test compares the names with the routes, and the schemas that the
// routes say with these types (test/portal/calls.test.ts).
import type { TrackingPlan } from '../../core/tracking-plan.ts'
import type {
  BudgetsAnswer,
  DeadLetterAnswer,
  Cell,
  DryRunAnswer,
  FoundPersonAnswer,
  HistogramAnswer,
  EventsAnswer,
  ExploreAnswer,
  ExploreSpec,
  JobAnswer,
  LookedAtAnswer,
  MeAnswer,
  NoteAnswer,
  ParameterFormAnswer,
  ParameterFormAsked,
  PersonAnswer,
  PeopleAnswer,
  ShownSql,
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
import type {
  AuditAnswer,
  AuditAsked,
  InvitedUserAnswer,
  KeyAnswer,
  KeyAsked,
  MadeKeyAnswer,
  MadeTokenAnswer,
  PasswordAsked,
  PoliciesAnswer,
  PrincipalAnswer,
  Role,
  ServiceAsked,
  SessionAnswer,
  TokenAnswer,
  TokenAsked,
  UserAnswer,
  UserAsked,
} from './account-answers.ts'
import type {
  AlertAnswer,
  AlertAsked,
  AlertHistoryAnswer,
  AlertRoute,
  BacktestAnswer,
  BacktestAsked,
  RouteAsked,
} from './alert-answers.ts'
import type { CohortAnswer, CohortAsked, CohortListed, CohortPlace } from './cohort-answers.ts'
import type {
  DestinationAsked,
  DestinationShown,
  DestinationTypeShown,
  DestinationVersionShown,
  ReplayAsked,
  ReplayShown,
  RulesPreviewShown,
  RoutingRules,
  WhyShown,
} from './destination-answers.ts'
import type { DashboardAnswer, DashboardAsked, DashboardListed } from './dashboard-answers.ts'
import type {
  BackfillAnswer,
  BackfillAsked,
  PreviewAnswer,
  QueryVersionAnswer,
  RunAnswer,
  SavedAsked,
  SavedQueryAnswer,
  ScheduleAnswer,
  ScheduleAsked,
} from './job-answers.ts'
import type { ClientAnswer, ClientAsked } from './client-answers.ts'
import type { PlanAnswer, PlanTriedAnswer } from './plan-answers.ts'
import type { ReportAnswer, ReportAsked, ReportMailAnswer, ReportPreviewAnswer } from './report-answers.ts'

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
  'GET /api/destination-types': { readonly answer: { readonly types: readonly DestinationTypeShown[] } }
  'GET /api/destinations': { readonly answer: { readonly destinations: readonly DestinationShown[] } }
  'POST /api/destinations': { readonly body: DestinationAsked; readonly answer: DestinationShown }
  'PUT /api/destinations/:name': {
    readonly body: Partial<Pick<DestinationAsked, 'sources' | 'settings' | 'rules'>>
    readonly answer: DestinationShown
  }
  'POST /api/destinations/:name/preview': {
    readonly body: { readonly rules?: RoutingRules; readonly eventsMax?: number }
    readonly answer: RulesPreviewShown
  }
  'POST /api/destinations/:name/replays': { readonly body: ReplayAsked; readonly answer: ReplayShown }
  'GET /api/destinations/:name/replays': { readonly answer: { readonly replays: readonly ReplayShown[] } }
  'POST /api/destinations/:name/replays/:replay/start': { readonly answer: ReplayShown }
  'POST /api/destinations/:name/replays/:replay/cancel': { readonly answer: ReplayShown }
  'GET /api/destinations/:name/versions': {
    readonly answer: { readonly versions: readonly DestinationVersionShown[] }
  }
  'DELETE /api/destinations/:name': { readonly answer: undefined }
  'POST /api/destinations/:name/disable': { readonly answer: DestinationShown }
  'POST /api/destinations/:name/enable': { readonly answer: DestinationShown }
  'GET /api/destinations/:name/why': { readonly query: { readonly message: string }; readonly answer: WhyShown }
  'GET /api/alerts': { readonly answer: { readonly alerts: readonly AlertAnswer[] } }
  'POST /api/alerts': { readonly body: AlertAsked; readonly answer: AlertAnswer }
  'POST /api/alerts/backtest': { readonly body: BacktestAsked; readonly answer: BacktestAnswer }
  'GET /api/alerts/:id': { readonly answer: AlertAnswer }
  'PUT /api/alerts/:id': { readonly body: AlertAsked; readonly answer: AlertAnswer }
  'DELETE /api/alerts/:id': { readonly answer: undefined }
  'GET /api/alerts/:id/history': { readonly answer: AlertHistoryAnswer }
  'POST /api/alerts/:id/mute': { readonly body: { readonly minutes: number }; readonly answer: AlertAnswer }
  'POST /api/alerts/:id/pause': { readonly answer: AlertAnswer }
  'POST /api/alerts/:id/resume': { readonly answer: AlertAnswer }
  'POST /api/alerts/:id/test': { readonly answer: { readonly message: string } }
  'GET /api/alert-routes': { readonly answer: { readonly routes: readonly AlertRoute[] } }
  'PUT /api/alert-routes/:name': { readonly body: RouteAsked; readonly answer: undefined }
  'DELETE /api/alert-routes/:name': { readonly answer: undefined }
  'GET /api/cohorts': { readonly answer: { readonly cohorts: readonly CohortListed[] } }
  'POST /api/cohorts': { readonly body: CohortAsked; readonly answer: CohortAnswer }
  'GET /api/cohorts/:id': { readonly answer: CohortAnswer }
  'PUT /api/cohorts/:id': { readonly body: CohortAsked; readonly answer: CohortAnswer }
  'DELETE /api/cohorts/:id': { readonly answer: undefined }
  'GET /api/cohorts/:id/size': { readonly answer: { readonly people: number } }
  'GET /api/cohorts/:id/sql': { readonly answer: ShownSql }
  'GET /api/cohorts/:id/people': {
    readonly query: { readonly after?: string; readonly limit?: number }
    readonly answer: PeopleAnswer
  }
  'POST /api/cohorts/:id/freeze': { readonly body: CohortPlace; readonly answer: CohortAnswer }
  'GET /api/sources/:source/plan': { readonly answer: PlanAnswer }
  'PUT /api/sources/:source/plan': { readonly body: TrackingPlan; readonly answer: PlanAnswer }
  'DELETE /api/sources/:source/plan': { readonly answer: PlanAnswer }
  'POST /api/sources/:source/plan/try': { readonly body: TrackingPlan; readonly answer: PlanTriedAnswer }
  'GET /api/sources/:source/plan/draft': {
    readonly answer: { readonly plan: TrackingPlan; readonly events: number }
  }
  'GET /api/clients': { readonly answer: { readonly clients: readonly ClientAnswer[] } }
  'POST /api/clients': { readonly body: ClientAsked; readonly answer: ClientAnswer }
  'DELETE /api/clients/:id': { readonly answer: undefined }
  'GET /api/reports': { readonly answer: { readonly reports: readonly ReportAnswer[] } }
  'POST /api/reports': { readonly body: ReportAsked; readonly answer: ReportAnswer }
  'GET /api/reports/:id': { readonly answer: ReportAnswer }
  'PUT /api/reports/:id': { readonly body: ReportAsked; readonly answer: ReportAnswer }
  'DELETE /api/reports/:id': { readonly answer: undefined }
  'POST /api/reports/:id/pause': { readonly answer: ReportAnswer }
  'POST /api/reports/:id/resume': { readonly answer: ReportAnswer }
  'POST /api/reports/:id/send': { readonly answer: object }
  'GET /api/reports/:id/mails': { readonly answer: { readonly mails: readonly ReportMailAnswer[] } }
  'GET /api/reports/:id/preview': { readonly answer: ReportPreviewAnswer }
  'GET /api/dashboards': { readonly answer: { readonly dashboards: readonly DashboardListed[] } }
  'POST /api/dashboards': { readonly body: DashboardAsked; readonly answer: DashboardAnswer }
  'GET /api/dashboards/:id': { readonly answer: DashboardAnswer }
  'PUT /api/dashboards/:id': {
    readonly body: DashboardAsked & { readonly version: number }
    readonly answer: DashboardAnswer
  }
  'DELETE /api/dashboards/:id': { readonly answer: undefined }
  'GET /api/queries': { readonly answer: { readonly queries: readonly SavedQueryAnswer[] } }
  'POST /api/queries': { readonly body: SavedAsked; readonly answer: SavedQueryAnswer }
  'GET /api/queries/:id': { readonly answer: SavedQueryAnswer }
  'PUT /api/queries/:id': { readonly body: SavedAsked; readonly answer: SavedQueryAnswer }
  'GET /api/queries/:id/versions': { readonly answer: { readonly versions: readonly QueryVersionAnswer[] } }
  'POST /api/queries/:id/verify': { readonly body: { readonly version: number }; readonly answer: QueryVersionAnswer }
  'GET /api/schedules': { readonly answer: { readonly schedules: readonly ScheduleAnswer[] } }
  'POST /api/schedules': { readonly body: ScheduleAsked; readonly answer: ScheduleAnswer }
  'POST /api/schedules/preview': { readonly body: ScheduleAsked; readonly answer: PreviewAnswer }
  'GET /api/schedules/:id': { readonly answer: ScheduleAnswer }
  'PUT /api/schedules/:id': { readonly body: ScheduleAsked; readonly answer: ScheduleAnswer }
  'POST /api/schedules/:id/pause': { readonly answer: ScheduleAnswer }
  'POST /api/schedules/:id/resume': { readonly answer: ScheduleAnswer }
  'GET /api/schedules/:id/next': { readonly answer: PreviewAnswer }
  'GET /api/schedules/:id/runs': {
    readonly query: { readonly limit?: number }
    readonly answer: { readonly runs: readonly RunAnswer[] }
  }
  'POST /api/schedules/:id/run': {
    readonly body: { readonly runTime?: string }
    readonly answer: { readonly runs: readonly { readonly id: string }[] }
  }
  'POST /api/schedules/:id/backfill': { readonly body: BackfillAsked; readonly answer: BackfillAnswer }
  'POST /api/schedules/:id/runs/:run/cancel': { readonly answer: RunAnswer }
  'GET /api/explore/events': { readonly answer: EventsAnswer }
  'POST /api/explore': { readonly body: ExploreSpec; readonly answer: ExploreAnswer }
  'POST /api/explore/people': {
    readonly body: { readonly spec: ExploreSpec; readonly cell: Cell; readonly after?: string; readonly limit?: number }
    readonly answer: PeopleAnswer
  }
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
  'POST /api/auth/sign-out': { readonly answer: undefined }
  'POST /api/auth/password': { readonly body: PasswordAsked; readonly answer: undefined }
  'GET /api/sessions': { readonly answer: { readonly sessions: readonly SessionAnswer[] } }
  'DELETE /api/sessions': { readonly answer: undefined }
  'DELETE /api/sessions/:id': { readonly answer: undefined }
  'GET /api/me/tokens': { readonly answer: { readonly tokens: readonly TokenAnswer[] } }
  'POST /api/me/tokens': { readonly body: TokenAsked; readonly answer: MadeTokenAnswer }
  'DELETE /api/me/tokens/:id': { readonly answer: undefined }
  'GET /api/tokens': { readonly answer: { readonly tokens: readonly TokenAnswer[] } }
  'POST /api/tokens': { readonly body: TokenAsked & { readonly for: string }; readonly answer: MadeTokenAnswer }
  'DELETE /api/tokens/:id': { readonly answer: undefined }
  'GET /api/keys': { readonly answer: { readonly keys: readonly KeyAnswer[] } }
  'POST /api/keys': { readonly body: KeyAsked; readonly answer: MadeKeyAnswer }
  'DELETE /api/keys/:id': { readonly answer: undefined }
  'GET /api/users': { readonly answer: { readonly users: readonly UserAnswer[] } }
  'POST /api/users': { readonly body: UserAsked; readonly answer: InvitedUserAnswer }
  'POST /api/users/:handle/invite': { readonly answer: InvitedUserAnswer }
  'POST /api/users/:handle/disable': { readonly answer: UserAnswer }
  'POST /api/users/:handle/enable': { readonly answer: UserAnswer }
  'GET /api/principals': { readonly answer: { readonly principals: readonly PrincipalAnswer[] } }
  'POST /api/principals': { readonly body: ServiceAsked; readonly answer: PrincipalAnswer }
  'POST /api/principals/:handle': { readonly body: { readonly role: Role }; readonly answer: PrincipalAnswer }
  'GET /api/grants': { readonly answer: Pick<PoliciesAnswer, 'grants'> }
  'GET /api/policies': { readonly answer: Omit<PoliciesAnswer, 'grants'> }
  'GET /api/audit': {
    readonly query: AuditAsked
    readonly answer: { readonly entries: readonly AuditAnswer[] }
  }
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
