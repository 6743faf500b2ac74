// Rows of a result. Only the cells in sight are elements, whatever the result holds; arrows move, Mod-C copies the cell.
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { type KeyboardEvent, useId, useMemo, useRef, useState } from 'react'

import type { QueryRows } from '../asking/run-query.ts'
import { cellOf, isNumeric, shortText, textOf } from '../../../charts/cells.ts'
import { copyText } from '../shell/copy.ts'

const rowPixels = 26
const headPixels = 40
const letterPixels = 7.6
/** Rows that decide how wide a column is. */
const measuredRowsMax = 60
const widthPixels = { min: 72, max: 340, padding: 22 }

interface Place {
  readonly row: number
  readonly column: number
}

const moves: Readonly<Record<string, Place>> = {
  ArrowDown: { row: 1, column: 0 },
  ArrowUp: { row: -1, column: 0 },
  ArrowRight: { row: 0, column: 1 },
  ArrowLeft: { row: 0, column: -1 },
  PageDown: { row: 20, column: 0 },
  PageUp: { row: -20, column: 0 },
  Home: { row: 0, column: -Infinity },
  End: { row: 0, column: Infinity },
}

export function Grid({ rows, label }: { readonly rows: QueryRows; readonly label: string }) {
  const { columns, values, count } = rows
  const id = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const [at, setAt] = useState<Place>({ row: 0, column: 0 })
  const widths = useMemo(() => columns.map((column, index) => widthOf(column, values[index] ?? [])), [columns, values])
  const vertical = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    overscan: 8,
    scrollPaddingStart: headPixels,
  })
  const horizontal = useVirtualizer({
    horizontal: true,
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => widths[index] ?? widthPixels.min,
    overscan: 3,
  })
  const shownColumns = horizontal.getVirtualItems()
  const width = horizontal.getTotalSize()

  function onKey(event: KeyboardEvent): void {
    const move = moves[event.key]
    if ((event.metaKey || event.ctrlKey) && event.key === 'c' && String(getSelection()) === '') {
      void copyText(textOf(values[at.column]?.[at.row]))
    } else if (move !== undefined && !event.metaKey && !event.ctrlKey) {
      const next = { row: within(at.row + move.row, count), column: within(at.column + move.column, columns.length) }
      setAt(next)
      vertical.scrollToIndex(next.row)
      horizontal.scrollToIndex(next.column)
    } else return
    event.preventDefault()
  }

  return (
    <div
      ref={scroller}
      role="grid"
      tabIndex={0}
      aria-label={label}
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-activedescendant={count === 0 ? undefined : `${id}-${at.row}-${at.column}`}
      className="group h-full overflow-auto font-mono text-xs focus-visible:outline-offset-[-2px]"
      onKeyDown={onKey}
    >
      <Head columns={columns} shown={shownColumns} width={width} />
      <Body
        id={id}
        rows={rows}
        shownRows={vertical.getVirtualItems()}
        shownColumns={shownColumns}
        size={{ width, height: vertical.getTotalSize() }}
        at={at}
        choose={setAt}
      />
    </div>
  )
}

interface HeadProps {
  readonly columns: QueryRows['columns']
  readonly shown: readonly VirtualItem[]
  readonly width: number
}

function Head({ columns, shown, width }: HeadProps) {
  return (
    <div
      role="rowgroup"
      className="sticky top-0 z-[1] border-b border-line bg-sunken"
      style={{ width, height: headPixels }}
    >
      <div role="row" aria-rowindex={1}>
        {shown.map(({ index, key, start, size }) => (
          <div
            key={key}
            role="columnheader"
            aria-colindex={index + 1}
            className="absolute truncate px-2 py-0.5"
            style={{ left: start, width: size }}
          >
            <span className="font-medium">{columns[index]?.name}</span>
            <span className="block truncate text-[11px] text-muted">{columns[index]?.type}</span>
          </div>
        ))}
      </div>
    </div>
  )
}

interface BodyProps {
  readonly id: string
  readonly rows: QueryRows
  readonly shownRows: readonly VirtualItem[]
  readonly shownColumns: readonly VirtualItem[]
  readonly size: { readonly width: number; readonly height: number }
  readonly at: Place
  readonly choose: (place: Place) => void
}

function Body({ id, rows: { columns, values }, shownRows, shownColumns, size: whole, at, choose }: BodyProps) {
  return (
    <div role="rowgroup" className="relative" style={whole}>
      {shownRows.map(({ index: row, start: top }) => (
        <div
          key={row}
          role="row"
          aria-rowindex={row + 2}
          className="absolute border-b border-line hover:bg-sunken"
          style={{ top, width: whole.width, height: rowPixels }}
        >
          {shownColumns.map(({ index: column, key, start, size }) => (
            <GridCell
              key={key}
              id={`${id}-${row}-${column}`}
              value={values[column]?.[row]}
              isRight={isNumeric(columns[column]?.type ?? '')}
              isChosen={at.row === row && at.column === column}
              column={column}
              place={{ left: start, width: size }}
              choose={() => choose({ row, column })}
            />
          ))}
        </div>
      ))}
    </div>
  )
}

interface CellProps {
  readonly id: string
  readonly value: unknown
  readonly column: number
  readonly isRight: boolean
  readonly isChosen: boolean
  readonly place: { readonly left: number; readonly width: number }
  readonly choose: () => void
}

function GridCell({ id, value, column, isRight, isChosen, place, choose }: CellProps) {
  const { text, isNull } = cellOf(value)
  const chosen = isChosen ? 'group-focus:outline-2 group-focus:-outline-offset-2 group-focus:outline-accent' : ''
  return (
    <div
      id={id}
      role="gridcell"
      aria-colindex={column + 1}
      aria-selected={isChosen}
      title={text.length > 40 ? text.slice(0, 2000) : undefined}
      className={`absolute h-full truncate px-2 leading-[26px] whitespace-pre ${isRight ? 'text-right' : ''} ${isNull ? 'text-muted italic' : ''} ${chosen}`}
      style={place}
      onMouseDown={choose}
    >
      {shortText(text)}
    </div>
  )
}

function within(index: number, count: number): number {
  return Math.max(0, Math.min(count - 1, index))
}

function widthOf(column: { readonly name: string; readonly type: string }, values: readonly unknown[]): number {
  let letters = Math.max(column.name.length, Math.min(column.type.length, 16))
  for (const value of values.slice(0, measuredRowsMax)) letters = Math.max(letters, cellOf(value).text.length)
  return Math.min(widthPixels.max, Math.max(widthPixels.min, letters * letterPixels + widthPixels.padding))
}
