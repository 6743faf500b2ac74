// An event in a list: its name, where it comes from, and how often.
import { formatCount } from '../words/numbers.ts'
import type { EventChoice } from './events.ts'

export function EventText({ choice: { text, source, rows } }: { readonly choice: EventChoice }) {
  return (
    <>
      <bdi className="min-w-0 truncate">{text}</bdi>
      <span className="shrink-0 text-muted">{source}</span>
      {typeof rows === 'number' && (
        <span className="ml-auto shrink-0 text-muted tabular-nums">{formatCount(rows)}</span>
      )}
    </>
  )
}
