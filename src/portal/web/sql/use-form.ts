// The form of the parameters, asked for while it is filled in: what relative dates are now, and what can be chosen. A query without
// either needs no asking.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import type { ParameterFormAnswer, ParameterFormAsked } from '../../api/answers.ts'
import type { ParameterSetting } from '../../api/job-answers.ts'
import { call } from '../asking/call.ts'
import { atHand, type Resolved, typeOfParameter, valueOf } from './parameters.ts'
import type { Work } from './work.ts'

const delayMs = 250
/** "today" changes, tables do, too. */
const staleMs = 60_000

export type FormField = ParameterFormAnswer['parameters'][number]

export interface Form {
  readonly fields: ReadonlyMap<string, FormField>
  /** Relative dates as dates. */
  readonly resolved: Resolved
  readonly error: Error | null
}

/** undefined: nothing to ask. */
export function formAsked(
  { parameters, zone = 'UTC' }: Pick<Work, 'parameters' | 'zone'>,
  names: readonly string[],
): ParameterFormAsked | undefined {
  const isAsking = names.some((name) => {
    const input = parameters[name]
    return input?.choicesSql !== undefined || input?.choices !== undefined || 'relative' in atHand(input)
  })
  if (!isAsking) return undefined
  const typeOf = (name: string): string => typeOfParameter(name, parameters, () => undefined)
  return {
    zone,
    parameters: names.map((name) => {
      const { choices, choicesSql } = parameters[name] ?? {}
      const offered =
        choicesSql === undefined || choicesSql === '' ? (choices === undefined ? {} : { choices }) : { choicesSql }
      return { name, type: typeOf(name), ...offered }
    }),
    values: Object.fromEntries(
      names.flatMap((name): [string, ParameterSetting][] => {
        const given = atHand(parameters[name])
        if ('relative' in given) return [[name, given]]
        try {
          return [[name, { value: valueOf(name, typeOf(name), parameters[name]) }]]
        } catch {
          // Half an array: its own field says so when the query runs.
          return []
        }
      }),
    ),
  }
}

export function formQuery(asked: ParameterFormAsked) {
  return {
    queryKey: ['parameter-form', JSON.stringify(asked)] as const,
    staleTime: staleMs,
    retry: false,
    queryFn: async ({ signal }: { signal: AbortSignal }) => call('POST /api/query/parameters', { body: asked, signal }),
  }
}

export function resolvedIn(form: ParameterFormAnswer | undefined, asked: ParameterFormAsked | undefined): Resolved {
  const known = form?.parameters.flatMap(({ name, value }) => {
    const setting = asked?.values[name]
    return value !== undefined && setting !== undefined && 'relative' in setting ? [[name, value] as const] : []
  })
  return Object.fromEntries(known ?? [])
}

export function useForm(work: Pick<Work, 'parameters' | 'zone'>, names: readonly string[]): Form {
  const now = JSON.stringify(formAsked(work, names))
  const [settled, setSettled] = useState(now)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(now), delayMs)
    return () => clearTimeout(timer)
  }, [now])
  const asked = settled === undefined ? undefined : (JSON.parse(settled) as ParameterFormAsked)
  const { data, error, isPlaceholderData } = useQuery({
    ...formQuery(asked ?? { parameters: [], zone: 'UTC', values: {} }),
    enabled: asked !== undefined,
    placeholderData: keepPreviousData,
  })
  const isFresh = asked !== undefined && !isPlaceholderData && settled === now
  return {
    // Choices of a moment ago are better than a list that comes and goes.
    fields: new Map(asked === undefined ? [] : data?.parameters.map((field) => [field.name, field])),
    resolved: isFresh ? resolvedIn(data, asked) : {},
    error: asked === undefined ? null : error,
  }
}
