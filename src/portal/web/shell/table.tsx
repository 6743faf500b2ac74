// A table that scrolls sideways by itself, by touch and by keyboard, and says what it is of.
import type { ReactNode } from 'react'

export interface Column {
  readonly name: string
  readonly text: string
  /** Numbers stand right. */
  readonly isRight?: boolean
}

export function Table({
  label,
  columns,
  children,
}: {
  readonly label: string
  readonly columns: readonly Column[]
  /** Rows. */
  readonly children: ReactNode
}) {
  return (
    <div
      role="region"
      aria-label={label}
      tabIndex={0}
      className="overflow-x-auto rounded-md border border-line bg-card"
    >
      <table className="w-full text-left tabular-nums">
        <caption className="sr-only">{label}</caption>
        <thead className="text-muted">
          <tr>
            {columns.map(({ name, text, isRight = false }) => (
              <th
                key={name}
                scope="col"
                className={`px-3 py-1.5 font-normal whitespace-nowrap ${isRight ? 'text-right' : ''}`}
              >
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
