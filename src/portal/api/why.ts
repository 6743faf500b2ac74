// "Why isn't this event in Mixpanel?" What the ledger says of it, or what keeps it from getting there; asked in the caller's name.
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'

import type { DestinationInfo } from '../../control/destination-store.ts'
import type { DestinationStatus } from '../../deliver/destinations/hub-messages.ts'
import { destinationTypeOf } from '../../deliver/destinations/registry.ts'
import { ask, type Caller, literal, quoted } from '../../people/ask.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { callerOf } from './people.ts'
import { says } from './says.ts'
import { isoTime } from '../../core/clock.ts'

const address = z.object({ name: z.string().max(100) })
const wanted = z.object({ message: z.string().min(1).max(1000) })
const callTables = new Set(['tracks', 'identifies', 'pages', 'screens', 'groups', 'aliases'])
const entriesMax = 20

/** A row of a source's tables. */
interface StoredEvent {
  readonly source: string
  readonly table: string
  readonly receivedAtMicros: number
}

interface Entry {
  readonly status: string
  readonly reason: string | null
  readonly [column: string]: unknown
}

export interface WhyAnswer {
  /** `delivered`, `rejected` … of the ledger; else what stands in its way. */
  readonly verdict: string
  /** The same in a sentence. */
  readonly sentence: string
  readonly event: { readonly source: string; readonly table: string; readonly receivedAt: string } | null
  readonly entries: readonly Entry[]
}

const sentences: Readonly<Record<string, string>> = {
  delivered: 'It is there: the service took it.',
  rejected: 'The service does not take it',
  skipped: 'It was not meant for this destination',
  expired: 'It was too old, or waited too long',
  unconfirmed: 'It was sent and no answer came; a second time might count twice',
}

export function whyRoutes(app: FastifyInstance, deps: ApiDeps): void {
  app.get(
    '/api/destinations/:name/why',
    says('Why an event is, or is not, at a destination', { params: address, query: wanted }),
    async (request, reply) => {
      const destination = deps.control.destinations.get(parseInput(address, request.params).name)
      const { message } = parseInput(wanted, request.query)
      const caller = callerOf(request, reply)
      const entries = await entriesOf(deps, caller, destination.name, message)
      const event = await storedEvent(deps, caller, message)
      const status = deps.hub.status().find(({ id }) => id === destination.id)
      const told = event && { source: event.source, table: event.table, receivedAt: isoTime(event.receivedAtMicros) }
      return { ...explain(destination, entries, event, status), event: told ?? null, entries: entries ?? [] }
    },
  )
}

/** Nobody has the table before the first delivery. */
/** undefined: the caller may not read the ledger, or nothing was ever delivered. */
async function entriesOf(
  { query }: ApiDeps,
  caller: Caller,
  destination: string,
  message: string,
): Promise<Entry[] | undefined> {
  const visible = await query.visibleTables(caller.principal)
  if (!visible.some(({ dataset, table }) => dataset === 'millpond' && table === 'deliveries')) return undefined
  const rows = await ask(
    query,
    caller,
    `SELECT event_source, event_type, event_name, status, reason, attempts, answer, sent_payload, settled_at, destination_version
     FROM millpond.deliveries WHERE destination = @destination AND message_id = @message
     ORDER BY settled_at DESC LIMIT ${entriesMax}`,
    { destination, message },
  )
  return rows as unknown as Entry[]
}

async function storedEvent(
  { query, control }: ApiDeps,
  caller: Caller,
  message: string,
): Promise<StoredEvent | undefined> {
  const sources = new Set(control.listSources().map(({ source }) => source))
  const tables = (await query.visibleTables(caller.principal)).filter(
    ({ dataset, table, columns }) =>
      sources.has(dataset) && callTables.has(table) && columns.some(({ name }) => name === 'received_at'),
  )
  if (tables.length === 0) return undefined
  const parts = tables.map(
    ({ dataset, table }) =>
      `SELECT ${literal(dataset)} AS source, ${literal(table)} AS name, UNIX_MICROS(received_at) AS micros
       FROM ${quoted(dataset)}.${quoted(table)} WHERE id = @message`,
  )
  const [row] = await ask(query, caller, `${parts.join(' UNION ALL ')} ORDER BY micros LIMIT 1`, { message })
  return row && { source: String(row['source']), table: String(row['name']), receivedAtMicros: Number(row['micros']) }
}

export function explain(
  destination: DestinationInfo,
  entries: readonly Entry[] | undefined,
  event: StoredEvent | undefined,
  status: DestinationStatus | undefined,
): { readonly verdict: string; readonly sentence: string } {
  const entry = entries?.[0]
  if (entry !== undefined) {
    const { status: verdict, reason } = entry
    const sentence = sentences[verdict] ?? verdict
    return { verdict, sentence: reason === null ? sentence : `${sentence}: ${reason}` }
  }
  if (event === undefined) {
    const sentence = 'No table that you may see holds it: it has not come, or it was kept out (dead letters say why).'
    return { verdict: 'not-stored', sentence }
  }
  const { sources, state, createdAtMicros } = destination
  if (sources.length > 0 && !sources.includes(event.source)) {
    return {
      verdict: 'other-source',
      sentence: `The destination takes ${sources.join(', ')} only; it came from ${event.source}.`,
    }
  }
  if (event.receivedAtMicros < createdAtMicros) {
    return { verdict: 'before', sentence: 'It came before the destination was set up.' }
  }
  if (state === 'disabled')
    return { verdict: 'disabled', sentence: 'The destination is disabled; it goes on when it is enabled.' }
  if (status?.state === 'waiting') {
    const words = status.lastError ?? 'no answer'
    return { verdict: 'waiting', sentence: `It waits: the service takes nothing at the moment (${words}).` }
  }
  // Its place is behind the event, so that something became of it.
  if (entries === undefined && status !== undefined && status.readMicros > event.receivedAtMicros) {
    const sentence =
      'Something became of it, but you may not read the ledger: ask an administrator for a grant of millpond.deliveries.'
    return { verdict: 'ledger-hidden', sentence }
  }
  const keepsFiles = destinationTypeOf(destination.type).slices !== undefined
  const sentence = keepsFiles ? 'It waits for its file, which leaves soon after the hour.' : 'It is on its way.'
  return { verdict: 'on-its-way', sentence }
}
