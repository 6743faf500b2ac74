// A funnel: bars from step to step, and below them who came, who left, and how long it took.
import type { ChartData } from '../../../charts/chart.ts'
import type { ExploreSpec, FunnelAnswer } from '../../api/answers.ts'
import { DataView } from '../charts/chart-view.tsx'
import { Empty } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { formatCount } from '../words/numbers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import type { Open } from './answer.tsx'
import { NumberLink, shareText } from './number.tsx'
import { spanText } from './span.ts'
import { groupText } from './trend.tsx'
import { allWords } from './catalogue.ts'

type FunnelSpec = Extract<ExploreSpec, { kind: 'funnel' }>
type Group = FunnelAnswer['groups'][number]

const drawnMax = 8
const stepPixels = 56
const groupPixels = 10

interface FunnelProps {
  readonly spec: FunnelSpec
  readonly answer: FunnelAnswer
  readonly names: readonly string[]
  readonly open: Open
}

export function Funnel({ spec, answer: { groups }, names, open }: FunnelProps) {
  const t = useWords(allWords)
  const isGrouped = spec.breakdown !== undefined
  if (groups.every(({ steps }) => (steps[0]?.people ?? 0) === 0))
    return (
      <Empty title={t('explore.nobody')}>
        <p>{t('explore.nobody-text')}</p>
      </Empty>
    )
  const drawn = groups.slice(0, drawnMax)
  const data: ChartData = {
    along: t('explore.step'),
    labels: spec.steps.map((_step, index) => names[index] ?? ''),
    series: drawn.map(({ group, steps }) => ({
      name: isGrouped ? groupText(group, t, spec.breakdown) : t('explore.reached'),
      values: steps.map(({ people }) => people),
    })),
    isCut: groups.length > drawn.length,
  }
  return (
    <>
      <div className="rounded-md border border-line bg-card p-3">
        <DataView
          data={data}
          chart={{ kind: 'funnel' }}
          height={spec.steps.length * (stepPixels + (drawn.length - 1) * groupPixels) + (isGrouped ? 20 : 0)}
          label={names.join(' → ')}
          pick={
            open &&
            (({ row, series }) => {
              const picked = drawn[series]
              if (picked !== undefined && (picked.steps[row]?.people ?? 0) > 0)
                open({ of: 'funnel', step: row, who: 'reached', group: picked.group })
            })
          }
        />
      </div>
      <Table
        label={t('explore.kind-funnel')}
        columns={[
          { name: 'step', text: t('explore.step') },
          ...(isGrouped ? [{ name: 'group', text: t('explore.group') }] : []),
          { name: 'reached', text: t('explore.reached'), isRight: true },
          { name: 'of-first', text: t('explore.of-first'), isRight: true },
          { name: 'of-before', text: t('explore.of-before'), isRight: true },
          { name: 'median', text: t('explore.median'), isRight: true },
          { name: 'dropped', text: t('explore.dropped'), isRight: true },
        ]}
      >
        {spec.steps.flatMap((_step, step) =>
          groups.map((group, index) => (
            <StepRow
              key={JSON.stringify([step, group.group])}
              name={index === 0 ? `${step + 1}. ${names[step] ?? ''}` : ''}
              step={step}
              group={group}
              groupName={isGrouped ? groupText(group.group, t, spec.breakdown) : undefined}
              open={open}
            />
          )),
        )}
      </Table>
    </>
  )
}

interface StepRowProps {
  /** Said once, of the first group. */
  readonly name: string
  readonly step: number
  readonly group: Group
  readonly groupName: string | undefined
  readonly open: Open
}

function StepRow({ name, step, group: { group, steps }, groupName, open }: StepRowProps) {
  const language = useLanguage()
  const { people = 0, medianSeconds = null } = steps[step] ?? {}
  const next = steps[step + 1]
  const dropped = next === undefined ? undefined : people - next.people
  const cellClass = 'px-3 py-0.5 text-right whitespace-nowrap'
  return (
    <tr className="border-t border-line">
      <th scope="row" className="px-3 py-1 font-normal whitespace-nowrap">
        {name}
      </th>
      {groupName !== undefined && <td className="px-3 py-1">{groupName}</td>}
      <td className={cellClass}>
        <NumberLink cell={{ of: 'funnel', step, who: 'reached', group }} open={open} value={people}>
          {formatCount(people)}
        </NumberLink>
      </td>
      <td className={cellClass}>{shareText(people, steps[0]?.people ?? 0)}</td>
      <td className={cellClass}>{step === 0 ? '' : shareText(people, steps[step - 1]?.people ?? 0)}</td>
      <td className={cellClass}>{step === 0 || medianSeconds === null ? '' : spanText(medianSeconds, language)}</td>
      <td className={cellClass}>
        {dropped !== undefined && (
          <NumberLink cell={{ of: 'funnel', step, who: 'dropped', group }} open={open} value={dropped}>
            {formatCount(dropped)}
          </NumberLink>
        )}
      </td>
    </tr>
  )
}
