// The pages and what their addresses hold. Each page is a file of its own to the browser, fetched when somebody goes there.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type SearchSchemaInput,
} from '@tanstack/react-router'

import type { NewAlertSearch } from './alerts/search.ts'
import type { DashboardSearch } from './dashboards/search.ts'
import type { ExploreSearch } from './explore/question.ts'
import type { PeopleSearch, PersonSearch } from './people/search.ts'
import { Shell } from './shell/shell.tsx'
import type { SettingsSearch } from './settings/search.ts'
import type { NewScheduleSearch, ScheduleSearch } from './schedules/search.ts'
import type { SourceSearch } from './sources/search.ts'
import type { SqlSearch } from './sql/search.ts'

const rootRoute = createRootRoute({
  component: Shell,
  notFoundComponent: lazyRouteComponent(() => import('./shell/missing.tsx'), 'Missing'),
})

/** For the types of links. Pages read what it is (shell/use-read.ts). */
function asIs<Search>(search: Partial<Search> & SearchSchemaInput): Search {
  return search as unknown as Search
}

const homeRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/sql', replace: true })
  },
})

const peopleRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/people',
  validateSearch: asIs<PeopleSearch>,
  component: lazyRouteComponent(() => import('./people/people-page.tsx'), 'PeoplePage'),
})

const personRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/people/$id',
  validateSearch: asIs<PersonSearch>,
  component: lazyRouteComponent(() => import('./people/person-page.tsx'), 'PersonPage'),
})

const exploreRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/explore',
  validateSearch: asIs<ExploreSearch>,
  component: lazyRouteComponent(() => import('./explore/explore-page.tsx'), 'ExplorePage'),
})

const dashboardsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/dashboards',
  component: lazyRouteComponent(() => import('./dashboards/dashboards-page.tsx'), 'DashboardsPage'),
})

const dashboardRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/d/$slug',
  validateSearch: asIs<DashboardSearch>,
  component: lazyRouteComponent(() => import('./dashboards/dashboard-page.tsx'), 'DashboardPage'),
})

const sqlRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sql',
  validateSearch: asIs<SqlSearch>,
  component: lazyRouteComponent(() => import('./sql/sql-page.tsx'), 'SqlPage'),
})

const pipelinesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/pipelines',
  component: lazyRouteComponent(() => import('./pipelines/pipelines-page.tsx'), 'PipelinesPage'),
})

const sourcesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sources',
  component: lazyRouteComponent(() => import('./sources/sources-page.tsx'), 'SourcesPage'),
})

const sourceRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sources/$name',
  validateSearch: asIs<SourceSearch>,
  component: lazyRouteComponent(() => import('./sources/source-page.tsx'), 'SourcePage'),
})

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  validateSearch: asIs<SettingsSearch>,
  component: lazyRouteComponent(() => import('./settings/settings-page.tsx'), 'SettingsPage'),
})

const schedulesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/schedules',
  component: lazyRouteComponent(() => import('./schedules/schedules-page.tsx'), 'SchedulesPage'),
})

const newScheduleRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/schedules/new',
  validateSearch: asIs<NewScheduleSearch>,
  component: lazyRouteComponent(() => import('./schedules/new-page.tsx'), 'NewSchedulePage'),
})

const scheduleRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/schedules/$id',
  validateSearch: asIs<ScheduleSearch>,
  component: lazyRouteComponent(() => import('./schedules/schedule-page.tsx'), 'SchedulePage'),
})

const alertsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/alerts',
  component: lazyRouteComponent(() => import('./alerts/alerts-page.tsx'), 'AlertsPage'),
})

const newAlertRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/alerts/new',
  validateSearch: asIs<NewAlertSearch>,
  component: lazyRouteComponent(() => import('./alerts/new-page.tsx'), 'NewAlertPage'),
})

const alertRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/alerts/$id',
  component: lazyRouteComponent(() => import('./alerts/alert-page.tsx'), 'AlertPage'),
})

const destinationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/destinations',
  component: lazyRouteComponent(() => import('./destinations/destinations-page.tsx'), 'DestinationsPage'),
})

const destinationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/destinations/$name',
  component: lazyRouteComponent(() => import('./destinations/destination-page.tsx'), 'DestinationPage'),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    peopleRoute,
    personRoute,
    exploreRoute,
    destinationsRoute,
    destinationRoute,
    alertsRoute,
    newAlertRoute,
    alertRoute,
    dashboardsRoute,
    dashboardRoute,
    sqlRoute,
    pipelinesRoute,
    sourcesRoute,
    sourceRoute,
    settingsRoute,
    schedulesRoute,
    newScheduleRoute,
    scheduleRoute,
  ]),
  defaultPreload: 'intent',
  // As people write them: /people/user:u1.
  pathParamsAllowedCharacters: [':', '@'],
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
