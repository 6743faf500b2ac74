// A source's write key, whether it takes events, and what its tables cost.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import type { SourceAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { formatBytes, formatCount, formatDollars } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { Code } from './connect.tsx'
import { sourcesWords } from './words.ts'

/** Less than that a month is said as less than that. */
const centDollars = 0.01

type Act = 'rotate' | 'disable' | 'enable'

export function SourceSettings({ source: { source, writeKey, state } }: { readonly source: SourceAnswer }) {
  const t = useWords(sourcesWords)
  const queryClient = useQueryClient()
  const [asked, setAsked] = useState<Act | undefined>()
  const other: Act = state === 'active' ? 'disable' : 'enable'

  async function run(act: Act): Promise<void> {
    setAsked(undefined)
    try {
      await call(`POST /api/sources/:source/${act}`, { params: { source } })
      say(t(`sources.done-${act}`))
    } catch (error) {
      say(messageOf(error), true)
    }
    await queryClient.invalidateQueries({ queryKey: ['sources'] })
  }

  return (
    <div className="grid grid-cols-1 gap-5">
      <section aria-label={t('sources.key')} className="grid gap-2">
        <h3 className="font-medium">{t('sources.key')}</h3>
        <Code label={t('sources.key')} text={writeKey} />
        <p className="text-muted">{t('sources.key-text')}</p>
        <div className="flex flex-wrap gap-2">
          <Button onClick={() => setAsked('rotate')}>{t('sources.rotate')}</Button>
          <Button onClick={() => (other === 'enable' ? void run('enable') : setAsked('disable'))}>
            {t(`sources.${other}`)}
          </Button>
        </div>
        {asked !== undefined && asked !== 'enable' && (
          <div role="alert" className="grid justify-items-start gap-2 rounded-md bg-warn-soft p-3 text-warn">
            <p>{t(`sources.sure-${asked}`)}</p>
            <div className="flex gap-2">
              <Button isPrimary onClick={() => void run(asked)}>
                {t(`sources.yes-${asked}`)}
              </Button>
              <Button onClick={() => setAsked(undefined)}>{t('sources.no')}</Button>
            </div>
          </div>
        )}
      </section>
      <Storage source={source} />
    </div>
  )
}

function Storage({ source }: { readonly source: string }) {
  const t = useWords(sourcesWords)
  const { data, error } = useQuery({
    queryKey: ['storage'],
    queryFn: async ({ signal }) => call('GET /api/storage', { signal }),
  })
  const own = data?.datasets.find(({ dataset }) => dataset === source)
  return (
    <section aria-label={t('sources.storage')} className="grid gap-1">
      <h3 className="font-medium">{t('sources.storage')}</h3>
      {error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(error)}
        </p>
      )}
      {data !== undefined && (
        <p className="text-muted tabular-nums">
          {own === undefined
            ? t('sources.storage-none')
            : t('sources.storage-text', {
                tables: formatCount(own.tables),
                rows: formatCount(own.rows),
                bytes: formatBytes(own.bytes),
                dollars:
                  own.dollarsPerMonth < centDollars
                    ? `< ${formatDollars(centDollars)}`
                    : formatDollars(own.dollarsPerMonth),
              })}
        </p>
      )}
    </section>
  )
}
