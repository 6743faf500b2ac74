// All cohorts, and a new one of SQL or of a list. Those of a question are made where the question is.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'

import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { maySave } from '../asking/saved.ts'
import { oneCohort } from '../explore/saved-cohorts.ts'
import { useMe } from '../shell/me.ts'
import { Empty } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { useLanguage, useWords } from '../words/words.ts'
import { NewCohort } from './new-cohort.tsx'
import { cohortWords } from './words.ts'

const columns = ['name', 'kind', 'owner', 'changed'] as const

export function CohortsPage() {
  const t = useWords(cohortWords)
  const me = useMe()
  const language = useLanguage()
  const { data: cohorts, error } = useQuery({
    queryKey: ['cohorts'],
    queryFn: async ({ signal }) => (await call('GET /api/cohorts', { signal })).cohorts,
  })
  return (
    <div className="h-full overflow-auto">
      <title>{`${t('cohorts.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-5xl grid-cols-1 gap-5 p-5">
        <div>
          <h2 className="text-base font-semibold">{t('cohorts.title')}</h2>
          <p className="text-muted">{t('cohorts.text')}</p>
        </div>
        {error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(error)}
          </p>
        )}
        {maySave(me) && <NewCohort />}
        {cohorts?.length === 0 && (
          <Empty title={t('cohorts.none')}>
            <p className="max-w-prose">{t('cohorts.none-text')}</p>
            <Link to="/explore" search={{}} className="text-accent underline">
              {t('cohorts.to-explore')}
            </Link>
          </Empty>
        )}
        {cohorts !== undefined && cohorts.length > 0 && (
          <Table label={t('cohorts.title')} columns={columns.map((name) => ({ name, text: t(`cohorts.${name}`) }))}>
            {cohorts.map(({ id, name, description, kind, audience, owner, changedAt }) => (
              <tr key={id} className="border-t border-line hover:bg-sunken">
                <th scope="row" className="p-0 font-medium">
                  <Link to="/explore" search={oneCohort(id)} className="block px-3 py-2">
                    <bdi>{name}</bdi> <span className="font-normal text-muted">{description}</span>
                  </Link>
                </th>
                <td className="px-3">{t(`cohorts.kind-${kind}`)}</td>
                <td className="px-3 text-muted">
                  {audience === 'owner' ? t('cohorts.only-owner', { owner: owner ?? '' }) : owner}
                </td>
                <td className="px-3 whitespace-nowrap text-muted">
                  {new Date(changedAt).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </div>
    </div>
  )
}
