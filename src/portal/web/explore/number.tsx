// A number of an answer. Who may see the people behind it opens them with a click.
import type { ReactNode } from 'react'

import type { Cell } from '../../api/answers.ts'
import type { Open } from './answer.tsx'

const numberClass = 'inline-block min-h-6 min-w-6 px-0.5 text-right leading-6'

interface NumberProps {
  readonly cell: Cell
  readonly open: Open
  /** Of zero there is nobody behind it. */
  readonly value: number
  readonly children: ReactNode
}

export function NumberLink({ cell, open, value, children }: NumberProps) {
  if (open === undefined || value === 0) return <span className={numberClass}>{children}</span>
  return (
    <button
      type="button"
      aria-haspopup="dialog"
      className={`${numberClass} rounded underline decoration-field/60 decoration-1 underline-offset-4 hover:text-accent hover:decoration-accent`}
      onClick={() => open(cell)}
    >
      {children}
    </button>
  )
}

const percents = new Intl.NumberFormat('en', { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 })

export function shareText(part: number, whole: number): string {
  return whole === 0 ? '–' : percents.format(part / whole)
}
