// What stands around every page: the navigation, the palette and the keyboard.
import { Link, Outlet, useLocation, useNavigate } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'

import { useWords } from '../words/words.ts'
import { Icon } from './icon.tsx'
import { modKey, useShortcuts } from './keys.ts'
import { signOut, useMe } from './me.ts'
import { Panel } from './panel.tsx'
import { Key } from './parts.tsx'
import { groups, placeOf, placesOf } from './places.ts'
import { shellWords } from './words.ts'

const Palette = lazy(async () => ({ default: (await import('./palette.tsx')).Palette }))
const Missing = lazy(async () => ({ default: (await import('./missing.tsx')).Missing }))
const Help = lazy(async () => ({ default: (await import('./help.tsx')).Help }))

const itemClass =
  'flex min-h-7 items-center gap-2 rounded-md px-2 text-muted hover:bg-sunken hover:text-text aria-[current=page]:bg-accent-soft aria-[current=page]:text-accent'

export function Shell() {
  const [open, setOpen] = useState<'palette' | 'help' | undefined>()
  const navigate = useNavigate()
  const me = useMe()
  const t = useWords(shellWords)
  const shortcuts = useMemo(
    () => ({
      palette: () => setOpen('palette'),
      help: () => setOpen('help'),
      go: Object.fromEntries(placesOf(me).map(({ letter, to }) => [letter, () => void navigate({ to })])),
    }),
    [navigate, me],
  )
  useShortcuts(shortcuts)
  return (
    <div className="grid h-full grid-rows-[auto_1fr] md:grid-cols-[11rem_1fr] md:grid-rows-1">
      <a href="#content" className="sr-only focus:not-sr-only focus:absolute focus:z-20 focus:bg-card focus:p-2">
        {t('nav.skip')}
      </a>
      <Navigation openPalette={shortcuts.palette} openHelp={shortcuts.help} />
      <main id="content" tabIndex={-1} className="min-h-0 min-w-0 outline-none">
        <Panel>
          <Page />
        </Panel>
      </main>
      <Suspense>
        {open === 'palette' && <Palette close={() => setOpen(undefined)} />}
        {open === 'help' && <Help close={() => setOpen(undefined)} />}
      </Suspense>
    </div>
  )
}

/** A place of another role looks like no place at all; its address may be typed or sent by anybody. */
function Page() {
  const place = placeOf(useLocation({ select: ({ pathname }) => pathname }))
  const me = useMe()
  if (place?.roles === undefined || placesOf(me).includes(place)) return <Outlet />
  return me === undefined ? null : (
    <Suspense>
      <Missing />
    </Suspense>
  )
}

function Navigation({ openPalette, openHelp }: { readonly openPalette: () => void; readonly openHelp: () => void }) {
  const t = useWords(shellWords)
  const seen = placesOf(useMe())
  // One dashboard has an address of its own, and is at the place of all.
  const here = placeOf(useLocation({ select: ({ pathname }) => pathname }))?.to
  return (
    <header className="relative flex min-w-0 items-center gap-1 border-line p-2 max-md:border-b md:flex-col md:items-stretch md:overflow-y-auto md:border-r">
      <h1 className="flex items-center gap-2 px-2 py-1 font-semibold">
        <img src="/favicon.svg" alt="" width="18" height="18" />
        <span className="max-md:sr-only">Millpond</span>
      </h1>
      <button
        type="button"
        className={`${itemClass} md:mb-2`}
        onClick={openPalette}
        aria-keyshortcuts="Control+K Meta+K"
      >
        <Icon name="search" />
        <span className="max-md:sr-only">{t('nav.search')}</span>
        <span className="ml-auto max-md:hidden">
          <Key>{modKey} K</Key>
        </span>
      </button>
      <nav
        aria-label={t('nav.label')}
        className="flex gap-1 max-md:min-w-0 max-md:flex-1 max-md:overflow-x-auto max-md:p-0.5 md:flex-col md:gap-3"
      >
        {groups.map((group) => (
          <div key={group} className="flex shrink-0 gap-1 empty:hidden md:flex-col">
            {seen
              .filter((place) => place.group === group)
              .map(({ to, icon, word }) => (
                <Link key={to} to={to} className={itemClass} {...(here === to ? { 'aria-current': 'page' } : {})}>
                  <Icon name={icon} />
                  {t(word)}
                </Link>
              ))}
          </div>
        ))}
      </nav>
      <Foot openHelp={openHelp} />
    </header>
  )
}

function Foot({ openHelp }: { readonly openHelp: () => void }) {
  const t = useWords(shellWords)
  const me = useMe()
  const signs = [
    { icon: 'keyboard', word: 'nav.help', act: openHelp },
    { icon: 'out', word: 'nav.sign-out', act: () => void signOut() },
  ] as const
  return (
    <div className="flex md:mt-auto">
      <Link to="/settings" className={`${itemClass} min-w-0 md:flex-1`}>
        <Icon name="settings" />
        <span className="truncate max-md:sr-only">{me?.handle}</span>
        <span className="sr-only">{t('nav.settings')}</span>
      </Link>
      {signs.map(({ icon, word, act }) => (
        <button key={word} type="button" className={itemClass} aria-label={t(word)} title={t(word)} onClick={act}>
          <Icon name={icon} />
        </button>
      ))}
    </div>
  )
}
