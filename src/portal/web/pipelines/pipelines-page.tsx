// What arrives and what becomes of it: sources, events as they come, the ledger, and what was kept out.
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'

import { useSources } from '../asking/sources.ts'
import type { Connection } from '../asking/stream.ts'
import { Panel } from '../shell/panel.tsx'
import { formatBytes } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { Banners, Tiles } from './board.tsx'
import { Events } from './events.tsx'
import { Letters } from './letters.tsx'
import { Performance } from './performance.tsx'
import { Sources } from './sources.tsx'
import { useLive } from './use-live.ts'
import { pipelinesWords } from './words.ts'

export function PipelinesPage() {
  const t = useWords(pipelinesWords)
  const { connection, status, samples, feed, change } = useLive()
  const sources = useSources()
  const ledger = status?.ledger ?? []
  const isReceived = ledger.some(({ received }) => received > 0)
  const quarantined = ledger.reduce((sum, line) => sum + line.quarantined, 0)

  useEffect(() => {
    function onKey(event: KeyboardEvent): void {
      // On a button it presses, in a field it writes.
      if (event.key !== ' ' || event.target !== document.body) return
      event.preventDefault()
      change({ kind: 'pause-toggled' })
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [change])

  return (
    <div className="h-full overflow-auto">
      <title>{`${t('pipelines.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-7xl gap-5 p-5">
        <div className="flex items-center gap-3">
          <h2 className="text-base font-semibold">{t('pipelines.title')}</h2>
          <ConnectionMark connection={connection} />
        </div>
        <Banners status={status} />
        <Tiles status={status} samples={samples} />
        <Performance status={status} />
        {sources !== undefined && status !== undefined && !isReceived && (
          <p className="text-muted">
            <Link to="/sources" className="text-accent underline">
              {t('pipelines.first-event')}
            </Link>
          </p>
        )}
        <Panel>
          <Sources
            sources={sources}
            status={status}
            samples={samples}
            chosen={feed.filter.source}
            choose={(source) => change({ kind: 'filtered', filter: { source } })}
          />
        </Panel>
        <Panel>
          <Events feed={feed} sourceNames={sources?.map(({ source }) => source) ?? []} change={change} />
        </Panel>
        <Panel>
          <Letters quarantined={quarantined} />
        </Panel>
        {status !== undefined && (
          <p className="text-muted">
            {t('pipelines.about', {
              version: status.version,
              folder: status.dataFolder,
              intake: formatBytes(status.intake.residentBytes),
              engine: formatBytes(status.engine.residentBytes),
            })}
          </p>
        )}
      </div>
    </div>
  )
}

const dots: Readonly<Record<Connection, string>> = { connecting: 'bg-muted', live: 'bg-good', lost: 'bg-bad' }

function ConnectionMark({ connection }: { readonly connection: Connection }) {
  const t = useWords(pipelinesWords)
  return (
    <p role="status" className="flex items-center gap-1.5 text-muted">
      <span aria-hidden className={`size-2 rounded-full ${dots[connection]}`} />
      {t(`pipelines.${connection}`)}
    </p>
  )
}
