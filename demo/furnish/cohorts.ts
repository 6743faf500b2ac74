// People whom the demo company has a name for: one cohort of a number in Explore, one of SQL.
import type { CohortAsked, CohortListed } from '../../src/portal/api/cohort-answers.ts'
import type { SavedQueryAnswer } from '../../src/portal/api/job-answers.ts'
import type { Call } from './furnish.ts'

const lostOften = {
  name: 'People who keep losing their camera',
  folder: 'cubby',
  sql: `SELECT user_id FROM cubby_backend.camera_disconnected
WHERE timestamp >= TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 14 DAY)
GROUP BY user_id HAVING COUNT(*) >= 5`,
}

const watching: CohortAsked = {
  name: 'Watching on iOS',
  description: 'Whoever looked at their camera in the iOS app within the last four weeks.',
  audience: 'everybody',
  definition: {
    kind: 'question',
    spec: {
      kind: 'trend',
      series: [
        {
          event: { source: 'cubby_ios', table: 'live_view_started', filters: [] },
          measure: { kind: 'people' },
        },
      ],
      range: { days: 28 },
      zone: 'UTC',
      interval: 'day',
      compares: false,
    },
    cell: { of: 'trend', series: 0, bucket: null, group: '' },
  },
}

export async function saveCohorts(call: Call): Promise<void> {
  const { cohorts } = (await call('GET', '/api/cohorts')) as { readonly cohorts: readonly CohortListed[] }
  const isThere = (name: string): boolean => cohorts.some((one) => one.name === name)
  if (!isThere(watching.name)) await call('POST', '/api/cohorts', watching)
  const name = 'Unlucky with Wi-Fi'
  if (isThere(name)) return
  const { queries } = (await call('GET', '/api/queries')) as { readonly queries: readonly SavedQueryAnswer[] }
  const old = queries.find((one) => one.folder === lostOften.folder && one.name === lostOften.name)
  const query = old ?? ((await call('POST', '/api/queries', lostOften)) as SavedQueryAnswer)
  const asked: CohortAsked = {
    name,
    description: 'Their camera lost its connection five times or more within two weeks: ask before they cancel.',
    audience: 'everybody',
    definition: { kind: 'query', query: query.id },
  }
  await call('POST', '/api/cohorts', asked)
}
