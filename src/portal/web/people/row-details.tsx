// One row with everything that was kept of it.
import { useQuery } from '@tanstack/react-query'

import type { TimelineRowAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { copyText } from '../shell/copy.ts'
import { Button } from '../shell/parts.tsx'
import { useLanguage, useWords } from '../words/words.ts'
import { Pairs, Part } from './facts.tsx'
import { formatSpan } from './times.ts'
import { peopleWords } from './words.ts'

/** Shorter than that is the way of every row. */
const lateMs = 60_000

interface RowDetailsProps {
  readonly id: string
  readonly rowRef: string
  /** If it is among those that are loaded. */
  readonly row: TimelineRowAnswer | undefined
  readonly reason: string | undefined
  /** Of this moment, for a colleague. */
  readonly address: string
  readonly close: () => void
}

export function RowDetails({ id, rowRef, row, reason, address, close }: RowDetailsProps) {
  const t = useWords(peopleWords)
  const language = useLanguage()
  const { data, error } = useQuery({
    queryKey: ['row', id, rowRef],
    retry: false,
    staleTime: Infinity,
    queryFn: async ({ signal }) =>
      call('GET /api/people/:id/rows/:ref', { params: { id, ref: rowRef }, query: { reason }, signal }),
  })
  const rows = data?.rows ?? []
  const lateByMs = row === undefined ? 0 : Date.parse(row.receivedAt) - Date.parse(row.time)
  return (
    <Part title={row === undefined || row.title === '' ? t('people.row') : row.title}>
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => void copyText(address)}>{t('people.copy-link')}</Button>
        <Button onClick={close}>{t('people.close')}</Button>
      </div>
      {lateByMs > lateMs && <p className="text-warn">{t('people.came', { time: formatSpan(lateByMs, language) })}</p>}
      {error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(error)}
        </p>
      )}
      {rows.length > 1 && <p className="text-muted">{t('people.versions')}</p>}
      {rows.map((one, index) => (
        // Rows of one id have nothing else that names them.
        // oxlint-disable-next-line react/no-array-index-key
        <Pairs key={index} pairs={Object.entries(one)} />
      ))}
    </Part>
  )
}
