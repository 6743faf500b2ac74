// What a rebuild must be told beside the records: tables and types as they stand, every decision about them, spellings
// of event names, and who was erased. Read from the present warehouse, or from its copy beside the archive when that is lost.
import { join } from 'node:path'

import { MillpondError } from '../../core/errors.ts'
import { type Files, writeFileAtomic } from '../../core/files.ts'
import type { ColumnSpec, SchemaChange, WarehouseDriver } from '../../warehouse/driver.ts'
import { systemDataset } from '../../warehouse/schema.ts'
import { loadDecisions } from '../maintenance/decisions.ts'
import { type Decision, type EventName, type SchemaLimits, WarehouseSchema } from '../warehouse/schema-state.ts'
import { readAll, readSchemaStart } from '../warehouse/schema-start.ts'
import type { ErasureRow } from '../warehouse/system-rows.ts'

type Dated<Row> = Row & { readonly atMicros: number }

export interface SchemaSnapshot {
  readonly version: 1
  readonly tables: readonly {
    readonly dataset: string
    readonly table: string
    readonly columns: readonly ColumnSpec[]
  }[]
  readonly decisions: readonly Dated<Decision>[]
  readonly eventNames: readonly Dated<EventName>[]
  readonly erasures: readonly Dated<ErasureRow>[]
}

export async function readSnapshot(driver: WarehouseDriver): Promise<SchemaSnapshot> {
  const catalog = await driver.catalog()
  const changes = await readAll(
    driver,
    'SELECT epoch_us(changed_at), dataset, table_name, column_name, change, detail FROM millpond.schema_changes',
  )
  const names = await readAll(
    driver,
    'SELECT epoch_us(first_seen_at), source, table_name, name FROM millpond.event_names',
  )
  const erasures = await readAll(
    driver,
    'SELECT epoch_us(erased_at), dataset, person, epoch_us(received_until), rows FROM millpond.erasures',
  )
  return {
    version: 1,
    tables: [...catalog]
      .filter(([dataset]) => dataset !== systemDataset)
      .flatMap(([dataset, tables]) => [...tables].map(([table, columns]) => ({ dataset, table, columns }))),
    decisions: changes.map(([at, dataset, table, column, change, detail]) => ({
      atMicros: Number(at),
      dataset: String(dataset),
      table: String(table),
      column: textOrNull(column),
      change: String(change) as Decision['change'],
      detail: textOrNull(detail),
    })),
    eventNames: names.map(([at, source, table, name]) => ({
      atMicros: Number(at),
      source: String(source),
      table: String(table),
      name: String(name),
    })),
    erasures: erasures.map(([at, dataset, person, until, rows]) => ({
      atMicros: Number(at),
      dataset: textOrNull(dataset),
      person: String(person),
      receivedUntilMicros: Number(until),
      rows: Number(rows),
    })),
  }
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

/** Makes the tables, their views and the decisions in an empty warehouse. */
export async function seed(driver: WarehouseDriver, snapshot: SchemaSnapshot, limits: SchemaLimits): Promise<void> {
  const creates = snapshot.tables.map(({ dataset, table, columns }): SchemaChange => ({
    kind: 'create-table',
    table: { dataset, table },
    columns,
  }))
  await addDecisions(driver, snapshot, creates)
  const schema = new WarehouseSchema(limits, () => 'client', await readSchemaStart(driver))
  await loadDecisions(driver, () => undefined, schema.unions())
}

/** Adds what the later snapshot knows and the warehouse doesn't. */
export async function addMissingDecisions(driver: WarehouseDriver, later: SchemaSnapshot): Promise<void> {
  const own = await readSnapshot(driver)
  await addDecisions(driver, {
    ...later,
    decisions: missing(later.decisions, own.decisions, (one) => [
      one.dataset,
      one.table,
      one.column,
      one.change,
      one.detail,
    ]),
    eventNames: missing(later.eventNames, own.eventNames, (one) => [one.source, one.table, one.name]),
    erasures: missing(later.erasures, own.erasures, (one) => [one.dataset, one.person, one.receivedUntilMicros]),
  })
}

function missing<Row>(rows: readonly Row[], known: readonly Row[], keyOf: (row: Row) => unknown): Row[] {
  const keys = new Set(known.map((row) => JSON.stringify(keyOf(row))))
  return rows.filter((row) => !keys.has(JSON.stringify(keyOf(row))))
}

async function addDecisions(
  driver: WarehouseDriver,
  { decisions, eventNames, erasures }: SchemaSnapshot,
  changes: readonly SchemaChange[] = [],
): Promise<void> {
  await loadDecisions(
    driver,
    (rows) => {
      for (const { atMicros, ...decision } of decisions) rows.addDecision(decision, atMicros)
      for (const { atMicros, ...name } of eventNames) rows.addEventName(name, atMicros)
      for (const { atMicros, ...erasure } of erasures) rows.addErasure(erasure, atMicros)
    },
    changes,
  )
}

/** Beside the archive. */
export const schemaFileName = 'schema.json'

/** Keeps the snapshot beside the archive, whole or not at all. */
export async function keepSnapshot(files: Files, archiveFolder: string, snapshot: SchemaSnapshot): Promise<void> {
  await files.makeFolder(archiveFolder)
  await writeFileAtomic(files, join(archiveFolder, schemaFileName), JSON.stringify(snapshot))
}

/** Undefined: there is none. Error: warehouse-unreadable. */
export async function keptSnapshot(files: Files, archiveFolder: string): Promise<SchemaSnapshot | undefined> {
  const path = join(archiveFolder, schemaFileName)
  const bytes = await files.readAll(path)
  if (bytes === undefined) return undefined
  const snapshot = parse(bytes)
  if (snapshot?.version === 1) return snapshot
  throw new MillpondError(
    'warehouse-unreadable',
    `${path} is no schema of this version; move it away to go on without it`,
  )
}

function parse(bytes: Uint8Array): SchemaSnapshot | undefined {
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as SchemaSnapshot
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
