// One run at a time:
//
//   idle ──run──▶ running ──▶ done | failed
//                   └─cancel, or leaving the page─▶ cancelled: the connection closes, and with it the job in the engine
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'

import type { QueryAsked } from '../../api/answers.ts'
import { isAbort } from '../asking/ask.ts'
import { type QueryRows, runQuery } from '../asking/run-query.ts'

export type Run =
  | { readonly state: 'idle' | 'cancelled' }
  | { readonly state: 'running'; readonly startedAtMs: number; readonly rows: QueryRows | undefined }
  | { readonly state: 'done'; readonly rows: QueryRows; readonly tookMs: number; readonly asked: QueryAsked }
  | { readonly state: 'failed'; readonly error: Error }

export interface Runner {
  readonly run: Run
  readonly start: (asked: () => Promise<QueryAsked>) => void
  readonly cancel: () => void
}

export function useRun(): Runner {
  const [run, setRun] = useState<Run>({ state: 'idle' })
  const controller = useRef<AbortController>(undefined)
  const queryClient = useQueryClient()
  useEffect(() => () => controller.current?.abort(), [])

  async function follow(makeAsked: () => Promise<QueryAsked>): Promise<void> {
    controller.current?.abort()
    const mine = new AbortController()
    controller.current = mine
    const startedAtMs = performance.now()
    setRun({ state: 'running', startedAtMs, rows: undefined })
    try {
      const asked = await makeAsked()
      mine.signal.throwIfAborted()
      const rows = await runQuery(asked, mine.signal, (some) => setRun({ state: 'running', startedAtMs, rows: some }))
      setRun({ state: 'done', rows, tookMs: performance.now() - startedAtMs, asked })
    } catch (error) {
      // A newer run took the place of this one: what happened to this one is told by nobody.
      if (controller.current !== mine) return
      if (isAbort(error)) setRun({ state: 'cancelled' })
      else setRun({ state: 'failed', error: error instanceof Error ? error : new Error(String(error)) })
    }
    await queryClient.invalidateQueries({ queryKey: ['jobs'] })
  }

  return {
    run,
    start: (asked) => void follow(asked),
    cancel: () => controller.current?.abort(),
  }
}
