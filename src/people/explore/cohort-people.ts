// The people of one cohort. Counted and listed are those of whom the caller may read anything at all: an id in a list says nothing to
// somebody who may not see that person.
import { Draft, type NamedSql, pageSql, type PeoplePage, type Statement, type WriteCohort } from './draft.ts'
import type { EventTable, EventTables } from './event-tables.ts'

export interface OneCohort {
  readonly tables: EventTables
  readonly write: WriteCohort
}

/** Every time that a row may have. */
const always = { fromMicros: Date.UTC(1900, 0) * 1000, toMicros: Date.UTC(9999, 11, 31) * 1000 }
/** What a source sends besides events, which are all in `tracks`. */
const calls: ReadonlySet<string> = new Set(['tracks', 'pages', 'screens', 'identifies', 'groups', 'aliases'])
const one = 'cohort'

export function cohortSizeStatement(cohort: OneCohort): Statement {
  const draft = draftOf(cohort)
  return draft.statement([seen(draft, cohort)], 'SELECT COUNT(DISTINCT person) AS people FROM seen')
}

export function cohortPeopleStatement(cohort: OneCohort, page: PeoplePage): Statement {
  const draft = draftOf(cohort)
  const after = page.after === undefined ? '' : `\nWHERE person > ${draft.bind(page.after)}`
  return draft.statement(
    [seen(draft, cohort)],
    `SELECT person, MIN(moment) AS first_at, COUNT(*) AS events FROM seen${after}\nGROUP BY person${pageSql(page)}`,
  )
}

/** Its people alone, also those of whom there are no rows. */
export function cohortListStatement(cohort: OneCohort): Statement {
  const draft = draftOf(cohort)
  return draft.statement([[one, cohort.write(draft)]], `SELECT DISTINCT person FROM ${one}`)
}

function draftOf({ tables, write }: OneCohort): Draft {
  return new Draft('googlesql', {
    tables,
    among: undefined,
    inCohorts: [{ cohort: one, is: 'in' }],
    cohorts: new Map([[one, write]]),
    range: always,
  })
}

/** Each row that names one of them, once. */
function seen(draft: Draft, { tables }: OneCohort): NamedSql {
  const isRead = ({ source, table }: EventTable): boolean => calls.has(table) || !tables.has(`${source}.tracks`)
  const rows = [...tables.values()]
    .filter(isRead)
    .map(({ source, table }) =>
      draft.events({ source, table, filters: [] }, always, ['UNIX_MICROS(e.timestamp) AS moment']),
    )
  // Who may read no events at all sees nobody.
  const nobody = "SELECT '' AS person, 0 AS moment FROM UNNEST([0]) AS n WHERE n > 0"
  return ['seen', rows.length === 0 ? nobody : rows.join('\n  UNION ALL ')]
}
