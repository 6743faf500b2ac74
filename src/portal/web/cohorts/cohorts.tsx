// Explore's section of cohorts: all of them, or the one that the address names.
import { useSearch } from '@tanstack/react-router'

import { cohortIn } from '../explore/saved-cohorts.ts'
import { CohortPage } from './cohort-page.tsx'
import { CohortsPage } from './cohorts-page.tsx'

export function Cohorts() {
  const id = cohortIn(useSearch({ from: '/explore' }))
  return id === undefined ? <CohortsPage /> : <CohortPage key={id} id={id} />
}
