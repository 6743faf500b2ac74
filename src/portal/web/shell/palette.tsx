// Cmd-K: pages, dashboards, people, saved queries, schedules, tables of the catalogue, and what was asked lately. One list, moved
// through with the arrows.
import { useNavigate } from '@tanstack/react-router'
import { type KeyboardEvent, useId, useMemo, useState } from 'react'

import type { PortalPage } from '../../api/portal-pages.ts'
import { useTables } from '../asking/catalogue.ts'
import { useJobs } from '../asking/jobs.ts'
import { useFoundPeople } from '../asking/people.ts'
import { useDashboards } from '../asking/dashboards.ts'
import { pathOf, useSavedQueries } from '../asking/saved.ts'
import { useSchedules } from '../asking/schedules.ts'
import { useWords } from '../words/words.ts'
import { Dialog } from './dialog.tsx'
import { useMe } from './me.ts'
import { paletteWords } from './palette-words.ts'
import { placesOf } from './places.ts'
import { shellWords } from './words.ts'

interface Choice {
  readonly group: string
  readonly text: string
  readonly go: () => void
}

const shownPerGroupMax = 8

export function Palette({ close }: { readonly close: () => void }) {
  const t = useWords(paletteWords)
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const id = useId()
  const choices = useChoices(text)
  const chosen = Math.min(at, Math.max(0, choices.length - 1))

  function onKey(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 }
    const move = moves[event.key]
    if (move !== undefined) setAt((chosen + move + choices.length) % Math.max(1, choices.length))
    else if (event.key === 'Enter' && !event.nativeEvent.isComposing) go(choices[chosen])
    else return
    event.preventDefault()
  }
  function go(choice: Choice | undefined): void {
    if (choice === undefined) return
    close()
    choice.go()
  }

  return (
    <Dialog label={t('palette.title')} close={close}>
      <input
        role="combobox"
        aria-label={t('palette.title')}
        aria-expanded
        aria-controls={id}
        aria-activedescendant={choices.length === 0 ? undefined : `${id}-${chosen}`}
        autoFocus
        autoComplete="off"
        spellCheck={false}
        placeholder={t('palette.hint')}
        value={text}
        className="w-full border-b border-line bg-card px-4 py-3 outline-none placeholder:text-muted"
        onChange={({ target }) => {
          setText(target.value)
          setAt(0)
        }}
        onKeyDown={onKey}
      />
      <ul id={id} role="listbox" aria-label={t('palette.title')} className="max-h-[50vh] overflow-auto p-1">
        {choices.map((choice, index) => (
          <li
            key={`${choice.group} ${choice.text}`}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen}
            className="flex cursor-pointer gap-3 rounded-md px-3 py-1.5 hover:bg-sunken aria-selected:bg-accent-soft"
            ref={(element) => {
              if (index === chosen) element?.scrollIntoView({ block: 'nearest' })
            }}
            onClick={() => go(choice)}
          >
            <span className="truncate">{choice.text}</span>
            <span className="ml-auto shrink-0 text-muted">{choice.group}</span>
          </li>
        ))}
      </ul>
      {choices.length === 0 && <p className="p-4 pt-0 text-muted">{t('palette.none')}</p>}
    </Dialog>
  )
}

function useChoices(text: string): readonly Choice[] {
  const t = useWords(paletteWords)
  const shell = useWords(shellWords)
  const navigate = useNavigate()
  const me = useMe()
  const tables = useTables().data
  const jobs = useJobs().data
  const dashboards = useDashboards()
  const saved = useSavedQueries().data
  const maySee = (place: PortalPage): boolean => placesOf(me).some(({ to }) => to === place)
  const schedules = useSchedules(maySee('/schedules')).data
  const { people } = useFoundPeople(text, maySee('/people'))
  return useMemo(() => {
    const openSql = (sql: string): void => void navigate({ to: '/sql', search: { sql } })
    const pages = placesOf(me).map(({ to, word }) => ({
      group: t('palette.pages'),
      text: shell(word),
      go: () => void navigate({ to }),
    }))
    const ofTables = (tables ?? []).map(({ dataset, table }) => ({
      group: t('palette.tables'),
      text: `${dataset}.${table}`,
      go: () => openSql(`SELECT *\nFROM ${dataset}.${table}\nLIMIT 100`),
    }))
    const asked = new Map((jobs ?? []).map((job) => [job.sql, job]))
    const ofJobs = [...asked.values()].map(({ sql, dialect }) => ({
      group: t('palette.queries'),
      text: sql.replace(/\s+/g, ' ').slice(0, 200),
      go: () => void navigate({ to: '/sql', search: { sql, dialect } }),
    }))
    const ofDashboards = (dashboards ?? []).map(({ slug, title }) => ({
      group: shell('nav.dashboards'),
      text: title,
      go: () => void navigate({ to: '/d/$slug', params: { slug } }),
    }))
    const ofSaved = (saved ?? []).map((query) => ({
      group: t('palette.saved'),
      text: pathOf(query),
      go: () => void navigate({ to: '/sql', search: { saved: query.id } }),
    }))
    const ofSchedules = (schedules ?? []).map(({ id, name }) => ({
      group: shell('nav.schedules'),
      text: name,
      go: () => void navigate({ to: '/schedules/$id', params: { id } }),
    }))
    const ofPeople = (people ?? []).map(({ id, value, labels }) => ({
      group: shell('nav.people'),
      text: [...new Set([labels['name'], value, id].filter((part) => part !== undefined))].join(' · '),
      go: () => void navigate({ to: '/people/$id', params: { id } }),
    }))
    const wanted = text.trim().toLowerCase()
    const [ofPages = [], ...others] = [pages, ofDashboards, ofSaved, ofSchedules, ofTables, ofJobs].map((group) =>
      group.filter((choice) => choice.text.toLowerCase().includes(wanted)).slice(0, shownPerGroupMax),
    )
    // Whom the warehouse found fits already, whatever the text is compared with.
    return [...ofPages, ...ofPeople.slice(0, shownPerGroupMax), ...others.flat()]
  }, [t, shell, navigate, me, dashboards, saved, schedules, people, tables, jobs, text])
}
