// Builds the asking side of the engine: the road, its Postgres port, what the BigQuery API needs, and the appender behind it.
import { randomUUID } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { Server as HttpsServer } from 'node:https'
import { join } from 'node:path'

import { openWriter } from './buffer/writer.ts'
import type { StreamWriter, WriterStatus } from './buffer/buffer.ts'
import { type Alerts, startAlerts } from './alerts/alerts.ts'
import { type Reports, startReports } from './reports/reports.ts'
import { type Jobs, startJobs } from './jobs/jobs.ts'
import type { Control } from './control/control.ts'
import type { RowFilter } from './control/principals.ts'
import type { Clock } from './core/clock.ts'
import { diskFiles } from './core/files.ts'
import { type Log, logOf } from './core/log.ts'
import type { Part } from './core/part.ts'
import type { Settings } from './core/settings.ts'
import { type Appender, startAppender } from './deliver/appends/appender.ts'
import { readTls, watchTls } from './processes/tls.ts'
import type { BigqueryDeps } from './query/bigquery-api/bigquery.ts'
import { runQueryNight } from './query/nightly.ts'
import { type StorageReport, storageReport } from './query/cost/storage-report.ts'
import { openQuerySide, type QuerySide } from './query/open.ts'
import { startPostgresServer } from './query/postgres/postgres.ts'
import { checkRowFilter } from './query/access/check-filter.ts'
import type { WarehouseDriver } from './warehouse/driver.ts'
import { exchangeFolderOf } from './warehouse/duckdb/open.ts'

export interface QueryParts {
  readonly settings: Settings
  readonly control: Control
  readonly driver: WarehouseDriver
  /** Stream `engine`. */
  readonly writer: StreamWriter
  readonly clock: Clock
  readonly log: Log
}

export interface AskingSide extends Part {
  readonly side: QuerySide
  readonly jobs: Jobs
  readonly alerts: Alerts
  readonly reports: Reports
  readonly bigquery: BigqueryDeps
  readonly appender: Appender
  readonly appends: () => { readonly writer: WriterStatus; readonly position: number }
  readonly checkFilter: (filter: RowFilter) => Promise<void>
  readonly storage: () => Promise<StorageReport>
  /** What is due once a night. */
  readonly night: (signal: AbortSignal) => Promise<void>
  /** `host:port`; undefined when the port is off. */
  readonly postgresAddress: string | undefined
}

export async function startAsking(parts: QueryParts): Promise<AskingSide> {
  const { settings, control, driver, writer, clock, log } = parts
  const side = await openQuerySide(settings.query, {
    driver,
    policies: () => control.policies(),
    principalById: (id) => control.principalById(id),
    isSource: (name) => control.listSources().some(({ source }) => source === name),
    append: writer.append,
    dataFolder: settings.data,
    clock,
    log,
    createId: randomUUID,
  })
  const appends = await startAppends(parts)
  const postgres = await startPostgres(parts, side)
  const jobs = await startJobs({ control, road: side.road, marks: driver.made, clock, log })
  const { publicUrl } = settings
  const addressBelow = (path: string) => (name: string) =>
    publicUrl === undefined ? '' : new URL(`${path}${encodeURIComponent(name)}`, publicUrl).href
  const asking = { control, road: side.road, saved: jobs.saved, clock, log }
  const alerts = startAlerts({ ...asking, addressOf: addressBelow('/alerts/') })
  const reports = startReports({ ...asking, addressOf: addressBelow('/d/') })
  return {
    side,
    jobs,
    alerts: alerts.alerts,
    reports: reports.reports,
    appender: appends.appender,
    appends: () => ({ writer: appends.writer.status(), position: appends.appender.status().position }),
    bigquery: bigqueryDeps(parts, side, appends.writer),
    checkFilter: async (filter) => checkRowFilter(filter, side.directory),
    storage: async () => {
      const directory = await side.directory.read({ isFresh: true })
      await side.sizes.measureMissing(directory)
      return storageReport(directory, side.sizes, clock.nowMicros())
    },
    night: async (signal) => {
      await runQueryNight(
        { road: side.road, made: driver.made, sizes: side.sizes, clock, log: logOf(log, 'query') },
        signal,
      )
      await jobs.night()
      alerts.night()
      reports.night()
    },
    postgresAddress: postgres?.address,
    async stop() {
      await reports.stop()
      await alerts.stop()
      await jobs.stop()
      await postgres?.stop()
      await appends.appender.stop()
      await appends.writer.stop()
      await side.stop()
    },
  }
}

async function startAppends({ settings, driver, writer: engineWriter, clock, log }: QueryParts): Promise<{
  readonly writer: StreamWriter
  readonly appender: Appender
}> {
  const folder = join(settings.data, 'buffer', 'appends')
  const buffer = { ...settings.buffer, stream: 'appends' as const, folder }
  const writer = await openWriter(buffer, { files: diskFiles, clock, log: logOf(log, 'buffer') })
  const appender = await startAppender(
    { folder },
    {
      target: driver.made,
      release: async (sequence) => writer.release(sequence),
      append: engineWriter.append,
      files: diskFiles,
      clock,
      log: logOf(log, 'appends'),
    },
  )
  writer.onCut(() => {
    appender.wake()
  })
  return { writer, appender }
}

async function startPostgres(
  { settings, control, clock, log }: QueryParts,
  { road }: QuerySide,
): Promise<(Part & { readonly address: string }) | undefined> {
  const { postgresPort, host, tlsCert, tlsKey, query } = settings
  if (postgresPort === undefined) return undefined
  const paths = tlsCert === undefined || tlsKey === undefined ? undefined : { cert: tlsCert, key: tlsKey }
  const own = logOf(log, 'postgres')
  const tls = paths && {
    ...(await readTls(paths)),
    watch: (server: unknown) => watchTls(server as HttpsServer, paths, { clock, log: own }),
  }
  const bounds = {
    host,
    port: postgresPort,
    connectionsMax: query.postgresConnectionsMax,
    connectionsPerPersonMax: query.postgresConnectionsPerPersonMax,
    idleMsMax: query.postgresIdleMsMax,
    database: query.project,
  }
  const server = await startPostgresServer(bounds, { road, logins: control, clock, log: own, tls })
  own.info({ address: server.address }, 'The Postgres port is open.')
  return server
}

function bigqueryDeps(
  { settings, control, driver, clock, log }: QueryParts,
  { road }: QuerySide,
  writer: StreamWriter,
): BigqueryDeps {
  const exchangeFolder = exchangeFolderOf(join(settings.data, 'warehouse'))
  return {
    road,
    control,
    made: driver.made,
    append: writer.append,
    loadFile: async (request, signal) => driver.made.loadFile(request, signal),
    exchangeFolder,
    freeBytes: async (path) => {
      await mkdir(path, { recursive: true, mode: 0o700 })
      return diskFiles.freeBytes(path)
    },
    project: settings.query.project,
    publicUrl: settings.publicUrl,
    jobAgeMsMax: settings.query.resultAgeMsMax,
    clock,
    log: logOf(log, 'bigquery'),
    createId: randomUUID,
  }
}
