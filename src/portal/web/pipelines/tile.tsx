// A number with its name, and a line that somebody should read.
import type { ReactNode } from 'react'

interface BannerProps {
  readonly isBad?: boolean
  readonly title: string
  readonly children: ReactNode
}

export function Banner({ isBad = false, title, children }: BannerProps) {
  return (
    <p className={`rounded-md px-3 py-2 ${isBad ? 'bg-bad-soft text-bad' : 'bg-warn-soft text-warn'}`}>
      <strong className="mr-2 font-medium">{title}</strong>
      {children}
    </p>
  )
}

interface TileProps {
  readonly label: string
  readonly value: string
  readonly below: ReactNode
  readonly tone?: string
  readonly children?: ReactNode
}

export function Tile({ label, value, below, tone = '', children }: TileProps) {
  return (
    <div className="relative border-line p-3 max-md:border-b md:border-r">
      <dt className="text-muted">{label}</dt>
      <dd className={`text-lg font-semibold tabular-nums ${tone}`}>{value}</dd>
      <dd className="text-muted tabular-nums">{below}</dd>
      {children}
    </div>
  )
}
