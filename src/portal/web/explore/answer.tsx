// What the question's answer is: the chart and the numbers, what they count, and the SQL behind them.
import { useQuery } from '@tanstack/react-query'

import type { Cell, ExploreAnswer, ExploreSpec } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { useMe } from '../shell/me.ts'
import { Panel } from '../shell/panel.tsx'
import { placesOf } from '../shell/places.ts'
import { useWords } from '../words/words.ts'
import { readCell } from './cell.ts'
import { Counting } from './counting.tsx'
import { Funnel } from './funnel.tsx'
import { Paths } from './paths.tsx'
import { PeopleBehind } from './people-behind.tsx'
import { Retention } from './retention.tsx'
import { SqlLinks } from './sql-link.tsx'
import { Trend } from './trend.tsx'
import { allWords } from './catalogue.ts'

interface AnswerProps {
  readonly spec: ExploreSpec
  /** What the events are called, in the question's order. */
  readonly names: readonly string[]
  /** Whose people are shown, as the address says it. */
  readonly cell: unknown
  readonly show: (cell: Cell | undefined) => void
}

interface Answered {
  readonly spec: ExploreSpec
  readonly names: readonly string[]
  readonly answer: ExploreAnswer
}

export function Answer({ spec, names, cell: givenCell, show }: AnswerProps) {
  const cell = readCell(givenCell)
  const t = useWords(allWords)
  const me = useMe()
  const { data, error, isFetching } = useQuery({
    queryKey: ['explore', spec],
    queryFn: async ({ signal }): Promise<Answered> => ({
      spec,
      names,
      answer: await call('POST /api/explore', { body: spec, signal }),
    }),
    // The last one stays while the next is counted, with the question that it belongs to.
    placeholderData: (last) => (last?.spec.kind === spec.kind ? last : undefined),
  })
  // Whoever may open people may see who stands behind a number (portal/api/role-routes.ts).
  const mayOpen = placesOf(me).some(({ to }) => to === '/people')
  if (error !== null)
    return (
      <p role="alert" className="rounded-md bg-bad-soft p-3 text-bad">
        {messageOf(error)}
      </p>
    )
  return (
    <div aria-busy={isFetching} className="grid min-w-0 grid-cols-[minmax(0,1fr)] content-start gap-3">
      <p role="status" className="sr-only">
        {isFetching ? t('explore.busy') : ''}
      </p>
      {data === undefined ? (
        <Counting />
      ) : (
        <Panel key={spec.kind}>
          <div className={`grid min-w-0 grid-cols-[minmax(0,1fr)] gap-3 ${isFetching ? 'opacity-60' : ''}`}>
            <Told answered={data} />
            <Shown answered={data} open={mayOpen ? show : undefined} />
          </div>
        </Panel>
      )}
      {cell !== undefined && <PeopleBehind spec={spec} cell={cell} close={() => show(undefined)} />}
    </div>
  )
}

/** What the numbers mean: never only on hovering. */
function Told({ answered: { spec, answer } }: { readonly answered: Answered }) {
  const t = useWords(allWords)
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-1.5 text-muted">
      <p className="min-w-0">
        {spec.kind === 'funnel' && (
          <strong className="font-medium text-text">{t(`explore.entry-${spec.entry}`)}. </strong>
        )}
        {t(`explore.people-${answer.people}`)}
        {answer.kind === 'trend' && answer.isOpen && ` ${t('explore.open-now')}`}
      </p>
      <div className="ml-auto flex flex-wrap gap-2">
        <SqlLinks statements={answer.statements} />
      </div>
    </div>
  )
}

export type Open = ((cell: Cell) => void) | undefined

function Shown({ answered: { spec, names, answer }, open }: { readonly answered: Answered; readonly open: Open }) {
  if (spec.kind === 'trend' && answer.kind === 'trend')
    return <Trend spec={spec} answer={answer} names={names} open={open} />
  if (spec.kind === 'funnel' && answer.kind === 'funnel')
    return <Funnel spec={spec} answer={answer} names={names} open={open} />
  if (spec.kind === 'retention' && answer.kind === 'retention')
    return <Retention spec={spec} answer={answer} open={open} />
  if (spec.kind === 'paths' && answer.kind === 'paths') return <Paths spec={spec} answer={answer} open={open} />
  return null
}
