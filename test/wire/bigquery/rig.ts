// The BigQuery API on a real port, over real control, the real road and DuckDB in a temporary folder.
import { randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { BigQuery } from '@google-cloud/bigquery'
import { fastify } from 'fastify'
import { OAuth2Client } from 'google-auth-library'

import type { NewRecord } from '../../../src/buffer/record.ts'
import { openWriter } from '../../../src/buffer/writer.ts'
import { loadSettings } from '../../../src/config/config.ts'
import { type Control, openControl } from '../../../src/control/control.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { diskFiles } from '../../../src/core/files.ts'
import { createLog } from '../../../src/core/log.ts'
import { type Appender, startAppender } from '../../../src/deliver/appends/appender.ts'
import { type BigqueryDeps, bigqueryRoutes } from '../../../src/query/bigquery-api/bigquery.ts'
import type { QueryRequest } from '../../../src/query/contract.ts'
import { openQuerySide } from '../../../src/query/open.ts'
import type { WarehouseDriver } from '../../../src/warehouse/driver.ts'
import type { LoadFileRequest } from '../../../src/warehouse/session.ts'
import { openDuckdbWarehouse } from '../../../src/warehouse/duckdb/duckdb.ts'

export const project = 'millpond'

export type Json = Readonly<Record<string, unknown>>

export interface ApiAnswer {
  readonly status: number
  readonly json: Json
  readonly headers: Headers
}

export interface BigqueryRig {
  readonly url: string
  readonly folder: string
  readonly control: Control
  readonly driver: WarehouseDriver
  readonly appender: Appender
  /** Dead letters on their way. */
  readonly letters: NewRecord[]
  /** To stream `appends`, as insertAll does. */
  readonly append: BigqueryDeps['append']
  /** Resolves when everything that was answered is in its table. */
  stored(): Promise<void>
  /** Of the owner, who may do everything. */
  readonly token: string
  /** What reached the road. */
  readonly requests: QueryRequest[]
  readonly appended: NewRecord[]
  readonly loads: LoadFileRequest[]
  client(token?: string): BigQuery
  /** A call with the owner's token; the answer's JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
  stop(): Promise<void>
}

const log = createLog('silent')

/** The three lines of the guide. */
export function nodeClient(url: string, token: string): BigQuery {
  const authClient = new OAuth2Client()
  authClient.setCredentials({ access_token: token })
  return new BigQuery({ projectId: project, apiEndpoint: url, authClient })
}

/** Doesn't end by itself while a test looks at it. */
export const endlessSql = `SELECT COUNTIF(MOD(a * b, 7) = 3) AS n
  FROM UNNEST(GENERATE_ARRAY(1, 300000)) AS a, UNNEST(GENERATE_ARRAY(1, 300000)) AS b`

async function openSide(folder: string, control: Control) {
  const settings = loadSettings({ variables: new Map(), workingFolder: folder })
  await mkdir(join(folder, 'warehouse'), { recursive: true })
  const warehouse = { ...settings.warehouse, threads: 2 }
  const driver = await openDuckdbWarehouse({
    folder: join(folder, 'warehouse'),
    settings: warehouse,
    clock: systemClock,
    log,
  })
  let sequence = 0
  const side = await openQuerySide(settings.query, {
    driver,
    policies: () => control.policies(),
    append: async () => {
      sequence += 1
      return sequence
    },
    dataFolder: folder,
    clock: systemClock,
    log,
    createId: randomUUID,
  })
  return { driver, side }
}

/** Stream `appends` from its writer to the tables. */
async function openAppends(folder: string, driver: WarehouseDriver, letters: NewRecord[]) {
  const { buffer } = loadSettings({ variables: new Map(), workingFolder: folder })
  const deps = { files: diskFiles, clock: systemClock, log }
  const own = join(folder, 'appends')
  const writer = await openWriter({ ...buffer, stream: 'appends', folder: own }, deps)
  const appender = await startAppender(
    { folder: own },
    {
      ...deps,
      target: driver.made,
      release: async (sequence) => writer.release(sequence),
      append: async (record) => letters.push(record),
    },
  )
  writer.onCut(() => {
    appender.wake()
  })
  return { writer, appender }
}

/** `change`: parts instead of the usual ones. */
export async function startBigqueryRig(
  change: (driver: WarehouseDriver, folder: string) => Partial<BigqueryDeps> = () => ({}),
): Promise<BigqueryRig> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-bigquery-'))
  const control = await openControl(folder, { clock: systemClock, log })
  const { driver, side } = await openSide(folder, control)
  const requests: QueryRequest[] = []
  const appended: NewRecord[] = []
  const loads: LoadFileRequest[] = []
  const letters: NewRecord[] = []
  const { writer, appender } = await openAppends(folder, driver, letters)
  const road: BigqueryDeps['road'] = {
    submit: async (request, signal) => {
      requests.push(request)
      return side.road.submit(request, signal)
    },
    dryRun: async (request) => side.road.dryRun(request),
    jobs: (principal) => side.road.jobs(principal),
    job: (id, principal) => side.road.job(id, principal),
    cancel: async (id, principal) => side.road.cancel(id, principal),
    visibleTables: async (principal) => side.road.visibleTables(principal),
  }
  const deps: BigqueryDeps = {
    road,
    control,
    made: driver.made,
    append: async (record) => {
      appended.push(record)
      return writer.append(record)
    },
    loadFile: async (request, signal) => {
      loads.push(request)
      return driver.made.loadFile(request, signal)
    },
    exchangeFolder: driver.maintenance.exchangeFolder,
    freeBytes: async (path) => diskFiles.freeBytes(path),
    project,
    publicUrl: undefined,
    jobAgeMsMax: 86_400_000,
    clock: systemClock,
    log,
    createId: randomUUID,
    ...change(driver, folder),
  }
  const app = fastify({ logger: false, forceCloseConnections: true })
  bigqueryRoutes(app, deps)
  await app.listen({ host: '127.0.0.1', port: 0 })
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`
  const { token } = await control.createToken('test')
  return {
    url,
    folder,
    control,
    driver,
    appender,
    letters,
    token,
    requests,
    appended,
    loads,
    client: (own = token) => nodeClient(url, own),
    async call(method, path, body, headers = {}) {
      const init: RequestInit = { method, headers: { authorization: `Bearer ${token}`, ...headers } }
      if (body !== undefined)
        init.body = typeof body === 'string' || body instanceof Uint8Array ? (body as BodyInit) : JSON.stringify(body)
      const response = await fetch(url + path, init)
      const text = await response.text()
      return { status: response.status, headers: response.headers, json: (text === '' ? {} : JSON.parse(text)) as Json }
    },
    append: deps.append,
    async stored() {
      const { lastSequence } = writer.status()
      // A cut makes it readable, within fifty milliseconds.
      while (appender.status().position < lastSequence) await appender.caughtUp()
    },
    async stop() {
      await app.close()
      await appender.stop()
      await writer.stop()
      await side.stop()
      await driver.stop()
      await control.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
