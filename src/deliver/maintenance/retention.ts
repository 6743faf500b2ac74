// Which rows the retention of a dataset has no room for: whole days, counted back from now.
import type { RetentionSettings } from '../../core/settings.ts'

/** Rows whose `timestamp` is before go. */
export interface Expiry {
  readonly dataset: string
  readonly beforeMicros: number
}

export const dayMicros = 86_400_000_000

/** `dataset=days` -> days. */
export function retentionRules(settings: RetentionSettings): Map<string, number> {
  return new Map(
    settings.retentionDays.map((rule) => {
      const [dataset = '', days = ''] = rule.split('=')
      return [dataset, Number(days)]
    }),
  )
}

export function expiriesAt(settings: RetentionSettings, nowMicros: number): Expiry[] {
  const today = Math.floor(nowMicros / dayMicros) * dayMicros
  return [...retentionRules(settings)].map(([dataset, days]) => ({ dataset, beforeMicros: today - days * dayMicros }))
}
