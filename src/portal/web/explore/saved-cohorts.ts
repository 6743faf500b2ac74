// Where saved cohorts are, in the address of Explore: all of them, or one.
export const allCohorts = { view: 'cohorts' } as const

export function oneCohort(id: string) {
  return { ...allCohorts, id }
}

/** undefined: all. */
export function cohortIn({ id }: Readonly<Record<string, unknown>>): string | undefined {
  return typeof id === 'string' && id !== '' ? id : undefined
}
