// Who may call what: one table of roles, each with the doors it opens. What stands here for nobody is the administrator's, so a
// new route is closed until somebody decides. What a query may see is decided elsewhere (query/access), the same on every port.
import type { Role } from '../../control/principals.ts'
import { portalPages } from './portal-pages.ts'

/** Answers without a token or session; they show nothing of the data. */
const openRoutes = new Set([
  ...portalPages.map((page) => `GET ${page}`),
  'GET /theme.js',
  'GET /assets/:name',
  'GET /favicon.svg',
  'GET /login',
  'POST /login',
  'GET /invitation',
  'GET /api/auth/providers',
  'POST /api/auth/sign-in',
  'POST /api/auth/sign-in/:provider',
  'GET /api/auth/callback/:provider',
  'POST /api/auth/invitation',
  'POST /api/auth/invitation/accept',
  // Shows what its signed token names, with the rights of a service, whoever asks.
  'GET /embed/:id',
  // Other programs that people sign in to; those whose callers are programs know their own tokens.
  'GET /.well-known/openid-configuration',
  'GET /api/oidc/jwks',
  'GET /api/oidc/authorize',
  'POST /api/oidc/token',
  'GET /api/oidc/userinfo',
  'POST /api/oidc/userinfo',
  'POST /api/oidc/revoke',
])

