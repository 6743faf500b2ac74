// The dashboards that there are.
import { useQuery } from '@tanstack/react-query'

import type { DashboardListed } from '../../api/dashboard-answers.ts'
import { call } from './call.ts'

export function useDashboards(): readonly DashboardListed[] | undefined {
  return useQuery({
    queryKey: ['dashboards'],
    queryFn: async ({ signal }) => call('GET /api/dashboards', { signal }),
  }).data?.dashboards
}
