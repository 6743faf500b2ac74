// One's own account, and for administrators everybody's: a list of parts beside the one that is open.
import { Link, useSearch } from '@tanstack/react-router'

import type { MeAnswer } from '../../api/answers.ts'
import { useMe } from '../shell/me.ts'
import { Missing } from '../shell/missing.tsx'
import { Panel } from '../shell/panel.tsx'
import { useWords } from '../words/words.ts'
import { AuditLog } from './audit-log.tsx'
import { Members } from './members.tsx'
import { Policies } from './policies.tsx'
import { type Part, parts, readSettingsSearch } from './search.ts'
import { Services } from './services.tsx'
import { OwnTokens } from './own-tokens.tsx'
import { settingsWords } from './words.ts'
import { You } from './you.tsx'

/** Whom the API lets make tokens of their own (portal/api/role-routes.ts). */
const tokenRoles: ReadonlySet<MeAnswer['role']> = new Set(['analyst', 'ml', 'engineer', 'admin'])
const ownParts: ReadonlySet<Part> = new Set(['you', 'tokens'])

function partsOf({ role }: MeAnswer): Part[] {
  return parts.filter((part) => part === 'you' || (part === 'tokens' ? tokenRoles.has(role) : role === 'admin'))
}

export function SettingsPage() {
  const t = useWords(settingsWords)
  const me = useMe()
  const { part = 'you' } = readSettingsSearch({ ...useSearch({ from: '/settings' }) })
  if (me === undefined) return null
  const seen = partsOf(me)
  if (!seen.includes(part)) return <Missing />
  const groups = [
    { title: t('settings.own'), of: seen.filter((one) => ownParts.has(one)) },
    { title: t('settings.everybody'), of: seen.filter((one) => !ownParts.has(one)) },
  ]
  return (
    <div className="h-full overflow-auto">
      <title>{`${t(`settings.part-${part}`)} · ${t('settings.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-5xl grid-cols-1 gap-x-8 gap-y-5 p-5 lg:grid-cols-[9rem_1fr]">
        <h2 className="text-base font-semibold lg:col-span-2">{t('settings.title')}</h2>
        <nav aria-label={t('settings.parts')} className="flex gap-1 overflow-x-auto lg:flex-col lg:gap-4">
          {groups
            .filter(({ of }) => of.length > 0)
            .map(({ title, of }) => (
              <div key={title} className="flex gap-1 lg:flex-col">
                <h3 className="px-2 text-xs text-muted max-lg:sr-only">{title}</h3>
                {of.map((one) => (
                  <Link
                    key={one}
                    to="/settings"
                    search={{ part: one }}
                    aria-current={one === part ? 'page' : undefined}
                    className="flex min-h-7 items-center rounded-md px-2 whitespace-nowrap text-muted hover:bg-sunken hover:text-text aria-[current=page]:bg-sunken aria-[current=page]:font-medium aria-[current=page]:text-text"
                  >
                    {t(`settings.part-${one}`)}
                  </Link>
                ))}
              </div>
            ))}
        </nav>
        <div className="grid min-w-0 grid-cols-1 content-start gap-6">
          <Panel key={part}>
            <Open part={part} me={me} />
          </Panel>
        </div>
      </div>
    </div>
  )
}

function Open({ part, me }: { readonly part: Part; readonly me: MeAnswer }) {
  switch (part) {
    case 'you':
      return <You me={me} />
    case 'tokens':
      return <OwnTokens me={me} />
    case 'members':
      return <Members me={me} />
    case 'services':
      return <Services />
    case 'access':
      return <Policies />
    case 'audit':
      return <AuditLog />
  }
}
