// What a tile shows: a saved query or SQL of its own, and how. A preview asks with the rights and defaults of whoever edits.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'

import { readChart } from '../../../charts/read-chart.ts'
import type { Tile } from '../../api/dashboard-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { type QueryRows, runLines } from '../asking/run-query.ts'
import { pathOf, useSavedQueries } from '../asking/saved.ts'
import { ChartControls, ChartView } from '../charts/chart-view.tsx'
import { Dialog } from '../shell/dialog.tsx'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { Grid } from '../sql/grid.tsx'
import { useWords } from '../words/words.ts'
import { dashboardWords } from './words.ts'

interface TileDialogProps {
  readonly tile: Tile
  /** By name, for the preview of SQL that names them. */
  readonly parameters: readonly { readonly name: string; readonly type: string; readonly value: unknown }[]
  readonly keep: (tile: Tile) => void
  readonly remove: () => void
  readonly close: () => void
}

const own = ''

export function TileDialog({ tile, parameters, keep, remove, close }: TileDialogProps) {
  const t = useWords(dashboardWords)
  const [draft, setDraft] = useState(tile)
  const preview = useMutation({
    mutationFn: async ({ query, sql = '', dialect = 'googlesql' }: Tile) => {
      const { signal } = new AbortController()
      if (query !== undefined) return runLines(`/api/queries/${encodeURIComponent(query)}/run`, {}, signal)
      const named = parameters.filter(({ name }) => new RegExp(`[@$]${name}\\b`, 'i').test(sql))
      return runLines('/api/query', { sql, dialect, parameters: named }, signal)
    },
  })
  const isAsking = draft.query !== undefined || (draft.sql ?? '').trim() !== ''
  return (
    <Dialog label={t('tile.new')} close={close}>
      <form
        className="grid max-h-[80vh] gap-3 overflow-auto p-4"
        onSubmit={(event) => {
          event.preventDefault()
          keep(draft)
        }}
      >
        <Fields draft={draft} change={setDraft} />
        <Button disabled={!isAsking || preview.isPending} onClick={() => preview.mutate(draft)}>
          {t('tile.preview')}
        </Button>
        {preview.error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(preview.error)}
          </p>
        )}
        {preview.data !== undefined && (
          <Preview rows={preview.data} tile={draft} change={(chart) => setDraft({ ...draft, chart })} />
        )}
        <div className="flex gap-2">
          <Button className="mr-auto text-bad" onClick={remove}>
            {t('tile.remove')}
          </Button>
          <Button onClick={close}>{t('dashboard.cancel')}</Button>
          <Button type="submit" isPrimary disabled={!isAsking}>
            {t('tile.keep')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

interface FieldsProps {
  readonly draft: Tile
  readonly change: (tile: Tile) => void
}

function Fields({ draft, change }: FieldsProps) {
  const t = useWords(dashboardWords)
  const saved = useSavedQueries()
  const options = [
    { value: own, text: t('tile.own') },
    ...(saved.data ?? []).map((query) => ({ value: query.id, text: pathOf(query) })),
  ]
  return (
    <>
      <label className="grid gap-1">
        {t('tile.title')}
        <input
          value={draft.title}
          maxLength={200}
          className={fieldClass}
          onChange={({ target }) => change({ ...draft, title: target.value })}
        />
      </label>
      <Select
        label={t('tile.query')}
        value={options.find(({ value }) => value === draft.query)?.value ?? own}
        options={options}
        choose={(id) => {
          const { query: _, sql = '', ...rest } = draft
          change(id === own ? { ...rest, sql } : { ...rest, query: id })
        }}
      />
      {draft.query === undefined && (
        <textarea
          aria-label={t('tile.sql')}
          rows={6}
          spellCheck={false}
          value={draft.sql ?? ''}
          className={`${fieldClass} py-1 font-mono text-xs`}
          onChange={({ target }) => change({ ...draft, sql: target.value })}
        />
      )}
    </>
  )
}

interface PreviewProps {
  readonly rows: QueryRows
  readonly tile: Tile
  readonly change: (chart: Tile['chart']) => void
}

function Preview({ rows, tile, change }: PreviewProps) {
  const t = useWords(dashboardWords)
  const chart = readChart(tile.chart, 'table')
  return (
    <>
      <ChartControls columns={rows.columns} chart={chart} change={(next) => change({ ...next })} offersTable />
      {chart.kind === 'table' ? (
        <div className="h-52">
          <Grid rows={rows} label={t('tile.preview')} />
        </div>
      ) : (
        <ChartView rows={rows} chart={chart} height={208} />
      )}
    </>
  )
}
