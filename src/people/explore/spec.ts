// What somebody wants to know, and what they get: types alone, so that the browser shares them. The schemas that judge what comes
// over the API stand in portal/api/explore-spec.ts.

/** Rows of one table of a source: an event, `tracks` (any event), `pages`, …. */
export interface EventPick {
  readonly source: string
  readonly table: string
  /** Several names may share a table; undefined: all of them. */
  readonly name?: string | undefined
  /** All of them hold. */
  readonly filters: readonly Filter[]
}

export const filterKinds = ['equals', 'not', 'contains', 'more', 'less', 'set', 'unset'] as const
export interface Filter {
  readonly property: string
  readonly is: (typeof filterKinds)[number]
  /** One of them is enough; of `not`, none may be. None for set and unset. */
  readonly values: readonly string[]
}

/** Local days, both included; or so many until today. */
export type DayRange = { readonly from: string; readonly to: string } | { readonly days: number }

export interface PropertyBreakdown {
  readonly property: string
  /** The values with the most events; all others are one group. */
  readonly top: number
}
/** Groups are `in` and `out`: whoever belongs to a saved cohort, and all others. */
export interface CohortBreakdown {
  readonly cohort: string
}
export type Breakdown = PropertyBreakdown | CohortBreakdown

/** Only people who did this so often within the days of the range. */
export interface Among {
  readonly did: EventPick
  readonly times: number
}

/** Only people who belong to a saved cohort, or only those who don't. */
export interface InCohort {
  /** Its id or name. */
  readonly cohort: string
  readonly is: 'in' | 'out'
}

interface Common {
  readonly range: DayRange
  /** IANA. */
  readonly zone: string
  readonly among?: Among | undefined
  /** All of them hold. */
  readonly cohorts?: readonly InCohort[] | undefined
}

export const intervals = ['hour', 'day', 'week', 'month'] as const
export type Interval = (typeof intervals)[number]

export const plainMeasures = ['events', 'people', 'per-person'] as const
export const propertyMeasures = ['sum', 'average', 'median', 'p90', 'p99'] as const
export type Measure =
  | { readonly kind: (typeof plainMeasures)[number] }
  | { readonly kind: (typeof propertyMeasures)[number]; readonly property: string }

export interface TrendSpec extends Common {
  readonly kind: 'trend'
  readonly series: readonly { readonly event: EventPick; readonly measure: Measure }[]
  readonly interval: Interval
  readonly breakdown?: Breakdown | undefined
  /** With the range of the same length before it. */
  readonly compares: boolean
}

export interface FunnelSpec extends Common {
  readonly kind: 'funnel'
  readonly steps: readonly EventPick[]
  /** From the first step to the last. */
  readonly windowSeconds: number
  /** `first`: the first time that a person entered, in the range, decides; `any`: every entry has its chance. */
  readonly entry: 'any' | 'first'
  /** By the property of the entry. */
  readonly breakdown?: Breakdown | undefined
  /** The same numbers either way: DuckDB's is fast here, GoogleSQL runs on BigQuery, too. */
  readonly dialect: 'duckdb' | 'googlesql'
}

export interface RetentionSpec extends Common {
  readonly kind: 'retention'
  readonly born: EventPick
  readonly back: EventPick
  readonly interval: 'day' | 'week'
  readonly periods: number
  /** Came back in the very period, or in it or a later one that is shown. */
  readonly counts: 'on' | 'on-or-after'
}

export interface PathsSpec extends Common {
  readonly kind: 'paths'
  readonly source: string
  /** As it was sent. */
  readonly event: string
  readonly direction: 'after' | 'before'
  readonly steps: number
  readonly windowSeconds: number
  /** Events of each step with the most people; all others are one. */
  readonly top: number
}

export type ExploreSpec = TrendSpec | FunnelSpec | RetentionSpec | PathsSpec

