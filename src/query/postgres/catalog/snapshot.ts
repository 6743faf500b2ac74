// The permitted tables with Postgres' numbers: what all answers of the catalogue are made from.
import { createHash } from 'node:crypto'

import type { SqlType } from '../../../sql/types.ts'
import type { EngineType } from '../../../warehouse/session.ts'
import type { VisibleTable } from '../../contract.ts'
import type { Names } from '../rewrite/types.ts'
import { modifierOf, oidOf } from '../values/oids.ts'
import { type TypeRow, typesByOid } from './types-table.ts'

export interface CatalogColumn {
  readonly name: string
  readonly number: number
  readonly type: TypeRow
  readonly modifier: number
  readonly isRequired: boolean
  readonly description: string | undefined
}

export interface CatalogTable {
  readonly oid: number
  readonly dataset: string
  readonly schemaOid: number
  readonly name: string
  readonly kind: 'r' | 'v' | 'm'
  readonly columns: readonly CatalogColumn[]
  readonly source: VisibleTable
}

export interface Snapshot extends Names {
  readonly tables: readonly CatalogTable[]
  /** Two snapshots of the same answers have the same. */
  readonly fingerprint: string
}

/** Oids below belong to Postgres itself. */
const firstOid = 20_000
const oidSpan = 2 ** 31 - 1 - firstOid

export function snapshotOf(visible: readonly VisibleTable[]): Snapshot {
  const taken = new Set<number>()
  const sorted = visible.toSorted(
    (left, right) => compare(left.dataset, right.dataset) || compare(left.table, right.table),
  )
  const datasets = [...new Set(sorted.map(({ dataset }) => dataset))]
  const schemaOids = new Map(datasets.map((dataset) => [dataset, freeOid(`schema ${dataset}`, taken)]))
  const tables = sorted.map((source): CatalogTable => {
    const { dataset, table: name, kind } = source
    return {
      oid: freeOid(`table ${dataset}.${name}`, taken),
      dataset,
      schemaOid: schemaOids.get(dataset) ?? 0,
      name,
      kind: kind === 'table' ? 'r' : kind === 'view' ? 'v' : 'm',
      columns: source.columns.map((column, index) => columnOf(column, index + 1)),
      source,
    }
  })
  return { ...namesOf(datasets, schemaOids, tables), tables, fingerprint: fingerprintOf(visible) }
}

export function fingerprintOf(visible: readonly VisibleTable[]): string {
  return createHash('sha256').update(JSON.stringify(visible)).digest('base64')
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** The same name has the same number in every session, so that tools may remember it. */
function freeOid(name: string, taken: Set<number>): number {
  let oid = firstOid + (createHash('sha256').update(name).digest().readUInt32BE() % oidSpan)
  while (taken.has(oid)) oid = oid + 1 >= firstOid + oidSpan ? firstOid : oid + 1
  taken.add(oid)
  return oid
}

function columnOf(column: VisibleTable['columns'][number], number: number): CatalogColumn {
  const element = engineType(column.sqlType)
  const type: EngineType = column.mode === 'REPEATED' && element.kind !== 'LIST' ? { kind: 'LIST', element } : element
  const oid = oidOf(type, false)
  const row = typesByOid.get(oid) ?? typesByOid.get(25)
  if (row === undefined) throw new Error('BUG: text is a type')
  return {
    name: column.name,
    number,
    type: row,
    modifier: modifierOf(type),
    isRequired: column.mode === 'REQUIRED',
    description: column.description === '' ? undefined : column.description,
  }
}

const engineKinds = {
  INT64: { kind: 'BIGINT' },
  FLOAT64: { kind: 'DOUBLE' },
  NUMERIC: { kind: 'DECIMAL', width: 38, scale: 9 },
  BIGNUMERIC: { kind: 'DECIMAL', width: 38, scale: 18 },
  BOOL: { kind: 'BOOLEAN' },
  STRING: { kind: 'VARCHAR' },
  BYTES: { kind: 'BLOB' },
  DATE: { kind: 'DATE' },
  TIME: { kind: 'TIME' },
  DATETIME: { kind: 'TIMESTAMP' },
  TIMESTAMP: { kind: 'TIMESTAMPTZ' },
  INTERVAL: { kind: 'INTERVAL' },
  JSON: { kind: 'JSON' },
} as const satisfies Record<string, EngineType>

/** As sql/types.ts keeps it in the engine: the catalogue must say what a result will say. */
function engineType(type: SqlType): EngineType {
  if (type.kind === 'ARRAY') return { kind: 'LIST', element: engineType(type.element) }
  if (type.kind === 'STRUCT') {
    return {
      kind: 'STRUCT',
      fields: type.fields.map((field) => ({ name: field.name ?? '', type: engineType(field.type) })),
    }
  }
  if (type.kind === 'RANGE') return { kind: 'STRUCT', fields: [] }
  return engineKinds[type.kind]
}

function namesOf(
  datasets: readonly string[],
  schemaOids: ReadonlyMap<string, number>,
  tables: readonly CatalogTable[],
): Names {
  const byName = new Map(tables.map((table) => [`${table.dataset}\0${table.name}`, table]))
  const byOid = new Map(tables.map((table) => [table.oid, { dataset: table.dataset, table: table.name }]))
  return {
    datasets,
    hasTable: (dataset, table) => byName.has(`${dataset}\0${table}`),
    tableOid: (dataset, table) => byName.get(`${dataset}\0${table}`)?.oid,
    tableOf: (oid) => byOid.get(oid),
    schemaOid: (dataset) => schemaOids.get(dataset),
    hiddenOids(path) {
      const first = new Map<string, number>()
      for (const dataset of path) {
        for (const table of tables)
          if (table.dataset === dataset && !first.has(table.name)) first.set(table.name, table.oid)
      }
      return tables.filter((table) => first.get(table.name) !== table.oid).map(({ oid }) => oid)
    },
    writableOids: () => tables.filter(({ source }) => source.isWritable).map(({ oid }) => oid),
    bytesOfAll: () => tables.reduce((bytes, { source }) => bytes + (source.logicalBytes ?? 0), 0),
  }
}
