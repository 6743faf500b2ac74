// How fast the platform is, measured by itself, and how long its disk will do.
import type { Status } from '../../api/answers.ts'
import { formatBytes, formatCount, formatDuration } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { Banner, Tile } from './tile.tsx'
import { pipelinesWords } from './words.ts'

/** As `millpond doctor` says it. */
const daysLeftMin = 14

export function DiskBanner({ disk }: { readonly disk: Status['disk'] }) {
  const t = useWords(pipelinesWords)
  const { daysUntilFull, freeBytes } = disk
  if (daysUntilFull === null || daysUntilFull >= daysLeftMin) return null
  return (
    <Banner title={t('pipelines.disk-soon', { days: formatCount(daysUntilFull), free: formatBytes(freeBytes) })}>
      {t('pipelines.disk-soon-text')}
    </Banner>
  )
}

export function Performance({ status }: { readonly status: Status | undefined }) {
  const t = useWords(pipelinesWords)
  const { disk, performance } = status ?? {}
  const times = [
    ['pipelines.answered', performance?.answered],
    ['pipelines.fresh', performance?.fresh],
    ['pipelines.queried', performance?.queried],
  ] as const
  const days = disk?.daysUntilFull ?? null
  return (
    <section aria-label={t('pipelines.performance')}>
      <dl className="grid grid-cols-2 overflow-hidden rounded-md border border-line bg-card xl:grid-cols-4">
        {times.map(([label, took]) => (
          <Tile
            key={label}
            label={t(label)}
            value={took ? formatDuration(took.p50Ms) : '–'}
            below={
              took
                ? t('pipelines.quantiles', { p99: formatDuration(took.p99Ms), count: formatCount(took.count) })
                : t('pipelines.nothing-lately')
            }
          />
        ))}
        <Tile
          label={t('pipelines.disk')}
          tone={days !== null && days < daysLeftMin ? 'text-warn' : ''}
          value={disk === undefined ? '–' : t('pipelines.free', { bytes: formatBytes(disk.freeBytes) })}
          below={days === null ? t('pipelines.days-unknown') : t('pipelines.days', { days: formatCount(days) })}
        />
      </dl>
    </section>
  )
}
