// Which column of a foreign file is which field of an event: said by --map and --event, else found by the usual names.
import { UsageError } from '../failure.ts'

export const mappedFields = ['timestamp', 'event', 'userId', 'anonymousId', 'messageId', 'type', 'properties'] as const
export type MappedField = (typeof mappedFields)[number]

export type Mapping = Readonly<Partial<Record<MappedField, string>>>

/** What the caller said. */
export interface MappingOptions {
  readonly map: Mapping
  /** Name of all events, or of the column that has it. */
  readonly event?: string | undefined
}

export interface ColumnMapping {
  readonly columns: Mapping
  /** Name of events whose row says none. */
  readonly eventName?: string | undefined
}

/** By the name without case, `_`, `$` and spaces; the first that is there counts. */
const usualNames: Readonly<Record<MappedField, readonly string[]>> = {
  timestamp: ['timestamp', 'originaltimestamp', 'eventtimestamp', 'eventtime', 'time', 'ts', 'createdat'],
  // Segment's tables: event_text is the name as sent, event the name of the table.
  event: ['eventtext', 'eventname', 'event'],
  userId: ['userid'],
  anonymousId: ['anonymousid'],
  messageId: ['messageid', 'insertid'],
  type: ['type'],
  properties: ['properties'],
}

/** Error: UsageError. */
export function parseMap(words: readonly string[]): Mapping {
  const map: Partial<Record<MappedField, string>> = {}
  for (const word of words) {
    const [field = '', column = ''] = word.split(/=(.*)/s)
    if (!isField(field) || column === '') {
      const fields = mappedFields.join(', ')
      throw new UsageError(
        `--map takes field=column, and the fields are ${fields}; not \`${word}\`. Paths stand before it, or behind --`,
      )
    }
    map[field] = column
  }
  return map
}

function isField(word: string): word is MappedField {
  return (mappedFields as readonly string[]).includes(word)
}

/** Undefined: nothing says what the events are called, or nobody did them. */
export function chooseColumns(names: readonly string[], { map, event }: MappingOptions): ColumnMapping {
  // Backwards, so that of two columns with one plain name the first counts.
  const byPlainName = new Map(names.map((name): [string, string] => [plain(name), name]).toReversed())
  const columns: Partial<Record<MappedField, string>> = {}
  for (const field of mappedFields) {
    const found =
      map[field] ?? usualNames[field].map((name) => byPlainName.get(name)).find((name) => name !== undefined)
    if (found !== undefined) columns[field] = found
  }
  // A table of Segment's warehouse schema: its `id` is the message id.
  const id = byPlainName.get('id')
  if (columns.messageId === undefined && id !== undefined && byPlainName.has('receivedat')) columns.messageId = id
  if (event === undefined) return { columns }
  if (names.includes(event)) return { columns: { ...columns, event } }
  const { event: _found, ...rest } = columns
  return { columns: map.event === undefined ? rest : columns, eventName: event }
}

/** What is missing, as a sentence's part; undefined: nothing. */
export function missingIn({ columns, eventName }: ColumnMapping): string | undefined {
  if (columns.event === undefined && eventName === undefined && columns.type === undefined) {
    return 'no column says what the events are called: --event <name or column>'
  }
  if (columns.userId === undefined && columns.anonymousId === undefined) {
    return 'no column says who did it: --map userId=<column> or --map anonymousId=<column>'
  }
  return undefined
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_$\s-]/g, '')
}
