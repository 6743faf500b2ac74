// The question that stands in the address, and the way to change it. The router takes its time to come to a new address, and leaving a
// field may be the beginning of a click: what was changed counts at once, so that the click builds on it.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'

import { type Question, readQuestion, searchOf } from './question.ts'

const browserZone = new Intl.DateTimeFormat().resolvedOptions().timeZone

export interface QuestionHold {
  readonly question: Question
  readonly change: (change: Partial<Question>) => void
}

export function useQuestion(): QuestionHold {
  const search = useSearch({ from: '/explore' })
  const navigate = useNavigate({ from: '/explore' })
  const inAddress = useMemo(() => readQuestion(search, browserZone), [search])
  const [changed, setChanged] = useState({ search, question: inAddress })
  const question = changed.search === search ? changed.question : inAddress
  return {
    question,
    change: (change) => {
      const next = { ...question, ...change }
      setChanged({ search, question: next })
      void navigate({ search: searchOf(next), replace: true })
    },
  }
}
