// What of the warehouse tells about people: which of the tables that a caller may read have rows of a person, by which columns,
// and how one line of a timeline is made of a row. A new kind of table (tickets, labels) is one more line of `fixedTables`.
import type { VisibleTable } from '../query/contract.ts'
import { literal, quoted } from './ask.ts'
import { idKinds, type IdKind } from './ids.ts'

export interface PersonTable {
  /** Of the timeline: the dataset of a source's calls, else dataset.table. */
  readonly source: string
  readonly dataset: string
  readonly table: string
  readonly kind: string
  readonly idColumns: IdColumns
  /** GoogleSQL expressions over a row. */
  readonly title: string
  readonly severity: string
  readonly columns: ReadonlySet<string>
  /** Those of type STRING. */
  readonly texts: ReadonlySet<string>
}

type IdColumns = Readonly<Partial<Record<IdKind, string>>>

interface Shape {
  readonly kind: string
  /** Texts; the first that has a value is the title, several are joined. */
  readonly title: readonly string[]
  readonly severity?: string
  readonly idColumns?: IdColumns
}

const callIds: IdColumns = { user: 'user_id', anonymous: 'anonymous_id' }
const deviceIds: IdColumns = { user: 'user_id', device: 'device_id' }

/** Tables of every source, in Segment's shape. */
const callTables: Readonly<Record<string, Shape>> = {
  tracks: { kind: 'track', title: ['event_text'] },
  pages: { kind: 'page', title: ['name', 'category'] },
  screens: { kind: 'screen', title: ['name', 'category'] },
  // The device that an app runs on counts where it says who uses it.
  identifies: { kind: 'identify', title: ['user_id'], idColumns: { ...callIds, device: 'context_device_id' } },
  groups: { kind: 'group', title: ['group_id'] },
  aliases: { kind: 'alias', title: ['previous_id'] },
}

const fixedTables: Readonly<Record<string, Shape>> = {
  'ai.inferences': { kind: 'inference', title: ['top_label', 'model'], idColumns: deviceIds },
  'ai.assets': { kind: 'asset', title: ['mime', 'media_type'], idColumns: deviceIds },
  'logs.entries': { kind: 'log', title: ['message'], severity: 'severity', idColumns: deviceIds },
}

/** What was passed on of an event is no event of its own: it stands on no timeline. */
const deliveries: Shape = { kind: 'delivery', title: ['destination'] }

const eventShape: Shape = { kind: 'track', title: ['event_text'] }
const titleLengthMax = 200

/** `visible`: what the caller may read. `isSource`: datasets that people make are none, whatever their tables look like. */
export function personTables(visible: readonly VisibleTable[], isSource: (dataset: string) => boolean): PersonTable[] {
  const withTracks = new Set(visible.filter(({ table }) => table === 'tracks').map(({ dataset }) => dataset))
  return visible.flatMap((one) => {
    const fixed = fixedTables[`${one.dataset}.${one.table}`]
    if (fixed !== undefined) return personTable(one, fixed, `${one.dataset}.${one.table}`)
    if (!isSource(one.dataset)) return []
    const shape = Object.hasOwn(callTables, one.table) ? callTables[one.table] : undefined
    if (shape !== undefined) return personTable(one, shape, one.dataset)
    // Somebody may be granted single events, and not the view over all of them.
    const isEvent = !withTracks.has(one.dataset) && one.columns.some(({ name }) => name === 'event_text')
    return isEvent ? personTable(one, eventShape, one.dataset) : []
  })
}

/** For whoever wants whole rows: events by their own tables where those may be read, since the view has what all of them share. */
export function wholeTables(visible: readonly VisibleTable[], isSource: (dataset: string) => boolean): PersonTable[] {
  const isEvent = ({ dataset, table, columns }: VisibleTable): boolean =>
    isSource(dataset) && !Object.hasOwn(callTables, table) && columns.some(({ name }) => name === 'event_text')
  const withEvents = new Set(visible.filter(isEvent).map(({ dataset }) => dataset))
  const wanted = visible.filter(({ dataset, table }) => table !== 'tracks' || !withEvents.has(dataset))
  const passedOn = visible.filter(({ dataset, table }) => dataset === 'millpond' && table === 'deliveries')
  return [
    ...personTables(wanted, isSource),
    ...passedOn.flatMap((one) => personTable(one, deliveries, 'millpond.deliveries')),
  ]
}

function personTable(visible: VisibleTable, shape: Shape, source: string): PersonTable[] {
  const columns = new Set(visible.columns.map(({ name }) => name))
  const texts = new Set(visible.columns.filter(({ sqlType }) => sqlType.kind === 'STRING').map(({ name }) => name))
  if (!['id', 'timestamp', 'received_at', 'loaded_at'].every((name) => columns.has(name))) return []
  const wanted = shape.idColumns ?? callIds
  const present = idKinds.filter((kind) => wanted[kind] !== undefined && texts.has(wanted[kind]))
  const idColumns = Object.fromEntries(present.map((kind) => [kind, wanted[kind]]))
  if (present.length === 0) return []
  const titles = shape.title.filter((name) => texts.has(name)).map((name) => `NULLIF(${quoted(name)}, '')`)
  const { severity } = shape
  return [
    {
      source,
      dataset: visible.dataset,
      table: visible.table,
      kind: shape.kind,
      idColumns,
      title: `SUBSTR(COALESCE(${[...titles, "''"].join(', ')}), 1, ${titleLengthMax})`,
      severity: severity !== undefined && columns.has(severity) ? quoted(severity) : 'CAST(NULL AS INT64)',
      columns,
      texts,
    },
  ]
}

export function relationOf({ dataset, table }: Pick<PersonTable, 'dataset' | 'table'>): string {
  return `${quoted(dataset)}.${quoted(table)}`
}

/** Where a row stands among rows of the same time: grows within and over tables, and is never the same for two ids. */
export function placeSql({ dataset, table }: PersonTable): string {
  return `CONCAT(${literal(`${dataset}.${table}/`)}, id)`
}

const severities = ['default', 'debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const
export type Severity = (typeof severities)[number]

/** Of Cloud Logging's numbers: 500 is error, and so is 540. */
export function severityOf(value: unknown): Severity | null {
  return typeof value === 'number' ? (severities[Math.min(8, Math.max(0, Math.floor(value / 100)))] ?? null) : null
}
