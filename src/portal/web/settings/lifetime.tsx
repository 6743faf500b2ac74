// How long a new token is good.
import { Select } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { Field } from './parts.tsx'
import { settingsWords } from './words.ts'

const choices = ['7', '30', '90', '365', 'never'] as const
export type Days = (typeof choices)[number]

export function daysOf(days: Days): { readonly expiresInDays?: number } {
  return days === 'never' ? {} : { expiresInDays: Number(days) }
}

export function Lifetime({ value, choose }: { readonly value: Days; readonly choose: (days: Days) => void }) {
  const t = useWords(settingsWords)
  return (
    <Field label={t('settings.good-for')}>
      <Select
        label={t('settings.good-for')}
        value={value}
        options={choices.map((days) => ({
          value: days,
          text: days === 'never' ? t('settings.until-revoked') : t('settings.days', { days }),
        }))}
        choose={choose}
      />
    </Field>
  )
}
