// People: who somebody is, and everything that is known to have happened to them, for whoever may read it.
//
//   address ─▶ ids that belong together ─▶ profile · timeline · histogram · details · live      notes, receipts (control)
//
// Nothing is kept here. All of it is asked when somebody looks, as jobs of theirs, so it is as true as the warehouse, and shows to
// each what their grants, masks and row filters leave.
import type { Note, PeopleStore, Receipt } from '../control/people-store.ts'
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { QueryRoad, VisibleTable } from '../query/contract.ts'
import { ask, type Caller, type Row } from './ask.ts'
import { type Component, componentOf, type Link, type Links } from './component.ts'
import { type GivenOut, giveOut } from './give-out.ts'
import { idsNamed, idText, namesOf, type PersonId } from './ids.ts'
import { linksOf, rowsNaming } from './links.ts'
import type { Arrived } from './live.ts'
import { boundValues, idValues, lineSql, unionOf } from './person-sql.ts'
import { countsOf, type Device, devicesOf, type SourceCount, traitsOf } from './profile.ts'
import { type Found, searchedTables, searchPeople } from './search.ts'
import { type PersonTable, personTables, wholeTables } from './sources.ts'
import {
  type Bucket,
  detailsOf,
  histogramOf,
  type Page,
  pageOf,
  parseRef,
  placedRow,
  warehouseSources,
} from './timeline.ts'

export interface PeopleDeps {
  readonly road: QueryRoad
  readonly store: PeopleStore
  /** Datasets that sources feed. */
  readonly sources: () => readonly string[]
  readonly clock: Clock
}

/** Somebody, as one caller sees them now. */
export interface Person {
  /** The id that was asked for, with its kind. */
  readonly id: string
  readonly ids: readonly PersonId[]
  /** More ids belong to them than are looked at. */
  readonly isCut: boolean
  readonly caller: Caller
  readonly tables: readonly PersonTable[]
  readonly users: readonly VisibleTable[]
  /** All that the caller may read. */
  readonly visible: readonly VisibleTable[]
}

export interface Profile {
  readonly id: string
  readonly ids: readonly PersonId[]
  readonly isCut: boolean
  readonly traits: Readonly<Record<string, unknown>>
  readonly devices: readonly Device[]
  readonly firstSeen: string | null
  readonly lastSeen: string | null
  readonly sources: readonly SourceCount[]
}

export interface TimelineOptions {
  /** A ref: `next` of the page before. */
  readonly before?: string | undefined
  readonly limit: number
  readonly sources?: readonly string[] | undefined
  readonly fromMicros?: number | undefined
  readonly toMicros?: number | undefined
}

export interface Window {
  readonly fromMicros: number
  readonly toMicros: number
  readonly buckets: number
}

/** A family with phones, tablets and cameras has thirty; a shared computer has thousands, and would be a page of strangers. */
export const idsMax = 100
/** Mostly two: the ids beside the first, and nobody else. */
const roundsMax = 20
/** Rows that a live page is told at once. */
const arrivedMax = 200

export class People {
  readonly #deps: PeopleDeps

  constructor(deps: PeopleDeps) {
    this.#deps = deps
  }

