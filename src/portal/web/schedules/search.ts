// What the addresses of the pages of schedules hold.
export const scheduleTabs = ['runs', 'backfill', 'edit'] as const
export type ScheduleTab = (typeof scheduleTabs)[number]

export interface ScheduleSearch {
  readonly tab?: ScheduleTab
}

export interface NewScheduleSearch {
  /** Id of the saved query. */
  readonly query?: string
}

export function readScheduleSearch(search: Readonly<Record<string, unknown>>): ScheduleSearch {
  const tab = scheduleTabs.find((one) => one === search['tab'])
  return tab === undefined ? {} : { tab }
}

export function readNewScheduleSearch(search: Readonly<Record<string, unknown>>): NewScheduleSearch {
  const query = search['query']
  // Texts that look like numbers come as numbers.
  return typeof query === 'string' || typeof query === 'number' ? { query: String(query) } : {}
}
