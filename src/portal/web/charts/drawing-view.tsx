// A drawing as elements, in the colours of the theme. As wide as the place it has: its texts are never stretched.
import { type ReactNode, useEffect, useRef, useState } from 'react'

import type { Datum, Drawing, Ink, Shape, Size } from '../../../charts/chart.ts'
import { strokeWidth } from '../../../charts/svg-text.ts'

interface DrawingViewProps {
  readonly drawing: Drawing
  /** A number was clicked. Whoever has no pointer finds the same numbers in the table beside the chart. */
  readonly pick?: ((datum: Datum) => void) | undefined
}

export function DrawingView({ drawing: { width, height, shapes }, pick }: DrawingViewProps) {
  return (
    <svg aria-hidden width={width} height={height} viewBox={`0 0 ${width} ${height}`} className="block max-w-full">
      {shapes.map((shape, index) => (
        // Shapes have no other name than their place.
        // oxlint-disable-next-line react/no-array-index-key
        <ShapeView key={index} shape={shape} pick={pick} />
      ))}
    </svg>
  )
}

function ShapeView({ shape, pick }: { readonly shape: Shape } & Pick<DrawingViewProps, 'pick'>) {
  switch (shape.shape) {
    case 'path': {
      const { d, fill, stroke, opacity, isDashed } = shape
      return (
        <path
          d={d}
          fill={fill === undefined ? 'none' : colourOf(fill)}
          stroke={stroke === undefined ? undefined : colourOf(stroke)}
          strokeWidth={stroke === undefined ? undefined : strokeWidth(stroke)}
          strokeDasharray={isDashed === true ? '4 3' : undefined}
          strokeLinejoin="round"
          opacity={opacity}
        />
      )
    }
    case 'rect': {
      const { x, y, width, height, fill, opacity, isHit, title, datum } = shape
      const isPicked = pick !== undefined && datum !== undefined
      const look = isHit === true ? 'opacity-0 hover:opacity-10' : isPicked ? 'hover:brightness-110' : ''
      return (
        <rect
          x={x}
          y={y}
          width={width}
          height={height}
          fill={colourOf(fill)}
          opacity={isHit === true ? undefined : opacity}
          className={`${look} ${isPicked ? 'cursor-pointer' : ''}`}
          onClick={isPicked ? () => pick(datum) : undefined}
        >
          {title !== undefined && <title>{title}</title>}
        </rect>
      )
    }
    case 'text': {
      const { x, y, text, ink, anchor, size = 11, isStrong, datum } = shape
      return (
        <text
          x={x}
          y={y}
          fontSize={size}
          textAnchor={anchor}
          fill={colourOf(ink)}
          fontWeight={isStrong === true ? 600 : undefined}
          // What lies below it is what is clicked.
          pointerEvents={datum === undefined ? undefined : 'none'}
        >
          {text}
        </text>
      )
    }
  }
}

function colourOf(ink: Ink): string {
  return typeof ink === 'number' ? `var(--color-series-${ink % 8})` : `var(--color-${ink})`
}

/** Draws for the width that there is; until that is known, nothing. */
export function Sized({ height, children }: { readonly height: number; readonly children: (size: Size) => ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = box.current
    if (element === null) return undefined
    const observer = new ResizeObserver(([entry]) => {
      setWidth(Math.floor(entry?.contentRect.width ?? 0))
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return (
    <div ref={box} style={{ height: `${height}px` }} className="min-w-0 overflow-hidden">
      {width > 0 && children({ width, height })}
    </div>
  )
}