/** The statement behind numbers, to be asked again anywhere. */
export interface ShownSql {
  readonly sql: string
  readonly dialect: 'duckdb' | 'googlesql'
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly value: string }[]
}

interface Told {
  /** What counts as a person: ids joined by identifies, or ids as they stand in the rows because no identifies can be read. */
  readonly people: 'joined' | 'ids'
  readonly from: string
  /** Exclusive. */
  readonly to: string
  readonly statements: readonly ShownSql[]
}

/** null: all others. Of a trend or funnel without a breakdown there is one group, ''. */
export type Group = string | null

export interface TrendAnswer extends Told {
  readonly kind: 'trend'
  /** Beginnings of the intervals; the first may lie before the range. */
  readonly buckets: readonly string[]
  /** The last bucket isn't over. */
  readonly isOpen: boolean
  readonly lines: readonly {
    readonly series: number
    readonly group: Group
    /** null: nothing to measure. */
    readonly values: readonly (number | null)[]
    /** Of the range before, place by place. */
    readonly before: readonly (number | null)[] | null
  }[]
}

export interface FunnelAnswer extends Told {
  readonly kind: 'funnel'
  readonly groups: readonly {
    readonly group: Group
    readonly steps: readonly {
      readonly people: number
      /** From the first step, at each person's fastest; null: nobody came so far. */
      readonly medianSeconds: number | null
    }[]
  }[]
}

export interface RetentionAnswer extends Told {
  readonly kind: 'retention'
  readonly cohorts: readonly {
    /** First day. */
    readonly day: string
    readonly people: number
    /** By period, from the first one after the beginning. null: lies in the future. */
    readonly back: readonly (number | null)[]
    /** So many of them are over. */
    readonly periodsOver: number
  }[]
}

export interface PathsAnswer extends Told {
  readonly kind: 'paths'
  readonly occurrences: number
  /** `event` null: all others of the step. Step 0 is the event itself. */
  readonly nodes: readonly { readonly step: number; readonly event: string | null; readonly count: number }[]
  /** From a node of `step` to one of the next. */
  readonly links: readonly {
    readonly step: number
    readonly from: string | null
    readonly to: string | null
    readonly count: number
  }[]
}

export type ExploreAnswer = TrendAnswer | FunnelAnswer | RetentionAnswer | PathsAnswer

/** Behind which number. */
export type Cell =
  /** `bucket` null: the whole range. */
  | { readonly of: 'trend'; readonly series: number; readonly bucket: string | null; readonly group: Group }
  | {
      readonly of: 'funnel'
      /** From 0. */
      readonly step: number
      /** Who came as far as the step, or came to it and not to the next. */
      readonly who: 'reached' | 'dropped'
      readonly group: Group
    }
  /** Period 0: the whole cohort. */
  | { readonly of: 'retention'; readonly day: string; readonly period: number }
  | { readonly of: 'paths'; readonly step: number; readonly event: string }

export interface PeopleAnswer {
  /** By their ids. */
  readonly people: readonly {
    readonly id: string
    /** For /people/…. */
    readonly address: string
    readonly firstAt: string
    readonly events: number
  }[]
  /** `after` of the next page; null: that was all. */
  readonly next: string | null
  readonly statements: readonly ShownSql[]
}

/** Who belongs to a saved cohort. */
export type CohortDefinition =
  /** Whoever stands behind the number of a question, each time that somebody asks. */
  | { readonly kind: 'question'; readonly spec: ExploreSpec; readonly cell: Cell }
  /** A saved query in GoogleSQL with one column, `user_id` or `anonymous_id`. */
  | { readonly kind: 'query'; readonly query: string }
  /** User ids or anonymous ids, as they were. */
  | { readonly kind: 'ids'; readonly ids: readonly string[] }

export interface EventsAnswer {
  readonly events: readonly {
    readonly source: string
    readonly table: string
    /** As they were sent. */
    readonly names: readonly string[]
    /** null: a row filter hides some. */
    readonly rows: number | null
  }[]
}
