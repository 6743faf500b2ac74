// What the addresses of the pages of people hold: everything that a colleague needs to see the same moment.
export const spans = ['hour', 'day', 'week', 'month', 'all'] as const
export type Span = (typeof spans)[number]

export interface PeopleSearch {
  readonly find?: string | undefined
}

export function readPeopleSearch({ find }: Readonly<Record<string, unknown>>): PeopleSearch {
  // Texts that look like numbers come as numbers.
  const text = typeof find === 'number' ? String(find) : find
  return typeof text === 'string' && text !== '' ? { find: text } : {}
}

export interface PersonSearch {
  /** How far back the histogram goes; absent: as far as there is something. */
  readonly span?: Span | undefined
  /** The window that was chosen; absent: now, and live. */
  readonly from?: string | undefined
  readonly to?: string | undefined
  /** Names of the sources that are shown, with commas; absent: all. */
  readonly sources?: string | undefined
  /** What stands in a title. */
  readonly find?: string | undefined
  /** Of the row whose details are open. */
  readonly row?: string | undefined
  /** Why somebody looks: a ticket. */
  readonly reason?: string | undefined
}

/** What can't be read is left out. */
export function readPersonSearch(search: Readonly<Record<string, unknown>>): PersonSearch {
  const { from, to } = search
  const isWindow = isTime(from) && isTime(to) && Date.parse(from) < Date.parse(to)
  const texts = (['sources', 'find', 'row', 'reason'] as const).flatMap((name) => {
    const value = search[name]
    // Texts that look like numbers come as numbers.
    const text = typeof value === 'number' ? String(value) : value
    return typeof text === 'string' && text !== '' ? [[name, text]] : []
  })
  const span = spans.find((one) => one === search['span'])
  return {
    ...(span === undefined ? {} : { span }),
    ...(isWindow ? { from, to } : {}),
    ...(Object.fromEntries(texts) as PersonSearch),
  }
}

function isTime(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}