  async search(caller: Caller, text: string, limit: number): Promise<readonly Found[]> {
    const { tables, users } = await this.#seen(caller)
    return searchPeople(this.#deps.road, caller, searchedTables(users, tables), { text, limit })
  }

  /** Error: not-found, also for ids that only others may see. */
  async find(caller: Caller, address: string): Promise<Person> {
    const { tables, users, visible } = await this.#seen(caller)
    const { start, component } = await this.#component(caller, tables, idsNamed(address))
    const { ids, isCut } = component
    return { id: idText(start), ids, isCut, caller, tables, users, visible }
  }

  /** As find, and writes down that the caller looks. */
  async open(caller: Caller, address: string, reason = ''): Promise<Person> {
    const person = await this.find(caller, address)
    this.#deps.store.look(caller.principal, person.id, reason)
    return person
  }

  async profile(person: Person): Promise<Profile> {
    const { road } = this.#deps
    const { id, ids, isCut, caller, tables, users } = person
    const [traits, devices, sources] = await Promise.all([
      traitsOf(road, caller, { users, tables }, ids),
      devicesOf(road, caller, tables, ids),
      countsOf(road, caller, tables, ids),
    ])
    const first = sources.map(({ firstSeen }) => firstSeen).sort()
    const last = sources.map(({ lastSeen }) => lastSeen).sort()
    return { id, ids, isCut, traits, devices, firstSeen: first[0] ?? null, lastSeen: last.at(-1) ?? null, sources }
  }

  async timeline({ caller, ids, tables }: Person, { sources, before, ...options }: TimelineOptions): Promise<Page> {
    const wanted = sources === undefined ? tables : tables.filter(({ source }) => sources.includes(source))
    return pageOf(warehouseSources(this.#deps.road, caller, wanted), ids, {
      ...options,
      before: before === undefined ? undefined : parseRef(before),
      nowMicros: this.#deps.clock.nowMicros(),
    })
  }

  async histogram({ caller, ids, tables }: Person, window: Window): Promise<readonly Bucket[]> {
    return histogramOf(this.#deps.road, caller, tables, ids, window)
  }

  /** Errors: not-found, request-invalid. */
  async details({ caller, ids, tables }: Person, ref: string): Promise<readonly Row[]> {
    return detailsOf(this.#deps.road, caller, tables, ids, parseRef(ref))
  }

  /** Rows that were loaded later, by one statement: a load is seen in all tables or in none. */
  async arrived({ caller, ids }: Person, loadedAfterMicros: number): Promise<Arrived> {
    // What came may be the first of its table.
    const { tables } = await this.#seen(caller)
    const values = idValues(ids)
    const bounds = { loadedAfterMicros }
    const union = unionOf(tables, values, bounds, lineSql)
    if (union === undefined) return { rows: [], left: 0, loadedMicros: 0, receivedMicros: 0 }
    const { road } = this.#deps
    const all = { ...values, ...boundValues(bounds) }
    // Not counted by a window beside the rows: with many pages open the engine now and then broke on that, and with it the warehouse.
    const sql = `SELECT * EXCEPT (timestamp, received_at, loaded_at), UNIX_MICROS(timestamp) AS micros,
      UNIX_MICROS(received_at) AS received, UNIX_MICROS(loaded_at) AS loaded
      FROM (${union}) ORDER BY loaded_at DESC, timestamp DESC, place LIMIT ${arrivedMax}`
    const found = await ask(road, caller, sql, all)
    const isCut = found.length === arrivedMax
    const [counted] = isCut ? await ask(road, caller, `SELECT COUNT(*) AS total FROM (${union})`, all) : []
    return {
      rows: found.map((row) => placedRow(row).row),
      left: Math.max(0, Number(counted?.['total'] ?? found.length) - found.length),
      loadedMicros: Number(found[0]?.['loaded'] ?? 0),
      receivedMicros: Math.max(...found.map(({ received }) => Number(received))),
    }
  }

  /** Everything, line by line. What becomes known while it runs may be missing. */
  giveOut(person: Person): AsyncIterable<GivenOut> {
    const sources = new Set(this.#deps.sources())
    const tables = wholeTables(person.visible, (dataset) => sources.has(dataset))
    return giveOut(this.#deps.road, { ...person, tables, notes: this.notes(person), receipts: this.receipts(person) })
  }

  notes(person: Person): readonly Note[] {
    return this.#deps.store.notes(namesOf(person.ids))
  }

  addNote(person: Person, text: string): Note {
    return this.#deps.store.addNote(person.caller.principal, person.id, text)
  }

  removeNote(person: Person, note: string): void {
    this.#deps.store.removeNote(note, namesOf(person.ids), person.caller.principal)
  }

  receipts(person: Person): readonly Receipt[] {
    return this.#deps.store.receipts(namesOf(person.ids))
  }

  async #seen({ principal }: Caller): Promise<Pick<Person, 'tables' | 'users' | 'visible'>> {
    const visible = await this.#deps.road.visibleTables(principal)
    const sources = new Set(this.#deps.sources())
    const users = visible.filter(({ dataset, table }) => table === 'users' && sources.has(dataset))
    return { tables: personTables(visible, (dataset) => sources.has(dataset)), users, visible }
  }

  /** An address without a kind may be an id of any; what is linked to somebody goes before what only has rows. */
  async #component(
    caller: Caller,
    tables: readonly PersonTable[],
    candidates: readonly PersonId[],
  ): Promise<{ start: PersonId; component: Component }> {
    const { road } = this.#deps
    const linked = await linksOf(road, caller, tables, candidates)
    const named = new Set(linked.links.flat().map(idText))
    const start = candidates.find((one) => named.has(idText(one)))
    const found = start === undefined ? await this.#inRows(caller, tables, candidates) : { start, links: linked }
    if (found === undefined)
      throw new MillpondError('not-found', 'Nobody with this id was seen, or you may not see them')
    // Links of the other candidates are of others, and reach nobody here.
    const isOfStart = (link: Link): boolean => link.some((id) => idText(id) === idText(found.start))
    let first: Links | undefined = { ...found.links, links: found.links.links.filter(isOfStart) }
    const nextLinks = async (ids: readonly PersonId[]): Promise<Links> => {
      const known = first
      first = undefined
      return known ?? linksOf(road, caller, tables, ids)
    }
    return { start: found.start, component: await componentOf([found.start], nextLinks, { idsMax, roundsMax }) }
  }

  async #inRows(
    caller: Caller,
    tables: readonly PersonTable[],
    candidates: readonly PersonId[],
  ): Promise<{ start: PersonId; links: Links } | undefined> {
    for (const start of candidates) {
      const { links, isCut } = await rowsNaming(this.#deps.road, caller, tables, start)
      if (links.length === 0) continue
      // Rows that name a user are that user's, so there the others are found; a user's own need nobody else.
      return { start, links: { links: start.kind === 'user' ? [] : links, isCut } }
    }
    return undefined
  }
}
