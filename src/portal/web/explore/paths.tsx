// Paths: what came after an event, or before it, as ribbons from step to step; below them every number.
import { DrawingView, Sized } from '../charts/drawing-view.tsx'
import type { ExploreSpec, PathsAnswer } from '../../api/answers.ts'
import { Empty } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { formatCount } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import type { Open } from './answer.tsx'
import { NumberLink, shareText } from './number.tsx'
import { drawPaths, pathsWidth, stepsOf } from './paths-drawing.ts'
import { allWords } from './catalogue.ts'

const chartPixels = 360

interface PathsProps {
  readonly spec: Extract<ExploreSpec, { kind: 'paths' }>
  readonly answer: PathsAnswer
  readonly open: Open
}

export function Paths({ spec, answer, open }: PathsProps) {
  const t = useWords(allWords)
  const { nodes, occurrences } = answer
  if (occurrences === 0)
    return (
      <Empty title={t('explore.none-happened')}>
        <p>{t('explore.nobody-text')}</p>
      </Empty>
    )
  const isBefore = spec.direction === 'before'
  const label = `${t(`explore.direction-${spec.direction}`)}: ${spec.event}`
  // What has no name of its own still needs one to be read.
  const nameOf = (event: string | null): string =>
    event === null ? t('explore.others') : event || t('explore.nameless')
  const named = { ...answer, nodes: nodes.map((node) => ({ ...node, text: nameOf(node.event) })) }
  return (
    <>
      <figure aria-label={label} tabIndex={0} className="m-0 overflow-x-auto rounded-md border border-line bg-card p-3">
        <div style={{ minWidth: `${pathsWidth(answer, 0)}px` }}>
          <Sized height={chartPixels}>
            {(size) => (
              <DrawingView
                drawing={drawPaths(named, size, { isBefore, label })}
                pick={
                  open &&
                  (({ row }) => {
                    const node = nodes[row]
                    if (node !== undefined && node.event !== null)
                      open({ of: 'paths', step: node.step, event: node.event })
                  })
                }
              />
            )}
          </Sized>
        </div>
      </figure>
      <Table
        label={t('explore.kind-paths')}
        columns={[
          { name: 'step', text: t('explore.step') },
          { name: 'event', text: t('explore.event') },
          { name: 'count', text: t('explore.count'), isRight: true },
          { name: 'share', text: t('explore.of-first'), isRight: true },
        ]}
      >
        {nodes
          .filter(({ step, count }) => count > 0 && step < stepsOf(answer))
          .map(({ step, event, count }) => (
            <tr key={JSON.stringify([step, event])} className="border-t border-line">
              <td className="px-3 py-1">{step === 0 ? '0' : `${isBefore ? '−' : '+'}${step}`}</td>
              <th scope="row" className="px-3 py-1 font-normal">
                <bdi>{nameOf(event)}</bdi>
              </th>
              <td className="px-3 py-0.5 text-right">
                <NumberLink
                  cell={{ of: 'paths', step, event: event ?? '' }}
                  open={event === null ? undefined : open}
                  value={count}
                >
                  {formatCount(count)}
                </NumberLink>
              </td>
              <td className="px-3 py-0.5 text-right">{shareText(count, occurrences)}</td>
            </tr>
          ))}
      </Table>
    </>
  )
}
