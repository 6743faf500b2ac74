// What the query would read and cost, asked for while it is written: the dry run of the text as it stood a moment ago.
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useEffect, useState } from 'react'

import type { DryRunAnswer } from '../../api/answers.ts'
import { ApiError } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { ownLabel } from '../asking/catalogue.ts'
import { chosenParameters, parameterNames, type Resolved, type TypeOf } from './parameters.ts'
import type { Work } from './work.ts'

const delayMs = 250

export interface Finding {
  readonly line: number
  readonly column: number
  readonly message: string
  readonly isError: boolean
}

export interface Estimate {
  /** What was asked about, as it stood a moment ago. */
  readonly asked: Estimated
  readonly answer: DryRunAnswer | undefined
  readonly isChecking: boolean
  /** What is wrong, or could be better; each at its place. */
  readonly findings: readonly Finding[]
  readonly typeOf: TypeOf
}

export type Estimated = Pick<Work, 'sql' | 'dialect' | 'parameters'> & { readonly resolved: Resolved }

export function useEstimate({ sql, dialect, parameters, resolved }: Estimated): Estimate {
  const now = JSON.stringify({ sql, dialect, parameters, resolved })
  const [asked, setAsked] = useState(now)
  useEffect(() => {
    const timer = setTimeout(() => setAsked(now), delayMs)
    return () => clearTimeout(timer)
  }, [now])

  const settled = JSON.parse(asked) as Estimated
  const { data, error, isFetching } = useQuery({
    ...estimateQuery(settled),
    enabled: sql.trim() !== '',
    placeholderData: keepPreviousData,
  })
  const isEmpty = sql.trim() === ''
  const answer = isEmpty || error !== null ? undefined : data
  return {
    asked: settled,
    answer,
    isChecking: !isEmpty && (isFetching || asked !== now),
    findings: isEmpty ? [] : error === null ? (answer?.lint ?? []).map(mildFinding) : [findingOf(error)],
    typeOf: typeIn(data),
  }
}

/** For a run, too: whoever is quicker than the estimate must not run with types that are only guessed. */
/** `plan`: taken apart by table, column and day, too. */
export function estimateQuery({ sql, dialect, parameters, resolved }: Estimated, plan = false) {
  return {
    queryKey: ['estimate', plan, JSON.stringify({ sql, dialect, parameters, resolved })] as const,
    retry: false,
    queryFn: async ({ signal }: { signal: AbortSignal }): Promise<DryRunAnswer> => {
      const chosen = chosenParameters(parameterNames(sql, dialect), parameters, resolved)
      return call('POST /api/query', {
        body: { sql, dialect, parameters: chosen, labels: ownLabel, dryRun: true, ...(plan ? { plan } : {}) },
        signal,
      })
    },
  }
}

export function typeIn(answer: DryRunAnswer | undefined): TypeOf {
  return (name) => answer?.undeclaredParameters.find((one) => one.name?.toLowerCase() === name.toLowerCase())?.type
}

function mildFinding({ line, column, message }: { line: number; column: number; message: string }): Finding {
  return { line, column, message, isError: false }
}

/** GoogleSQL's messages end with their place; without one it is the beginning. */
export function findingOf(error: Error): Finding {
  const [, message = error.message, line = '1', column = '1'] = / at \[(\d+):(\d+)\]$/.test(error.message)
    ? (/^(.*) at \[(\d+):(\d+)\]$/s.exec(error.message) ?? [])
    : []
  return {
    line: Number(line),
    column: Number(column),
    message,
    isError: !(error instanceof ApiError) || error.status < 500,
  }
}
