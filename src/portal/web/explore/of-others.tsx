// What retention and paths ask besides events and days.
import { Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import type { BuilderProps } from './builder.tsx'
import { NumberField, Row, WindowField } from './fields.tsx'
import { ofOthersWords } from './of-others-words.ts'
import { directions, returns } from './question.ts'
import { exploreWords } from './words.ts'

const othersWords = { ...exploreWords, ...ofOthersWords } as const

export function OfOthers(props: BuilderProps) {
  const { kind } = props.question
  if (kind === 'retention') return <OfRetention {...props} />
  return kind === 'paths' ? <OfPaths {...props} /> : null
}

function OfRetention({ question, change }: BuilderProps) {
  const t = useWords(othersWords)
  return (
    <>
      <Row label={t('explore.interval')}>
        <Select
          label={t('explore.interval')}
          value={question.interval === 'week' ? 'week' : 'day'}
          options={(['day', 'week'] as const).map((one) => ({ value: one, text: t(`explore.interval-${one}`) }))}
          choose={(interval) => change({ interval })}
        />
      </Row>
      <Row label={t('explore.periods')}>
        <NumberField
          label={t('explore.periods')}
          value={question.periods}
          max={60}
          choose={(periods) => change({ periods })}
        />
      </Row>
      <Row label={t('explore.counts')}>
        <Select
          label={t('explore.counts')}
          value={question.counts}
          options={returns.map((one) => ({ value: one, text: t(`explore.counts-${one}`) }))}
          choose={(counts) => change({ counts })}
        />
      </Row>
    </>
  )
}

function OfPaths({ question, change }: BuilderProps) {
  const t = useWords(othersWords)
  return (
    <>
      <Row label={t('explore.direction')}>
        <Select
          label={t('explore.direction')}
          value={question.direction}
          options={directions.map((one) => ({ value: one, text: t(`explore.direction-${one}`) }))}
          choose={(direction) => change({ direction })}
        />
      </Row>
      <Row label={t('explore.window')}>
        <WindowField
          seconds={question.pathWindowSeconds}
          choose={(pathWindowSeconds) => change({ pathWindowSeconds })}
        />
      </Row>
      <Row label={t('explore.path-steps')}>
        <NumberField
          label={t('explore.path-steps')}
          value={question.steps}
          max={6}
          choose={(steps) => change({ steps })}
        />
      </Row>
    </>
  )
}
