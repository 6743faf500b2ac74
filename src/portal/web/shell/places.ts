// The places of the portal: one line each, from which come the navigation, the palette, the keyboard and its help.
import type { MeAnswer } from '../../api/answers.ts'
import type { PortalPage } from '../../api/portal-pages.ts'
import type { IconName } from './icon.tsx'
import type { shellWords } from './words.ts'

export interface Place {
  readonly to: Exclude<PortalPage, '/' | `${string}:${string}`>
  /** `own`: at the foot. */
  readonly group: 'ask' | 'run' | 'own'
  readonly icon: IconName
  readonly word: keyof typeof shellWords
  /** Behind `g`. */
  readonly letter: string
  /** Whom the API gives what the page shows, beside administrators; everybody if not said (portal/api/role-routes.ts). */
  readonly roles?: readonly MeAnswer['role'][]
}

/** In the order of the navigation. */
export const places: readonly Place[] = [
  {
    to: '/people',
    group: 'ask',
    icon: 'people',
    word: 'nav.people',
    letter: 'u',
    roles: ['support', 'member', 'analyst', 'ml', 'engineer'],
  },
  { to: '/explore', group: 'ask', icon: 'explore', word: 'nav.explore', letter: 'e' },
  { to: '/dashboards', group: 'ask', icon: 'dashboards', word: 'nav.dashboards', letter: 'd' },
  { to: '/sql', group: 'ask', icon: 'sql', word: 'nav.sql', letter: 's' },
  {
    to: '/schedules',
    group: 'run',
    icon: 'schedules',
    word: 'nav.schedules',
    letter: 'c',
    roles: ['member', 'analyst', 'ml', 'engineer'],
  },
  { to: '/alerts', group: 'run', icon: 'alerts', word: 'nav.alerts', letter: 'a' },
  { to: '/sources', group: 'run', icon: 'sources', word: 'nav.sources', letter: 'o', roles: ['engineer'] },
  {
    to: '/destinations',
    group: 'run',
    icon: 'destinations',
    word: 'nav.destinations',
    letter: 'f',
    roles: ['engineer'],
  },
  // What comes in is shown before any policy.
  { to: '/pipelines', group: 'run', icon: 'pipelines', word: 'nav.pipelines', letter: 'p', roles: ['engineer'] },
  { to: '/settings', group: 'own', icon: 'settings', word: 'nav.settings', letter: ',' },
]

/** Those of the navigation. */
export const groups = ['ask', 'run'] as const

/** The place that an address belongs to. */
export function placeOf(path: string): Place | undefined {
  return places.find(
    ({ to }) => path === to || path.startsWith(`${to}/`) || (to === '/dashboards' && path.startsWith('/d/')),
  )
}

export function placesOf(me: MeAnswer | undefined): readonly Place[] {
  return places.filter(
    ({ roles }) => roles === undefined || me?.role === 'admin' || (me !== undefined && roles.includes(me.role)),
  )
}
