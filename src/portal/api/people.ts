// One person at a time: found by anything, their page, timeline and live feed, notes on them, and who looked. Asked in the caller's
// name; what shows a person leaves a receipt, with `?reason=` if one is given.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import type { Note, Receipt } from '../../control/people-store.ts'
import { MillpondError } from '../../core/errors.ts'
import { isoOf } from '../../people/ask.ts'
import type { Caller } from '../../people/ask.ts'
import { idText } from '../../people/ids.ts'
import { watchPerson } from '../../people/live.ts'
import { People, type Person } from '../../people/people.ts'
import type {
  FoundPersonAnswer,
  HistogramAnswer,
  LookedAtAnswer,
  NoteAnswer,
  PersonAnswer,
  ReceiptAnswer,
  TimelineAnswer,
} from './answers.ts'
import type { ApiDeps } from './api.ts'
import { parseInput } from './body.ts'
import { type EventStream, openEventStream, principalNow } from './event-stream.ts'
import { sendLines } from './lines.ts'
import { eventStream, lines, says } from './says.ts'

const idLengthMax = 1000
const dayMicros = 24 * 3_600_000_000
/** A load that had begun when the page was opened, and wasn't to be seen yet, ends within it. */
const liveOverlapMicros = 30 * 1_000_000

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text) * 1000)
const address = z.object({ id: z.string().min(1).max(idLengthMax) })
const looking = z.object({ reason: z.string().trim().max(500).default('') })
const searchInput = z.object({
  search: z.string().trim().min(1).max(idLengthMax),
  limit: z.coerce.number().int().min(1).max(100).default(20),
})
const timelineInput = looking.extend({
  before: z.string().max(4000).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(100),
  /** Names of sources, with commas. */
  sources: z.string().max(10_000).optional(),
  from: time.optional(),
  to: time.optional(),
})
const histogramInput = looking.extend({
  from: time.optional(),
  to: time.optional(),
  buckets: z.coerce.number().int().min(1).max(500).default(48),
})
const rowAddress = address.extend({ ref: z.string().min(1).max(4000) })
const noteAddress = address.extend({ note: z.string().min(1).max(100) })
const noteInput = z.strictObject({ text: z.string().trim().min(1).max(10_000) })
const liveInput = looking.extend({
  after: z
    .string()
    .regex(/^\d{1,16}$/)
    .optional(),
})

/** How routes come to people and to the one that the address names. */
function waysTo(deps: ApiDeps) {
  // Per request: the deps are none of ours to look into before anybody asks.
  const people = (): People => {
    const { query, control, clock } = deps
    const sources = (): string[] => control.listSources().map(({ source }) => source)
    return new People({ road: query, store: control.people, sources, clock })
  }
  async function found(request: FastifyRequest, reply: FastifyReply): Promise<Person> {
    return people().find(callerOf(request, reply), parseInput(address, request.params).id)
  }
  async function opened(request: FastifyRequest, reply: FastifyReply): Promise<Person> {
    const { reason } = parseInput(looking, request.query)
    return people().open(callerOf(request, reply), parseInput(address, request.params).id, reason)
  }
  return { people, found, opened }
}

export function peopleRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { people, opened } = waysTo(deps)

  app.get(
    '/api/people',
    says('People found by e-mail, id or anything else', { query: searchInput }),
    async (request, reply): Promise<{ people: readonly FoundPersonAnswer[] }> => {
      const { search, limit } = parseInput(searchInput, request.query)
      const rows = await people().search(callerOf(request, reply), search, limit)
      return { people: rows.map(({ kind, id, ...rest }) => ({ id: idText({ kind, id }), ...rest })) }
    },
  )

  app.get(
    '/api/me/people',
    says('At whom the caller looked lately'),
    (request): { people: readonly LookedAtAnswer[] } => ({
      people: deps.control.people
        .lookedAtBy(request.principal)
        .map(({ person, lastAtMicros }) => ({ id: person, lastAt: isoOf(lastAtMicros) })),
    }),
  )

  app.get(
    '/api/people/:id',
    says('One person: traits, devices, ids', { params: address, query: looking }),
    async (request, reply): Promise<PersonAnswer> => {
      const { ids, ...profile } = await people().profile(await opened(request, reply))
      return { ...profile, ids: ids.map(idText) }
    },
  )

  app.get(
    '/api/people/:id/timeline',
    says('What one person did, newest first', { params: address, query: timelineInput }),
    async (request, reply): Promise<TimelineAnswer> => {
      const { sources, from, to, before, limit } = parseInput(timelineInput, request.query)
      const options = { before, limit, fromMicros: from, toMicros: to, sources: sources?.split(',') }
      return people().timeline(await opened(request, reply), options)
    },
  )

  app.get(
    '/api/people/:id/histogram',
    says('How much one person did over time', { params: address, query: histogramInput }),
    async (request, reply): Promise<HistogramAnswer> => {
      const { from, to = deps.clock.nowMicros(), buckets } = parseInput(histogramInput, request.query)
      const fromMicros = from ?? to - dayMicros
      if (fromMicros >= to) throw new MillpondError('request-invalid', '`from` must lie before `to`')
      const rows = await people().histogram(await opened(request, reply), { fromMicros, toMicros: to, buckets })
      return { from: isoOf(fromMicros), to: isoOf(to), buckets: rows }
    },
  )

  app.get(
    '/api/people/:id/rows/:ref',
    says('One entry of a timeline, whole', { params: rowAddress, query: looking }),
    async (request, reply) => {
      const { ref } = parseInput(rowAddress, request.params)
      return { rows: await people().details(await opened(request, reply), ref) }
    },
  )

  giveOutRoute(app, deps)
  liveAndNoteRoutes(app, deps)
}

