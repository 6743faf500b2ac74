// Saved cohorts in a question: only people who are in one, or only those who aren't.
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { inCohortsWords } from './in-cohorts-words.ts'
import { cohortsMax, type Question } from './question.ts'
import { useCohorts } from './use-cohorts.ts'

interface InCohortsProps {
  readonly question: Question
  readonly change: (change: Partial<Question>) => void
}

export function InCohorts({ question: { cohorts }, change }: InCohortsProps) {
  const t = useWords(inCohortsWords)
  const known = useCohorts()
  const options = known.map(({ id, name }) => ({ value: id, text: name }))
  if (cohorts.length === 0 && options.length === 0) return null
  const put = (at: number, changed: Partial<(typeof cohorts)[number]>): void =>
    change({ cohorts: cohorts.map((one, index) => (index === at ? { ...one, ...changed } : one)) })
  return (
    <fieldset className="grid min-w-0 gap-2">
      {cohorts.length > 0 && <legend className="pb-1.5 font-medium">{t('explore.in-cohorts')}</legend>}
      {cohorts.map(({ cohort, is }, index) => (
        // One may stand there twice.
        // oxlint-disable-next-line react/no-array-index-key
        <div key={index} className="flex min-w-0 gap-2">
          <Select
            label={t('explore.cohort-is')}
            value={is}
            options={(['in', 'out'] as const).map((one) => ({ value: one, text: t(`explore.cohort-${one}`) }))}
            choose={(chosen) => put(index, { is: chosen })}
          />
          <Select
            label={t('explore.cohort-which')}
            value={cohort}
            // What the address says stands there also when it is gone: the answer says what is wrong.
            options={
              options.some(({ value }) => value === cohort) ? options : [{ value: cohort, text: cohort }, ...options]
            }
            choose={(chosen) => put(index, { cohort: chosen })}
            className={`${fieldClass} min-w-0 flex-1`}
          />
          <Button
            aria-label={t('explore.remove-cohort')}
            onClick={() => change({ cohorts: cohorts.filter((_one, at) => at !== index) })}
          >
            ×
          </Button>
        </div>
      ))}
      {cohorts.length < cohortsMax && options.length > 0 && (
        <Select
          label={t('explore.add-cohort')}
          value=""
          options={[{ value: '', text: t('explore.add-cohort') }, ...options]}
          choose={(cohort) => cohort !== '' && change({ cohorts: [...cohorts, { cohort, is: 'in' }] })}
          className={`${fieldClass} max-w-full min-w-0`}
        />
      )}
    </fieldset>
  )
}
