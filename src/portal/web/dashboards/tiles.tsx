// The grid of tiles. While it is edited, a tile is moved and resized by pointer, and by the arrows from its handle.
import { type CSSProperties, type KeyboardEvent, type PointerEvent, useRef, useState } from 'react'

import type { ChartData, Datum } from '../../../charts/chart.ts'
import type { DashboardAnswer, Place, Tile } from '../../api/dashboard-answers.ts'
import { useWords } from '../words/words.ts'
import { columns, inReadingOrder, moved } from './grid.ts'
import { gapPixels, rowPixels, TileView } from './tile-view.tsx'
import type { Settings } from './use-dashboard.ts'
import { dashboardWords } from './words.ts'

interface TilesProps {
  readonly dashboard: DashboardAnswer
  /** As they are, or as they are edited. */
  readonly tiles: readonly Tile[]
  readonly settings: Settings
  /** undefined: nobody edits. */
  readonly change: ((tiles: readonly Tile[]) => void) | undefined
  readonly edit: (tile: Tile) => void
  readonly pick: (datum: Datum, data: ChartData) => void
}

const steps: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
}
const handleClass = 'grid size-6 place-items-center rounded text-muted hover:bg-sunken hover:text-text'

export function Tiles({ dashboard, tiles, settings, change, edit, pick }: TilesProps) {
  const box = useRef<HTMLDivElement>(null)
  return (
    <div
      ref={box}
      className="grid grid-cols-1 gap-3 md:grid-cols-12"
      style={{ gridAutoRows: `minmax(${rowPixels}px, auto)` }}
    >
      {inReadingOrder(tiles).map((tile) => (
        <div
          key={tile.id}
          className="relative min-w-0 md:[grid-column:var(--columns)] md:[grid-row:var(--rows)]"
          style={styleOf(tile.place)}
        >
          <TileView
            dashboard={dashboard}
            tile={tile}
            settings={settings}
            pick={change === undefined ? pick : undefined}
            {...(change === undefined
              ? {}
              : {
                  handles: (
                    <Handles
                      tile={tile}
                      widthOf={() => box.current?.clientWidth ?? 0}
                      move={(place) => change(moved(tiles, tile.id, place))}
                      edit={() => edit(tile)}
                    />
                  ),
                })}
          />
        </div>
      ))}
    </div>
  )
}

function styleOf({ x, y, width, height }: Place): CSSProperties {
  const pixels = height * rowPixels + (height - 1) * gapPixels
  return {
    '--columns': `${x + 1} / span ${width}`,
    '--rows': `${y + 1} / span ${height}`,
    height: `${pixels}px`,
  } as CSSProperties
}

interface HandlesProps {
  readonly tile: Tile
  /** Of the grid, in pixels. */
  readonly widthOf: () => number
  readonly move: (place: Place) => void
  readonly edit: () => void
}

function Handles({ tile, widthOf, move, edit }: HandlesProps) {
  const t = useWords(dashboardWords)
  const title = tile.title || t('tile.untitled')
  const { place } = tile
  function onKey(event: KeyboardEvent): void {
    const [right, down] = steps[event.key] ?? []
    if (right === undefined || down === undefined) return
    event.preventDefault()
    move(
      event.shiftKey
        ? { ...place, width: place.width + right, height: place.height + down }
        : { ...place, x: place.x + right, y: place.y + down },
    )
  }
  const dragged = useDrag(place, widthOf)
  return (
    <>
      <button
        type="button"
        aria-label={t('tile.move', { title })}
        className={`${handleClass} cursor-move touch-none`}
        onKeyDown={onKey}
        {...dragged((start, right, down) => move({ ...start, x: start.x + right, y: start.y + down }))}
      >
        ⠿
      </button>
      <button type="button" aria-label={t('tile.edit', { title })} className={handleClass} onClick={edit}>
        ⋯
      </button>
      <span
        aria-hidden
        className="absolute right-0 bottom-0 size-4 cursor-se-resize touch-none border-r-2 border-b-2 border-field"
        {...dragged((start, right, down) =>
          move({ ...start, width: start.width + right, height: start.height + down }),
        )}
      />
    </>
  )
}

interface Drag {
  readonly start: Place
  readonly x: number
  readonly y: number
}

/** Tells in columns and rows how far the pointer is from where it was pressed. */
function useDrag(place: Place, widthOf: () => number) {
  const [drag, setDrag] = useState<Drag | undefined>()
  return (tell: (start: Place, right: number, down: number) => void) => ({
    onPointerDown(event: PointerEvent) {
      event.currentTarget.setPointerCapture(event.pointerId)
      setDrag({ start: place, x: event.clientX, y: event.clientY })
    },
    onPointerMove(event: PointerEvent) {
      if (drag === undefined) return
      const columnPixels = (widthOf() + gapPixels) / columns
      const right = Math.round((event.clientX - drag.x) / columnPixels)
      const down = Math.round((event.clientY - drag.y) / (rowPixels + gapPixels))
      tell(drag.start, right, down)
    },
    onPointerUp: () => setDrag(undefined),
    onPointerCancel: () => setDrag(undefined),
  })
}
