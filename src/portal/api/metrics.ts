// Prometheus metrics, made from the same status that people see, so that the two never part.
import type { FastifyInstance } from 'fastify'
import { Gauge, Registry } from 'prom-client'

import type { ApiDeps } from './api.ts'
import type { Status } from './status.ts'

export function metricsRoutes(app: FastifyInstance, { status }: ApiDeps): void {
  app.get('/metrics', async (_request, reply) => {
    const registry = registryOf(await status())
    return reply.type(registry.contentType).send(await registry.metrics())
  })
}

function registryOf(status: Status): Registry {
  const registry = new Registry()
  function gauge<Label extends string>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> {
    return new Gauge({ name: `millpond_${name}`, help, labelNames: [...labelNames], registers: [registry] })
  }

  const events = gauge('events_total', 'Events since the beginning, by source and verdict.', ['source', 'verdict'])
  const received = gauge('events_received_total', 'Events answered since the beginning, by source.', ['source'])
  for (const line of status.ledger) {
    received.set({ source: line.source }, line.received)
    for (const verdict of ['stored', 'flagged', 'duplicates', 'quarantined', 'waiting'] as const) {
      events.set({ source: line.source, verdict }, line[verdict])
    }
  }
  gauge('ledger_sums', '1 if received = stored + flagged + duplicates + quarantined + waiting for every source.').set(
    status.ledgerSums ? 1 : 0,
  )
  const waiting = gauge('buffer_waiting_bytes', 'Bytes that wait in a stream of the buffer.', ['stream'])
  const refusing = gauge('buffer_refusing', '1 while a stream refuses appends.', ['stream'])
  for (const stream of status.streams) {
    waiting.set({ stream: stream.stream }, stream.waitingBytes)
    refusing.set({ stream: stream.stream }, stream.refusing === null ? 0 : 1)
  }
  const intake = gauge('intake', 'Counters of the receiving process since its start.', ['counter'])
  for (const [counter, value] of Object.entries(status.intake.counters)) intake.set({ counter }, value)
  const forward = gauge('forward', 'Counters of Fluent Forward since its start.', ['counter'])
  for (const [counter, value] of Object.entries(status.intake.forward)) forward.set({ counter }, value)
  const resident = gauge('resident_bytes', 'Resident memory of a process.', ['process'])
  resident.set({ process: 'intake' }, status.intake.residentBytes)
  resident.set({ process: 'engine' }, status.engine.residentBytes)
  gauge('engine_starts_total', 'How often the engine was started since intake began.').set(status.engine.starts)
  gauge('loader_lag_ms', 'Age of the oldest record that waits for the warehouse.').set(status.loader.lagMs)
  gauge('loader_events_loaded_total', 'Events loaded since the engine began.').set(status.loader.eventsLoaded)
  gauge('loader_last_load_ms', 'Length of the last load transaction.').set(status.loader.lastLoadMs)
  const warehouse = gauge('warehouse_bytes', 'Bytes of a file of tables, with its log.', ['file'])
  warehouse.set({ file: 'fed' }, status.warehouse.fedBytes)
  warehouse.set({ file: 'made' }, status.warehouse.madeBytes)
  gauge('disk_free_bytes', 'Bytes free on the disk of the data folder.').set(status.disk.freeBytes)
  if (status.disk.daysUntilFull !== null)
    gauge('disk_days_until_full', 'Days until that disk is full, at the rate so far.').set(status.disk.daysUntilFull)
  const took = gauge('took_ms', 'How long answering senders, being visible in SQL, and queries took, of late.', [
    'what',
    'quantile',
  ])
  for (const [what, times] of Object.entries(status.performance)) {
    if (times === null) continue
    took.set({ what, quantile: '0.5' }, times.p50Ms)
    took.set({ what, quantile: '0.99' }, times.p99Ms)
  }
  gauge('dedupe_ids', 'Ids that the dedupe index holds.').set(status.dedupe.ids)
  gauge('dedupe_window_hours', 'Hours that the dedupe index covers at the moment.').set(status.dedupe.windowHours)
  gauge('archive_segments', 'Segments in the archive.').set(status.archive.segments)
  gauge('archive_bytes', 'Bytes of the archive.').set(status.archive.totalBytes)
  gauge('archive_failing', '1 if the last try to archive a segment failed.').set(
    status.archive.lastError === null ? 0 : 1,
  )
  return registry
}
