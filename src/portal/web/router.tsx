// The pages and what their addresses hold. Each page is a file of its own to the browser, fetched when somebody goes there.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
  type SearchSchemaInput,
} from '@tanstack/react-router'

import { type PeopleSearch, type PersonSearch, readPeopleSearch, readPersonSearch } from './people/search.ts'
import { Missing } from './shell/missing.tsx'
import { Shell } from './shell/shell.tsx'
import { readSettingsSearch, type SettingsSearch } from './settings/search.ts'
import type { NewScheduleSearch, ScheduleSearch } from './schedules/search.ts'
import { readSourceSearch, type SourceSearch } from './sources/search.ts'
import type { SqlSearch } from './sql/search.ts'

const rootRoute = createRootRoute({ component: Shell, notFoundComponent: Missing })

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
  validateSearch: (search: Partial<PeopleSearch> & SearchSchemaInput): PeopleSearch => readPeopleSearch({ ...search }),
  component: lazyRouteComponent(() => import('./people/people-page.tsx'), 'PeoplePage'),
})

const personRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/people/$id',
  validateSearch: (search: Partial<PersonSearch> & SearchSchemaInput): PersonSearch => readPersonSearch({ ...search }),
  component: lazyRouteComponent(() => import('./people/person-page.tsx'), 'PersonPage'),
})

// What an address holds is read by the page, which is not fetched for the others.
const sqlRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sql',
  validateSearch: (search: Partial<SqlSearch> & SearchSchemaInput): SqlSearch => search,
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
  validateSearch: (search: Partial<SourceSearch> & SearchSchemaInput): SourceSearch => readSourceSearch({ ...search }),
  component: lazyRouteComponent(() => import('./sources/source-page.tsx'), 'SourcePage'),
})

const settingsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/settings',
  validateSearch: (search: Partial<SettingsSearch> & SearchSchemaInput): SettingsSearch => readSettingsSearch(search),
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
  validateSearch: (search: NewScheduleSearch & SearchSchemaInput): NewScheduleSearch => search,
  component: lazyRouteComponent(() => import('./schedules/new-page.tsx'), 'NewSchedulePage'),
})

const scheduleRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/schedules/$id',
  validateSearch: (search: ScheduleSearch & SearchSchemaInput): ScheduleSearch => search,
  component: lazyRouteComponent(() => import('./schedules/schedule-page.tsx'), 'SchedulePage'),
})

export const router = createRouter({
  routeTree: rootRoute.addChildren([
    homeRoute,
    peopleRoute,
    personRoute,
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
