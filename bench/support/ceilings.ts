// What this machine can do at best, measured in the same run as the benchmark: parsing JSON on one core, syncing 64 KiB,
// and DuckDB's own JSON reader filling the same number of tables with the same columns.
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'

import { batchTemplate, eventOf } from './events.ts'

export interface Ceilings {
  readonly jsonParseEventsPerSecond: number
  readonly sync64KiBPerSecond: number
  /** read_json into one typed stage, then INSERT … SELECT into 30 event tables, 40,000 events a transaction. */
  readonly duckdbJsonLoadEventsPerSecond: number
}

export async function measureCeilings(): Promise<Ceilings> {
  return {
    jsonParseEventsPerSecond: Math.round(parseCeiling()),
    sync64KiBPerSecond: Math.round(await syncCeiling()),
    duckdbJsonLoadEventsPerSecond: Math.round(await loadCeiling()),
  }
}

function parseCeiling(): number {
  const { body, events } = batchTemplate('ceiling', 100)
  const begunMs = performance.now()
  let parsed = 0
  while (performance.now() - begunMs < 2000) {
    JSON.parse(body.toString())
    parsed += events
  }
  return (parsed * 1000) / (performance.now() - begunMs)
}

async function syncCeiling(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-bench-'))
  const file = await open(join(folder, 'sync'), 'w')
  const block = Buffer.alloc(64 * 1024, 1)
  const begunMs = performance.now()
  let syncs = 0
  while (performance.now() - begunMs < 2000) {
    await file.write(block, 0, block.length, syncs * block.length)
    await file.datasync()
    syncs += 1
  }
  const perSecond = (syncs * 1000) / (performance.now() - begunMs)
  await file.close()
  await rm(folder, { recursive: true })
  return perSecond
}

const loadEvents = 120_000
const loadEventsPerTransaction = 40_000

async function loadCeiling(): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-bench-'))
  const instance = await DuckDBInstance.create(':memory:', { threads: '2' })
  const connection = await instance.connect()
  await connection.run(
    `ATTACH '${join(folder, 'ceiling.duckdb')}' AS fed (RECOVERY_MODE no_wal_writes, STORAGE_VERSION 'v1.5.0'); USE fed;`,
  )
  const files: string[] = []
  for (let from = 0; from < loadEvents; from += loadEventsPerTransaction) {
    const lines: string[] = []
    for (let n = from; n < from + loadEventsPerTransaction; n += 1) {
      lines.push(JSON.stringify(eventOf(n)).replace('############', String(n).padStart(12, '0')))
    }
    const path = join(folder, `${from}.ndjson`)
    await writeFile(path, lines.join('\n'))
    files.push(path)
  }
  const begunMs = performance.now()
  for (const path of files) await loadFile(connection, path)
  const perSecond = (loadEvents * 1000) / (performance.now() - begunMs)
  connection.closeSync()
  instance.closeSync()
  await rm(folder, { recursive: true })
  return perSecond
}

async function loadFile(connection: Awaited<ReturnType<DuckDBInstance['connect']>>, path: string): Promise<void> {
  await connection.run('BEGIN')
  await connection.run(`CREATE OR REPLACE TEMP TABLE stage AS SELECT * FROM read_json('${path}', format = 'newline_delimited',
    columns = {event: 'VARCHAR', messageId: 'VARCHAR', anonymousId: 'VARCHAR', userId: 'VARCHAR', timestamp: 'TIMESTAMPTZ',
      originalTimestamp: 'TIMESTAMPTZ', context: ${contextType}, properties: ${propertiesType}})`)
  const columns = `event, messageId AS id, anonymousId AS anonymous_id, userId AS user_id, timestamp, originalTimestamp AS original_timestamp,
    now() AS received_at, now() AS loaded_at, 'sender' AS time_method,
    context.library.name AS c1, context.library.version AS c2, context.app.name AS c3, context.app.version AS c4, context.app.build AS c5,
    context.os.name AS c6, context.os.version AS c7, context.device.id AS c8, context.device.manufacturer AS c9, context.device.model AS c10,
    context.locale AS c11, context.timezone AS c12, context.network.wifi AS c13, context.network.carrier AS c14,
    properties.camera_id, properties.duration_ms, properties.temperature, properties.is_night, properties.city, properties.firmware,
    properties.sound_level, properties.note, to_json(properties) AS properties`
  for (let n = 0; n < 30; n += 1) {
    const name = `Camera Event ${String(n).padStart(2, '0')}`
    await connection.run(`CREATE TABLE IF NOT EXISTS fed.event_${n} AS SELECT ${columns} FROM stage LIMIT 0`)
    await connection.run(`INSERT INTO fed.event_${n} SELECT ${columns} FROM stage WHERE event = '${name}'`)
  }
  await connection.run('COMMIT')
}

const contextType = `'STRUCT(library STRUCT(name VARCHAR, version VARCHAR), app STRUCT(name VARCHAR, version VARCHAR, build VARCHAR),
  os STRUCT(name VARCHAR, version VARCHAR), device STRUCT(id VARCHAR, manufacturer VARCHAR, model VARCHAR), locale VARCHAR,
  timezone VARCHAR, network STRUCT(wifi BOOLEAN, carrier VARCHAR))'`
const propertiesType = `'STRUCT(camera_id VARCHAR, duration_ms BIGINT, temperature DOUBLE, is_night BOOLEAN, city VARCHAR,
  firmware VARCHAR, sound_level BIGINT, note VARCHAR)'`