const doors = {
  /** One's own account. */
  own: [
    'GET /api/me',
    'GET /api/openapi.json',
    'GET /api/docs',
    'POST /api/auth/sign-out',
    'POST /api/auth/password',
    'GET /api/sessions',
    'DELETE /api/sessions',
    'DELETE /api/sessions/:id',
  ],
  /** Asking, one's own jobs, and what others have saved. */
  ask: [
    'POST /api/query',
    'POST /api/query/parameters',
    'GET /api/jobs',
    'DELETE /api/jobs/:id',
    'GET /api/queries',
    'GET /api/queries/:id',
    'GET /api/queries/:id/versions',
    'POST /api/queries/:id/run',
    'GET /api/alerts',
    'GET /api/alerts/:id',
    'GET /api/alerts/:id/history',
    'GET /api/dashboards',
    'GET /api/dashboards/:id',
    'GET /api/dashboards/:id/versions',
    'POST /api/dashboards/:id/tiles/:tile/rows',
    'GET /api/dashboards/:id/tiles/:tile/picture.svg',
    'GET /api/explore/events',
    'POST /api/explore',
    'GET /api/cohorts',
    'GET /api/cohorts/:id',
    'GET /api/cohorts/:id/size',
    'GET /api/cohorts/:id/sql',
  ],
  /** Saved queries, and schedules that run them as whoever owns the schedule. */
  save: [
    'POST /api/alerts',
    'POST /api/alerts/backtest',
    'PUT /api/alerts/:id',
    'DELETE /api/alerts/:id',
    'POST /api/alerts/:id/mute',
    'POST /api/alerts/:id/pause',
    'POST /api/alerts/:id/resume',
    'POST /api/alerts/:id/test',
    'GET /api/alert-routes',
    'POST /api/cohorts',
    'PUT /api/cohorts/:id',
    'DELETE /api/cohorts/:id',
    'POST /api/cohorts/:id/freeze',
    'GET /api/reports',
    'POST /api/reports',
    'GET /api/reports/:id',
    'PUT /api/reports/:id',
    'DELETE /api/reports/:id',
    'POST /api/reports/:id/pause',
    'POST /api/reports/:id/resume',
    'POST /api/reports/:id/send',
    'GET /api/reports/:id/mails',
    'GET /api/reports/:id/preview',
    'POST /api/dashboards',
    'PUT /api/dashboards/:id',
    'DELETE /api/dashboards/:id',
    'POST /api/queries',
    'PUT /api/queries/:id',
    'DELETE /api/queries/:id',
    'POST /api/queries/:id/verify',
    'GET /api/schedules',
    'POST /api/schedules',
    'POST /api/schedules/preview',
    'GET /api/schedules/:id',
    'PUT /api/schedules/:id',
    'DELETE /api/schedules/:id',
    'POST /api/schedules/:id/pause',
    'POST /api/schedules/:id/resume',
    'GET /api/schedules/:id/next',
    'GET /api/schedules/:id/runs',
    'POST /api/schedules/:id/run',
    'POST /api/schedules/:id/backfill',
    'POST /api/schedules/:id/runs/:run/cancel',
  ],
  /** One person's page: through the same policies as questions. */
  people: [
    'GET /api/people',
    'GET /api/me/people',
    'GET /api/people/:id',
    'GET /api/people/:id/timeline',
    'GET /api/people/:id/histogram',
    'GET /api/people/:id/rows/:ref',
    'GET /api/people/:id/live',
    'GET /api/people/:id/notes',
    'POST /api/people/:id/notes',
    'DELETE /api/people/:id/notes/:note',
    'GET /api/people/:id/receipts',
    'POST /api/explore/people',
    'GET /api/cohorts/:id/people',
  ],
  /** Tokens of one's own, for the tool that one likes: the other ports. */
  tokens: ['GET /api/me/tokens', 'POST /api/me/tokens', 'DELETE /api/me/tokens/:id'],
  /** Whole results, as files; and notebooks that ask for them. */
  take: ['GET /api/export', 'POST /api/export', 'POST /api/notebook', 'GET /api/people/:id/export'],
  /** What comes in, before any policy: an engineer sees whole events here. */
  operate: [
    'GET /api/live',
    'GET /api/status',
    'GET /metrics',
    'GET /api/storage',
    'GET /api/dead-letters',
    'POST /api/dead-letters/replay',
    'GET /api/destination-types',
    'GET /api/destinations',
    'POST /api/destinations',
    'PUT /api/destinations/:name',
    'GET /api/destinations/:name/why',
    'GET /api/destinations/:name/versions',
    'POST /api/destinations/:name/replays',
    'GET /api/destinations/:name/replays',
    'POST /api/destinations/:name/replays/:replay/start',
    'POST /api/destinations/:name/replays/:replay/cancel',
    'POST /api/destinations/:name/preview',
    'DELETE /api/destinations/:name',
    'POST /api/destinations/:name/disable',
    'POST /api/destinations/:name/enable',
    'GET /api/sources',
    'POST /api/sources',
    'POST /api/sources/:source/rotate',
    'GET /api/sources/:source/plan',
    'PUT /api/sources/:source/plan',
    'DELETE /api/sources/:source/plan',
    'POST /api/sources/:source/plan/try',
    'GET /api/sources/:source/plan/draft',
    'POST /api/sources/:source/disable',
    'POST /api/sources/:source/enable',
    'POST /api/imports/:source/batches',
  ],
} as const

const doorsOf: Readonly<Record<Exclude<Role, 'admin'>, readonly (keyof typeof doors)[]>> = {
  viewer: ['own', 'ask'],
  support: ['own', 'ask', 'people'],
  member: ['own', 'ask', 'people', 'save', 'take'],
  analyst: ['own', 'ask', 'people', 'save', 'take', 'tokens'],
  ml: ['own', 'ask', 'people', 'save', 'take', 'tokens'],
  engineer: ['own', 'ask', 'people', 'save', 'take', 'tokens', 'operate'],
}

const routesOf = new Map<Role, ReadonlySet<string>>(
  Object.entries(doorsOf).map(([role, names]) => [role as Role, new Set(names.flatMap((name) => [...doors[name]]))]),
)

export function isOpenRoute(method: string, route: string | undefined): boolean {
  return route !== undefined && openRoutes.has(nameOf(method, route))
}

/** `route`: as it was found, not the text of the address. */
export function mayCall(role: Role, method: string, route: string): boolean {
  return role === 'admin' || isOpenRoute(method, route) || routesOf.get(role)?.has(nameOf(method, route)) === true
}

/** HEAD shows no more than GET. */
function nameOf(method: string, route: string): string {
  return `${method === 'HEAD' ? 'GET' : method} ${route}`
}
