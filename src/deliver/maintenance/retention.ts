// Which rows the retention of a dataset, of the history of queries, and of the ledger has no room for: whole days, counted back from now.
import type { RetentionSettings } from '../../core/settings.ts'
import type { Expiry } from '../../warehouse/driver.ts'
import { rowTables } from '../../warehouse/row-tables.ts'

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
  const before = (days: number): { beforeMicros: number } => ({ beforeMicros: today - days * dayMicros })
  const { historyDays, deliveriesDays } = settings
  const history = historyDays === 0 ? [] : [{ ...rowTables['millpond.jobs'].table, ...before(historyDays) }]
  const ledger = deliveriesDays === 0 ? [] : [{ ...rowTables['millpond.deliveries'].table, ...before(deliveriesDays) }]
  return [
    ...history,
    ...ledger,
    ...[...retentionRules(settings)].map(([dataset, days]) => ({ dataset, ...before(days) })),
  ]
}
