// Asks Millpond what a query answers: the real road over a real warehouse in a temporary folder, with the fixture's tables in it.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { systemClock } from '../../src/core/clock.ts'
import { MillpondError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import type { Principal } from '../../src/control/principals.ts'
import { defaultSettings } from '../support/default-settings.ts'
import type { QueryRequest, QueryRoad } from '../../src/query/contract.ts'
import { dateText, dayAndTime, intervalText, timeText } from '../../src/query/encode/time-text.ts'
import { valueText } from '../../src/query/encode/value-text.ts'
import { openQuerySide } from '../../src/query/open.ts'
import { typeName } from '../../src/sql/type-names.ts'
import type { SqlType } from '../../src/sql/types.ts'
import type { EngineInterval, EngineValue } from '../../src/warehouse/session.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import { fixture, tableSql } from './fixture.ts'

export type Answer =
  | { readonly kind: 'rows'; readonly types: readonly string[]; readonly rows: readonly string[] }
  | { readonly kind: 'error'; readonly text: string }
  | { readonly kind: 'refused'; readonly text: string }

export interface Runner {
  readonly road: QueryRoad
  ask(sql: string, more?: Partial<QueryRequest>): Promise<Answer>
  stop(): Promise<void>
}

export const owner: Principal = { id: 'owner', kind: 'owner', handle: 'owner', role: 'admin', attributes: {} }

export async function openRunner(): Promise<Runner> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-sql-'))
  const log = createLog('silent')
  const settings = defaultSettings(folder)
  const driver = await openDuckdbWarehouse({
    folder: join(folder, 'warehouse'),
    settings: settings.warehouse,
    clock: systemClock,
    log,
  })
  const side = await openQuerySide(
    { ...settings.query, project: 'my-proj' },
    {
      driver,
      policies: () => ({ grants: [], masks: [], filters: [], version: 1 }),
      append: async () => 0,
      dataFolder: folder,
      clock: systemClock,
      log,
      createId: randomUUID,
    },
  )
  const ask = async (sql: string, more: Partial<QueryRequest> = {}): Promise<Answer> => answerOf(side.road, sql, more)
  await makeFixture(ask)
  return {
    road: side.road,
    ask,
    async stop() {
      await side.stop()
      await driver.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function makeFixture(ask: Runner['ask']): Promise<void> {
  const statements = ['CREATE SCHEMA ds']
  for (const table of fixture) {
    const own = table.columns.filter(({ name }) => !name.startsWith('_'))
    const columns = own.map(({ name, type }) => `${name} ${type}`).join(', ')
    const names = table.columns.map(({ name }) => name).join(', ')
    statements.push(`CREATE TABLE ds.${table.name} (${columns}) ${table.tail ?? ''}`)
    if (table.rows.length > 0) statements.push(`INSERT INTO ds.${table.name} (${names}) ${tableSql(table)}`)
  }
  for (const sql of statements) {
    const answer = await ask(sql)
    if (answer.kind !== 'rows') throw new Error(`The fixture could not be made: ${sql}: ${answer.text}`)
  }
}

async function answerOf(road: QueryRoad, sql: string, more: Partial<QueryRequest>): Promise<Answer> {
  try {
    const request = { sql, dialect: 'googlesql' as const, principal: owner, port: 'api' as const, ...more }
    const job = await road.submit(request, new AbortController().signal)
    const { columns, chunks } = await job.result()
    const rows: string[] = []
    for await (const chunk of chunks) {
      for (let row = 0; row < chunk.rowCount; row += 1) {
        const values = columns.map(({ sqlType }, index) => valueOf(chunk.columns[index]?.[row] ?? null, sqlType))
        rows.push(JSON.stringify(values))
      }
    }
    return {
      kind: 'rows',
      types: columns.map(({ sqlType }) => (sqlType === undefined ? '?' : typeName(sqlType))),
      rows,
    }
  } catch (error) {
    if (!(error instanceof MillpondError)) throw error
    return { kind: error.code === 'query-unsupported' ? 'refused' : 'error', text: error.message }
  }
}

/** As README.md of this folder says. */
function valueOf(value: EngineValue, type: SqlType | undefined): unknown {
  if (value === null || type === undefined) return value ?? null
  switch (type.kind) {
    case 'INT64': {
      const whole = BigInt(value as bigint | number)
      return Number.isSafeInteger(Number(whole)) ? Number(whole) : String(whole)
    }
    case 'FLOAT64':
      return floatValue(Number(value))
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return valueText(value)
        .replace(/(\.\d*?)0+$/, '$1')
        .replace(/\.$/, '')
    case 'BYTES':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'DATE':
      return dateText(Number(value))
    case 'TIME':
      return timeText(value as bigint)
    case 'DATETIME':
      return dateAndTime(value as bigint)
    case 'TIMESTAMP':
      return `${dateAndTime(value as bigint)}Z`
    case 'INTERVAL':
      return intervalText(value as EngineInterval)
    case 'JSON':
      return JSON.stringify(JSON.parse(valueText(value)))
    case 'ARRAY':
      return (value as readonly EngineValue[]).map((item) => valueOf(item, type.element))
    case 'STRUCT':
      return type.fields.map((field, index) => valueOf((value as readonly EngineValue[])[index] ?? null, field.type))
    case 'RANGE': {
      const [start = null, end = null] = value as readonly EngineValue[]
      const bound = (one: EngineValue): string => boundText(valueOf(one, type.element))
      return `[${bound(start)}, ${bound(end)})`
    }
    default:
      return value
  }
}

function dateAndTime(micros: bigint): string {
  const { days, time } = dayAndTime(micros)
  return `${dateText(days)}T${timeText(time)}`
}

function floatValue(value: number): number | string {
  if (!Number.isFinite(value)) return valueText(value)
  return value === 0 ? 0 : value
}

function boundText(value: unknown): string {
  return typeof value === 'string' ? value : 'UNBOUNDED'
}
