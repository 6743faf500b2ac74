// An alert as a form holds it: texts, as they are typed; and as the API takes it.
import type { AlertAsked, AlertCondition, AlertDefinition } from '../../api/alert-answers.ts'

export const conditionKinds = ['above', 'below', 'absence', 'up', 'down', 'either'] as const
export type ConditionKind = (typeof conditionKinds)[number]

export interface Draft {
  readonly name: string
  /** '' : SQL of its own. */
  readonly query: string
  readonly sql: string
  readonly kind: ConditionKind
  readonly bound: string
  readonly beforeMinutes: string
  readonly everyMinutes: string
  readonly forCount: string
  readonly repeatMinutes: string
  readonly groupBy: string
  readonly routes: readonly string[]
  readonly runbook: string
  /** What the form does not show stays as it is. */
  readonly rest: Pick<AlertDefinition, 'parameters' | 'zone' | 'column'>
}

export function newDraft(
  zone: string,
  from: { readonly query?: string | undefined; readonly sql?: string | undefined },
): Draft {
  return {
    name: '',
    query: from.query ?? '',
    sql: from.sql ?? '',
    kind: 'above',
    bound: '0',
    beforeMinutes: '1440',
    everyMinutes: '5',
    forCount: '1',
    repeatMinutes: '',
    groupBy: '',
    routes: [],
    runbook: '',
    rest: { parameters: {}, zone },
  }
}

export function draftOf(name: string, definition: AlertDefinition): Draft {
  const { condition, parameters, zone, column } = definition
  const kind =
    condition.kind === 'threshold' ? condition.is : condition.kind === 'change' ? condition.direction : condition.kind
  return {
    name,
    query: definition.query ?? '',
    sql: definition.sql ?? '',
    kind,
    bound: String(
      condition.kind === 'threshold' ? condition.value : condition.kind === 'change' ? condition.percent : 0,
    ),
    beforeMinutes: String(condition.kind === 'change' ? condition.beforeMinutes : 1440),
    everyMinutes: String(definition.everyMinutes),
    forCount: String(definition.forCount),
    repeatMinutes: definition.repeatMinutes === undefined ? '' : String(definition.repeatMinutes),
    groupBy: definition.groupBy ?? '',
    routes: definition.routes,
    runbook: definition.runbook,
    rest: { parameters, zone, ...(column === undefined ? {} : { column }) },
  }
}

/** What is no number becomes NaN, which the API refuses by name. */
export function askedOf(draft: Draft): AlertAsked {
  const { name, query, sql, everyMinutes, forCount, repeatMinutes, groupBy, routes, runbook, rest } = draft
  return {
    name,
    ...(query === '' ? { sql } : { query }),
    ...rest,
    condition: conditionOf(draft),
    everyMinutes: Number(everyMinutes),
    forCount: Number(forCount),
    ...(repeatMinutes.trim() === '' ? {} : { repeatMinutes: Number(repeatMinutes) }),
    ...(groupBy.trim() === '' ? {} : { groupBy: groupBy.trim() }),
    routes,
    runbook,
  }
}

function conditionOf({ kind, bound, beforeMinutes }: Draft): AlertCondition {
  if (kind === 'absence') return { kind }
  if (kind === 'above' || kind === 'below') return { kind: 'threshold', is: kind, value: Number(bound) }
  return { kind: 'change', direction: kind, percent: Number(bound), beforeMinutes: Number(beforeMinutes) }
}
