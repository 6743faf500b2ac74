// What a chart is: somebody's choice of kind and columns, the numbers in it, and the shapes that it becomes. Shapes are data, so that a
// browser makes elements of them and a server text, from the same functions.
//
//   rows + Chart ─ chartDataOf ─▶ ChartData ─ draw ─▶ Drawing ─▶ svgText (server) · <DrawingView> (browser)

export const chartKinds = ['line', 'area', 'bar', 'number', 'table', 'heat-map', 'funnel'] as const
export type ChartKind = (typeof chartKinds)[number]

export const numberFormats = ['plain', 'percent', 'bytes', 'duration', 'dollars'] as const
/** percent: of shares (0.5 is 50 %); duration: of seconds. */
export type NumberFormat = (typeof numberFormats)[number]

/** Columns by name; what is absent, or not in the rows, is guessed. */
export interface Chart {
  readonly kind: ChartKind
  readonly along?: string | undefined
  /** Columns of numbers. */
  readonly series?: readonly string[] | undefined
  /** The values of this column become series of the first column of numbers. */
  readonly split?: string | undefined
  readonly isStacked?: boolean | undefined
  readonly format?: NumberFormat | undefined
  /** In which times along the axis are told; absent: UTC. */
  readonly zone?: string | undefined
}

/** A result, column by column. */
export interface ChartRows {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly values: readonly (readonly unknown[])[]
  readonly count: number
}

export interface Series {
  readonly name: string
  /** undefined: no number there; a line has a gap. */
  readonly values: readonly (number | undefined)[]
}

export interface ChartData {
  readonly along: string
  readonly labels: readonly string[]
  /** Milliseconds, of each label; absent: the labels are no times. */
  readonly timesMs?: readonly number[] | undefined
  readonly series: readonly Series[]
  /** Rows or series were left out. */
  readonly isCut: boolean
}

/** A colour by its use; a number: of that series. */
export type Ink = 'text' | 'muted' | 'line' | 'accent' | 'on-accent' | 'good' | 'bad' | number

/** Which number a shape stands for, for whoever clicks. */
export interface Datum {
  readonly row: number
  readonly series: number
}

export type Shape =
  | {
      readonly shape: 'path'
      readonly d: string
      readonly stroke?: Ink
      readonly fill?: Ink
      readonly opacity?: number
      readonly isDashed?: boolean
    }
  | {
      readonly shape: 'rect'
      readonly x: number
      readonly y: number
      readonly width: number
      readonly height: number
      readonly fill: Ink
      readonly opacity?: number
      /** Seen only under the pointer: what takes it. */
      readonly isHit?: boolean
      readonly title?: string
      readonly datum?: Datum
    }
  | {
      readonly shape: 'text'
      readonly x: number
      readonly y: number
      readonly text: string
      readonly ink: Ink
      readonly anchor?: 'start' | 'middle' | 'end'
      /** Pixels; absent: 11. */
      readonly size?: number
      readonly isStrong?: boolean
      readonly datum?: Datum
    }

export interface Drawing {
  readonly width: number
  readonly height: number
  /** For whoever can't see it. */
  readonly label: string
  readonly shapes: readonly Shape[]
}

export interface Size {
  readonly width: number
  readonly height: number
}
