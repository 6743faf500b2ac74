// When it runs: said simply, or as cron; and by which clocks.
import { useId } from 'react'

import { Select } from '../shell/parts.tsx'
import { Zones } from '../sql/zones.tsx'
import { useLanguage, useWords } from '../words/words.ts'
import type { Draft } from './draft.ts'
import { formWords } from './form-words.ts'
import { Field, Input, Section } from './parts.tsx'
import { cronOf, firstWhen, rhythms, type When, whenOf } from './when.ts'

export interface PartProps {
  readonly draft: Draft
  readonly edit: (part: Partial<Draft>) => void
}

interface WhenProps {
  readonly draft: Pick<Draft, 'cron' | 'zone'>
  readonly edit: (part: Partial<Pick<Draft, 'cron' | 'zone'>>) => void
}

export function WhenFields({ draft, edit }: WhenProps) {
  const t = useWords(formWords)
  const id = useId()
  const when = whenOf(draft.cron)
  const change = (part: Partial<When>): void => edit({ cron: cronOf({ ...(when ?? firstWhen), ...part }) })
  const names = [...rhythms, ...(when === undefined ? (['cron'] as const) : [])]
  return (
    <Section title={t('plan.when')}>
      <div className="flex flex-wrap gap-3">
        <Field label={t('plan.rhythm')}>
          <Select
            label={t('plan.rhythm')}
            value={when?.rhythm ?? 'cron'}
            options={names.map((name) => ({ value: name, text: t(`plan.rhythm-${name}`) }))}
            choose={(rhythm) => rhythm !== 'cron' && change({ rhythm })}
          />
        </Field>
        {when !== undefined && <Moment when={when} change={change} />}
        <Field label={t('plan.cron')}>
          <Input required className="w-36 font-mono" value={draft.cron} change={(cron) => edit({ cron })} />
        </Field>
        <Field label={t('plan.zone')}>
          <Input required list={id} className="w-44" value={draft.zone} change={(zone) => edit({ zone })} />
          <Zones id={id} />
        </Field>
      </div>
    </Section>
  )
}

function Moment({ when, change }: { readonly when: When; readonly change: (part: Partial<When>) => void }) {
  const t = useWords(formWords)
  const language = useLanguage()
  const { rhythm, time, weekday, day } = when
  // 2026-03-01 was a Sunday.
  const weekdays = [1, 2, 3, 4, 5, 6, 0].map((one) => ({
    value: String(one),
    text: new Date(Date.UTC(2026, 2, 1 + one)).toLocaleDateString(language, { weekday: 'long', timeZone: 'UTC' }),
  }))
  return (
    <>
      {rhythm === 'weekly' && (
        <Field label={t('plan.weekday')}>
          <Select
            label={t('plan.weekday')}
            value={String(weekday)}
            options={weekdays}
            choose={(chosen) => change({ weekday: Number(chosen) })}
          />
        </Field>
      )}
      {rhythm === 'monthly' && (
        <Field label={t('plan.day')}>
          <Input
            type="number"
            min={1}
            max={31}
            className="w-16"
            value={day}
            change={(text) => Number(text) >= 1 && Number(text) <= 31 && change({ day: Number(text) })}
          />
        </Field>
      )}
      {rhythm === 'hourly' ? (
        <Field label={t('plan.minute')}>
          <Input
            type="number"
            min={0}
            max={59}
            className="w-16"
            value={Number(time.slice(3))}
            change={(text) =>
              Number(text) >= 0 && Number(text) <= 59 && change({ time: `00:${text.padStart(2, '0')}` })
            }
          />
        </Field>
      ) : (
        <Field label={t('plan.time')}>
          <Input type="time" required value={time} change={(text) => text !== '' && change({ time: text })} />
        </Field>
      )}
    </>
  )
}
