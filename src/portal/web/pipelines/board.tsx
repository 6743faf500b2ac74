// The state of the platform at one look: what is wrong, in words; then six numbers.
import type { Status } from '../../api/answers.ts'
import { formatBytes, formatCount, formatDuration, formatRate } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { historyMs, rateHistory, rateNow, type Sample } from './rates.ts'
import { DiskBanner } from './performance.tsx'
import { Banner, Tile } from './tile.tsx'
import { pipelinesWords } from './words.ts'

/** Later than this somebody should look. */
const lagMsWorth = 10_000

export function Banners({ status }: { readonly status: Status | undefined }) {
  const t = useWords(pipelinesWords)
  if (status === undefined) return null
  const refusing = status.streams.find((stream) => stream.refusing !== null)?.refusing
  const { lastError } = status.loader
  return (
    <div role="alert" className="grid gap-2 empty:hidden">
      {refusing !== undefined && refusing !== null && (
        <Banner isBad title={t('pipelines.refused', { why: refusing })}>
          {t('pipelines.refused-text', { folder: status.dataFolder })}
        </Banner>
      )}
      {lastError !== null && (
        <Banner title={t('pipelines.load-failed')}>{t('pipelines.load-failed-text', { why: lastError })}</Banner>
      )}
      <DiskBanner disk={status.disk} />
      {!status.ledgerSums && (
        <Banner isBad title={t('pipelines.ledger-off')}>
          {t('pipelines.ledger-off-text')}
        </Banner>
      )}
    </div>
  )
}

type CountName = 'received' | 'stored' | 'flagged' | 'duplicates' | 'quarantined' | 'waiting'

export function Tiles({
  status,
  samples,
}: {
  readonly status: Status | undefined
  readonly samples: readonly Sample[]
}) {
  const t = useWords(pipelinesWords)
  const { ledger = [], streams = [], loader } = status ?? {}
  const sum = (field: CountName): number => ledger.reduce((total, line) => total + line[field], 0)
  const rate = rateNow(samples)
  const peak = Math.max(0, ...rateHistory(samples).map((point) => point.rate))
  const waiting = sum('waiting')
  const lagMs = loader?.lagMs ?? 0
  const bytes = streams.reduce((total, stream) => total + stream.waitingBytes, 0)
  const isRefusing = streams.some(({ refusing }) => refusing !== null)
  const quarantined = sum('quarantined')
  const isKnown = status !== undefined
  const sums = status?.ledgerSums ?? true
  return (
    <section aria-label={t('pipelines.now')}>
      <dl className="grid grid-cols-2 overflow-hidden rounded-md border border-line bg-card md:grid-cols-3 xl:grid-cols-6">
        <Tile
          label={t('pipelines.rate')}
          value={rate === undefined ? '–' : formatRate(rate)}
          below={t('pipelines.peak', { rate: formatRate(peak) })}
        >
          <Spark samples={samples} />
        </Tile>
        <Tile
          label={t('pipelines.waiting')}
          tone={waiting > 0 && lagMs > lagMsWorth ? 'text-warn' : ''}
          value={isKnown ? formatCount(waiting) : '–'}
          below={waiting === 0 ? t('pipelines.all-loaded') : t('pipelines.behind', { time: formatDuration(lagMs) })}
        />
        <Tile
          label={t('pipelines.stored')}
          value={isKnown ? formatCount(sum('stored') + sum('flagged')) : '–'}
          below={t('pipelines.duplicates-below', { count: formatCount(sum('duplicates')) })}
        />
        <Tile
          label={t('pipelines.quarantined')}
          tone={quarantined > 0 ? 'text-warn' : ''}
          value={isKnown ? formatCount(quarantined) : '–'}
          below={quarantined === 0 ? t('pipelines.none-kept-out') : <LettersLink />}
        />
        <Tile
          label={t('pipelines.buffer')}
          tone={isRefusing ? 'text-bad' : ''}
          value={isKnown ? formatBytes(bytes) : '–'}
          below={t(isRefusing ? 'pipelines.refusing' : 'pipelines.on-disk')}
        />
        <Tile
          label={t('pipelines.ledger')}
          tone={sums ? 'text-good' : 'text-bad'}
          value={isKnown ? t(sums ? 'pipelines.sums' : 'pipelines.off') : '–'}
          below={t('pipelines.received-below', { count: formatCount(sum('received')) })}
        />
      </dl>
    </section>
  )
}

function LettersLink() {
  const t = useWords(pipelinesWords)
  return (
    <a href="#dead-letters" className="underline">
      {t('pipelines.see-letters')}
    </a>
  )
}

function Spark({ samples }: { readonly samples: readonly Sample[] }) {
  const history = rateHistory(samples).filter(({ ageMs }) => ageMs <= historyMs)
  const highest = Math.max(1e-9, ...history.map(({ rate }) => rate))
  const points = history.map(({ ageMs, rate }) => {
    const x = 120 - (ageMs / historyMs) * 120
    return `${x.toFixed(1)} ${(27 - (rate / highest) * 25).toFixed(1)}`
  })
  return (
    <dd aria-hidden className="absolute top-2 right-3 w-20">
      <svg viewBox="0 0 120 28" preserveAspectRatio="none" className="h-6 w-full fill-none stroke-accent">
        <path
          d={points.length === 0 ? '' : `M${points.join('L')}`}
          vectorEffect="non-scaling-stroke"
          strokeWidth="1.5"
        />
      </svg>
    </dd>
  )
}
