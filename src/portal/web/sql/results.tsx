// Under the editor: the rows, a chart of them, what they cost, saved queries and the history.
import { type KeyboardEvent, useEffect, useId, useState } from 'react'

import type { QueryAsked } from '../../api/answers.ts'
import type { SavedQueryAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import type { QueryRows } from '../asking/run-query.ts'
import { maySave } from '../asking/saved.ts'
import { modKey } from '../shell/keys.ts'
import { useMe } from '../shell/me.ts'
import { Panel } from '../shell/panel.tsx'
import { Button, Empty, Key } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { formatCount, formatDuration } from '../words/numbers.ts'
import { useWords, type Words } from '../words/words.ts'
import { tabSeparated } from '../../../charts/cells.ts'
import { Chart } from './chart.tsx'
import { copyText } from '../shell/copy.ts'
import { download } from './download.ts'
import { Grid } from './grid.tsx'
import { History } from './history.tsx'
import { Plan } from './plan.tsx'
import { SavedList } from './saved-list.tsx'
import { type Tab, tabs } from './search.ts'
import type { Estimated } from './use-estimate.ts'
import type { Run } from './use-run.ts'
import type { Workbench } from './use-workbench.ts'
import { Versions } from './versions.tsx'
import type { Work } from './work.ts'
import { sqlWords } from './words.ts'

interface ResultsProps {
  readonly run: Run
  readonly workbench: Workbench
  readonly saved: SavedQueryAnswer | undefined
  readonly estimated: Estimated
}

export function Results({ run, workbench, saved, estimated }: ResultsProps) {
  const t = useWords(sqlWords)
  const id = useId()
  const { chooseTab } = workbench
  const offered = tabs.filter((one) => one !== 'versions' || saved !== undefined)
  const tab = offered.find((one) => one === workbench.tab) ?? 'table'
  const rows = run.state === 'running' || run.state === 'done' ? run.rows : undefined
  return (
    <section aria-label={t('sql.results')} className="grid min-h-0 grid-rows-[auto_1fr] border-t border-line">
      <div className="flex min-h-9 items-center gap-2 border-b border-line px-2">
        <Tabs id={id} tabs={offered} tab={tab} choose={chooseTab} />
        <p role="status" className="truncate text-muted tabular-nums">
          <Summary run={run} t={t} />
        </p>
        {run.state === 'done' && <Actions rows={run.rows} asked={run.asked} />}
      </div>
      <div role="tabpanel" id={id} aria-labelledby={`${id}-${tab}`} className="min-h-0 overflow-hidden">
        <Panel key={tab}>
          {tab === 'history' ? (
            <History open={workbench.open} />
          ) : tab === 'plan' ? (
            <Plan asked={estimated} />
          ) : tab === 'saved' ? (
            <SavedList current={saved?.id} />
          ) : tab === 'versions' && saved !== undefined ? (
            <Versions saved={saved} workbench={workbench} />
          ) : run.state === 'failed' ? (
            <p role="alert" className="m-3 rounded-md bg-bad-soft p-3 font-mono text-xs whitespace-pre-wrap text-bad">
              {run.error.message}
            </p>
          ) : rows === undefined ? (
            <Begin work={workbench} change={workbench.change} isIdle={run.state === 'idle'} />
          ) : (
            <Shown
              tab={tab}
              rows={rows}
              asked={run.state === 'done' ? run.asked : undefined}
              title={saved?.name ?? ''}
            />
          )}
        </Panel>
      </div>
    </section>
  )
}

interface ShownProps {
  readonly tab: Tab
  readonly rows: QueryRows
  readonly asked: QueryAsked | undefined
  readonly title: string
}

function Shown({ tab, rows, asked, title }: ShownProps) {
  const t = useWords(sqlWords)
  if (tab === 'chart') return <Chart rows={rows} asked={asked} title={title} />
  if (rows.columns.length === 0) return null
  if (rows.count === 0 && rows.end !== undefined) return <Empty title={t('sql.no-rows')} />
  return <Grid rows={rows} label={t('sql.results')} />
}

interface TabsProps {
  readonly id: string
  readonly tabs: readonly Tab[]
  readonly tab: Tab
  readonly choose: (tab: Tab) => void
}

function Tabs({ id, tabs: offered, tab, choose }: TabsProps) {
  const t = useWords(sqlWords)
  function onKey(event: KeyboardEvent<HTMLElement>): void {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const next = offered[(offered.indexOf(tab) + step + offered.length) % offered.length]
    if (step === 0 || next === undefined) return
    choose(next)
    document.getElementById(`${id}-${next}`)?.focus()
  }
  return (
    <div role="tablist" aria-label={t('sql.results')} className="flex" onKeyDown={onKey}>
      {offered.map((one) => (
        <button
          key={one}
          type="button"
          role="tab"
          id={`${id}-${one}`}
          aria-selected={one === tab}
          aria-controls={id}
          tabIndex={one === tab ? 0 : -1}
          className="min-h-8 border-b-2 border-transparent px-2.5 text-muted hover:text-text aria-selected:border-accent aria-selected:text-text"
          onClick={() => choose(one)}
        >
          {t(`sql.tab-${one}`)}
        </button>
      ))}
    </div>
  )
}

function Summary({ run, t }: { readonly run: Run; readonly t: Words<keyof typeof sqlWords> }) {
  if (run.state === 'running') return <Running startedAtMs={run.startedAtMs} t={t} />
  if (run.state === 'cancelled') return t('sql.cancelled')
  if (run.state !== 'done') return null
  const time = formatDuration(run.tookMs)
  const { end, count, isCut } = run.rows
  if (isCut) return t('sql.cut', { rows: formatCount(count), time })
  if (end?.affectedRows !== undefined) return t('sql.affected', { rows: formatCount(end.affectedRows), time })
  return t(end?.cacheHit === true ? 'sql.done-cached' : 'sql.done', { rows: formatCount(count), time })
}

function Running({ startedAtMs, t }: { readonly startedAtMs: number; readonly t: Words<keyof typeof sqlWords> }) {
  const [nowMs, setNowMs] = useState(startedAtMs)
  useEffect(() => {
    const timer = setInterval(() => setNowMs(performance.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return t('sql.running', { seconds: Math.round((nowMs - startedAtMs) / 1000) })
}

function Actions({ rows, asked }: { readonly rows: QueryRows; readonly asked: QueryAsked }) {
  const t = useWords(sqlWords)
  const me = useMe()
  const names = rows.columns.map(({ name }) => name)
  if (rows.count === 0) return null
  return (
    <div className="ml-auto flex gap-1">
      <Button onClick={() => void copyText(tabSeparated(names, rows.values, rows.count))}>{t('sql.copy-rows')}</Button>
      {(maySave(me) ? (['csv', 'parquet'] as const) : []).map((format) => (
        <Button
          key={format}
          aria-label={t('sql.download-as', { format: t(`sql.download-${format}`) })}
          onClick={() => void download(asked, format).catch((error: unknown) => say(messageOf(error), true))}
        >
          {t(`sql.download-${format}`)}
        </Button>
      ))}
    </div>
  )
}

const firstQuery =
  'SELECT source, SUM(events) AS events\nFROM millpond.source_counts\nGROUP BY source\nORDER BY events DESC'

interface BeginProps {
  readonly work: Work
  readonly change: (part: Partial<Work>) => void
  readonly isIdle: boolean
}

function Begin({ work, change, isIdle }: BeginProps) {
  const t = useWords(sqlWords)
  if (!isIdle) return null
  const [before = '', after = ''] = t('sql.empty-text', { key: '\n' }).split('\n')
  return (
    <Empty title={t('sql.empty-title')}>
      <p className="max-w-prose">
        {before}
        <Key>{modKey} ↵</Key>
        {after}
      </p>
      {work.sql.trim() === '' && (
        <Button onClick={() => change({ sql: firstQuery, dialect: 'googlesql' })}>{t('sql.try')}</Button>
      )}
    </Empty>
  )
}
