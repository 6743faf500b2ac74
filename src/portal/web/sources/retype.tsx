// Another type for a column whose values didn't all fit: old rows are written again, and what fits comes back from `_overflow`.
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import type { RetypeAsked } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button, Select } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { formatCount } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { sourcesWords } from './words.ts'

/** The mildest first: every value fits it. */
const types = ['text', 'float', 'integer', 'boolean', 'timestamp'] as const satisfies readonly RetypeAsked['type'][]

interface RetypeProps {
  readonly source: string
  readonly table: string
  readonly column: string
}

export function Retype({ source, table, column }: RetypeProps) {
  const t = useWords(sourcesWords)
  const queryClient = useQueryClient()
  const [type, setType] = useState<RetypeAsked['type']>('text')
  const [isRunning, setRunning] = useState(false)

  async function run(): Promise<void> {
    setRunning(true)
    try {
      const body = { dataset: source, table, column, type }
      const { overflowed } = await call('POST /api/maintenance/retype', { body })
      say(t('sources.retyped', { column, type, count: formatCount(overflowed) }))
    } catch (error) {
      say(messageOf(error), true)
    }
    setRunning(false)
    await Promise.all([
      queryClient.invalidateQueries({ queryKey: ['source-schema', source] }),
      queryClient.invalidateQueries({ queryKey: ['source-overflow', source] }),
    ])
  }

  return (
    <div className="flex flex-wrap items-center gap-2">
      <bdi className="font-mono text-xs">{column}</bdi>
      <Select
        label={t('sources.type-of', { column })}
        value={type}
        options={types.map((value) => ({ value, text: value }))}
        choose={setType}
      />
      <Button disabled={isRunning} onClick={() => void run()}>
        {t(isRunning ? 'sources.rewriting' : 'sources.give-type')}
      </Button>
    </div>
  )
}
