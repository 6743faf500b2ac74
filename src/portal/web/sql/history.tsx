// What was asked lately, with what became of it; one click brings a query back.
import { useJobs } from '../asking/jobs.ts'
import { Button, Empty } from '../shell/parts.tsx'
import { formatBytes, formatCount, formatDuration } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import type { SqlSearch } from './search.ts'
import { sqlWords } from './words.ts'

export function History({ open }: { readonly open: (search: SqlSearch) => void }) {
  const t = useWords(sqlWords)
  const { data: jobs } = useJobs()
  if (jobs?.length === 0) return <Empty title={t('sql.history-empty')} />
  return (
    <ul className="h-full overflow-auto" aria-label={t('sql.tab-history')}>
      {jobs?.map(({ id, sql, dialect, startedAt, endedAt, createdAt, error, statistics }) => (
        <li key={id} className="flex items-center gap-4 border-b border-line px-3 py-1.5">
          <time dateTime={createdAt} className="shrink-0 text-muted tabular-nums">
            {new Date(createdAt).toLocaleTimeString('en-GB')}
          </time>
          <code className="min-w-0 flex-1 truncate font-mono text-xs" title={sql.slice(0, 2000)}>
            {sql.replaceAll(/\s+/g, ' ')}
          </code>
          <span className="shrink-0 text-muted tabular-nums">
            {error !== undefined && (
              <span className="text-bad" title={error.message}>
                {t('sql.history-failed')}
              </span>
            )}
            {error === undefined && statistics !== undefined && (
              <>
                {formatCount(statistics.rows)} · {formatBytes(statistics.bytesProcessed)}
              </>
            )}
            {startedAt !== null &&
              endedAt !== null &&
              ` · ${formatDuration(Date.parse(endedAt) - Date.parse(startedAt))}`}
          </span>
          <Button onClick={() => open({ sql, dialect, tab: 'history' })}>{t('sql.history-open')}</Button>
        </li>
      ))}
    </ul>
  )
}
