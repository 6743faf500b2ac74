// Datasets, tables and, when somebody opens one, its columns. Only what is in sight is drawn: companies have thousands of tables.
import { useQueries } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useDeferredValue, useRef, useState } from 'react'

import { messageOf } from '../asking/ask.ts'
import { columnsQuery, type TableName, useTables } from '../asking/catalogue.ts'
import { Icon } from '../shell/icon.tsx'
import { fieldClass } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { sqlWords } from './words.ts'

const rowPixels = 26

type Row =
  | { readonly kind: 'dataset'; readonly key: string; readonly text: string }
  | { readonly kind: 'table'; readonly key: string; readonly table: TableName; readonly isOpen: boolean }
  | { readonly kind: 'column'; readonly key: string; readonly text: string; readonly type: string }

export function SchemaTree({ insert }: { readonly insert: (name: string) => void }) {
  const t = useWords(sqlWords)
  const { data: tables, error } = useTables()
  const [filter, setFilter] = useState('')
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const wanted = useDeferredValue(filter.trim().toLowerCase())
  const rows = useRows(tables ?? [], wanted, open)

  function toggle(key: string): void {
    const next = new Set(open)
    if (!next.delete(key)) next.add(key)
    setOpen(next)
  }

  return (
    <section aria-label={t('sql.tables')} className="grid h-full min-h-0 grid-rows-[auto_1fr]">
      <div className="p-2">
        <input
          type="search"
          aria-label={t('sql.filter-tables')}
          placeholder={t('sql.filter-tables')}
          value={filter}
          spellCheck={false}
          className={`${fieldClass} w-full`}
          onChange={({ target }) => setFilter(target.value)}
        />
      </div>
      {error !== null && <p className="p-3 text-bad">{t('sql.tables-failed', { why: messageOf(error) })}</p>}
      {tables?.length === 0 && <p className="p-3 text-muted">{t('sql.no-tables')}</p>}
      <Rows rows={rows} toggle={toggle} insert={insert} />
    </section>
  )
}

function useRows(tables: readonly TableName[], wanted: string, open: ReadonlySet<string>): readonly Row[] {
  const shown = tables.filter(({ dataset, table }) => `${dataset}.${table}`.toLowerCase().includes(wanted))
  const opened = shown.filter((table) => open.has(keyOf(table)))
  const columns = useQueries({ queries: opened.map(columnsQuery) })
  const columnsByKey = new Map(opened.map((table, index) => [keyOf(table), columns[index]?.data ?? []]))
  const rows: Row[] = []
  for (const [index, table] of shown.entries()) {
    const key = keyOf(table)
    if (shown[index - 1]?.dataset !== table.dataset) {
      rows.push({ kind: 'dataset', key: `dataset ${table.dataset}`, text: table.dataset })
    }
    rows.push({ kind: 'table', key, table, isOpen: open.has(key) })
    for (const { name, type } of columnsByKey.get(key) ?? []) {
      rows.push({ kind: 'column', key: `${key}.${name}`, text: name, type })
    }
  }
  return rows
}

function keyOf({ dataset, table }: TableName): string {
  return `${dataset}.${table}`
}

interface RowsProps {
  readonly rows: readonly Row[]
  readonly toggle: (key: string) => void
  readonly insert: (name: string) => void
}

function Rows({ rows, toggle, insert }: RowsProps) {
  const t = useWords(sqlWords)
  const scroller = useRef<HTMLDivElement>(null)
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    overscan: 12,
    getItemKey: (index) => rows[index]?.key ?? index,
  })
  return (
    <div ref={scroller} tabIndex={0} role="region" aria-label={t('sql.tables')} className="min-h-0 overflow-auto pb-2">
      <div className="relative" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => {
          const row = rows[index]
          return (
            <div key={key} className="absolute inset-x-0 flex px-2" style={{ top: start, height: rowPixels }}>
              {row !== undefined && <RowContent row={row} toggle={toggle} insert={insert} />}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function RowContent({ row, toggle, insert }: { readonly row: Row } & Omit<RowsProps, 'rows'>) {
  const t = useWords(sqlWords)
  if (row.kind === 'dataset') return <span className="self-center truncate px-1 font-medium">{row.text}</span>
  if (row.kind === 'column') {
    return (
      <button
        type="button"
        className="flex w-full items-center gap-2 rounded pr-1 pl-8 hover:bg-sunken"
        onClick={() => insert(row.text)}
      >
        <span className="truncate font-mono text-xs">{row.text}</span>
        <span className="ml-auto shrink-0 font-mono text-[11px] text-muted">{row.type.slice(0, 14)}</span>
      </button>
    )
  }
  const name = keyOf(row.table)
  return (
    <>
      <button
        type="button"
        aria-expanded={row.isOpen}
        aria-label={t('sql.show-columns', { table: name })}
        className="grid w-6 place-items-center rounded text-muted hover:bg-sunken"
        onClick={() => toggle(row.key)}
      >
        <Icon name="open" className={row.isOpen ? 'rotate-90' : ''} />
      </button>
      <button
        type="button"
        title={t('sql.insert-table', { table: name })}
        className="min-w-0 flex-1 truncate rounded px-1 text-left font-mono text-xs hover:bg-sunken"
        onClick={() => insert(name)}
      >
        {row.table.table}
      </button>
    </>
  )
}
