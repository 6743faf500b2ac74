// Where the web application has pages of its own. Everybody may load them; what lies behind them asks the API, which knows who may.
export const portalPages = [
  '/',
  '/people',
  '/people/:id',
  '/explore',
  '/destinations',
  '/destinations/:name',
  '/alerts',
  '/alerts/new',
  '/alerts/:id',
  '/dashboards',
  '/d/:slug',
  '/sql',
  '/pipelines',
  '/sources',
  '/sources/:name',
  '/settings',
  '/schedules',
  '/schedules/new',
  '/schedules/:id',
] as const
export type PortalPage = (typeof portalPages)[number]