function giveOutRoute(app: FastifyInstance, deps: ApiDeps): void {
  const { people } = waysTo(deps)
  app.get(
    '/api/people/:id/export',
    says('Everything that is kept of one person, one JSON object a line', {
      params: address,
      query: looking,
      media: lines,
    }),
    async (request, reply) => {
      const { reason } = parseInput(looking, request.query)
      const { id } = parseInput(address, request.params)
      // The receipt tells it from a look.
      const why = reason === '' ? 'given out' : `given out: ${reason}`
      const person = await people().open(callerOf(request, reply), id, why)
      reply.header('content-disposition', 'attachment; filename="person.ndjson"')
      return sendLines(reply, people().giveOut(person), deps.log)
    },
  )
}

function liveAndNoteRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const { people, found, opened } = waysTo(deps)

  app.get(
    '/api/people/:id/live',
    says('What one person does, as it happens: server-sent events', {
      params: address,
      query: liveInput,
      media: eventStream,
    }),
    async (request, reply) => {
      const { after = headerText(request.headers['last-event-id']) } = parseInput(liveInput, request.query)
      const person = await opened(request, reply)
      followPerson(deps, people(), { request, person, out: openEventStream(reply, deps.log), after })
    },
  )

  app.get(
    '/api/people/:id/notes',
    says('Notes on one person', { params: address, query: looking }),
    async (request, reply) => ({
      notes: people()
        .notes(await opened(request, reply))
        .map(shownNote),
    }),
  )
  app.post(
    '/api/people/:id/notes',
    says('Adds a note', { params: address, query: looking, body: noteInput, status: 201 }),
    async (request, reply) => {
      const { text } = parseInput(noteInput, request.body)
      return reply.code(201).send(shownNote(people().addNote(await opened(request, reply), text)))
    },
  )
  app.delete(
    '/api/people/:id/notes/:note',
    says('Removes a note', { params: noteAddress, status: 204 }),
    async (request, reply) => {
      const { note } = parseInput(noteAddress, request.params)
      people().removeNote(await found(request, reply), note)
      return reply.code(204).send()
    },
  )

  app.get(
    '/api/people/:id/receipts',
    says('Who looked at one person', { params: address }),
    async (request, reply) => ({
      receipts: people()
        .receipts(await found(request, reply))
        .map(shownReceipt),
    }),
  )
}

interface Following {
  readonly request: FastifyRequest
  readonly person: Person
  readonly out: EventStream
  /** What the browser had last; undefined: nothing yet. */
  readonly after: string | undefined
}

function followPerson({ live, clock, log, control }: ApiDeps, people: People, following: Following): void {
  const { request, out, after } = following
  let { person } = following
  const afterMicros = after === undefined ? clock.nowMicros() - liveOverlapMicros : Number(after)
  const caller = { ...person.caller }
  const stop = watchPerson(
    { feed: live, clock, log },
    {
      ids: () => person.ids,
      // Whoever has no mask to bear sees ids as they are in the load.
      isMasked: () => now().principal.role !== 'admin' && control.policies().masks.length > 0,
      // Grants and roles may change while the page is open: each question is asked by who they are then.
      arrived: async (loadedAfterMicros) => people.arrived({ ...person, caller: now() }, loadedAfterMicros),
      async refresh() {
        person = await people.find(now(), person.id)
      },
      rows: (rows, loadedMicros) => {
        out.send('rows', rows, String(loadedMicros))
      },
      status: (status) => {
        out.send('status', status)
      },
      isReady: () => !out.isSlow(),
      isOver() {
        if (out.isOpen() && principalNow(request, control) !== undefined) return false
        out.end()
        return true
      },
    },
    afterMicros,
  )
  function now(): Caller {
    return { ...caller, principal: principalNow(request, control) ?? request.principal }
  }
  out.onClose(stop)
}

export function callerOf({ principal }: FastifyRequest, reply: FastifyReply): Caller {
  const gone = new AbortController()
  reply.raw.once('close', () => {
    gone.abort()
  })
  return { principal, signal: gone.signal }
}

function headerText(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' && /^\d{1,16}$/.test(header) ? header : undefined
}

function shownNote({ createdAtMicros, ...note }: Note): NoteAnswer {
  return { ...note, createdAt: isoOf(createdAtMicros) }
}

function shownReceipt({ firstAtMicros, lastAtMicros, reason, ...receipt }: Receipt): ReceiptAnswer {
  return {
    ...receipt,
    reason: reason === '' ? null : reason,
    firstAt: isoOf(firstAtMicros),
    lastAt: isoOf(lastAtMicros),
  }
}
