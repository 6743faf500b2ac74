// Notes on people, and receipts: who looked at whom, when and why. Whoever calls has checked that the caller sees the person.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Principal } from './principals.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface Note {
  readonly id: string
  /** The id under which the person was looked at, as `kind:id`. */
  readonly person: string
  /** Handle of whoever wrote it. */
  readonly author: string
  readonly text: string
  readonly createdAtMicros: number
}

export interface Receipt {
  readonly person: string
  /** Handle of whoever looked. */
  readonly viewer: string
  /** '' = none was given. */
  readonly reason: string
  readonly firstAtMicros: number
  readonly lastAtMicros: number
}

export interface PeopleStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
}

const listedMax = 1000
/** Looks of one viewer at one person for one reason are one receipt while no pause is longer than this … */
const pauseMicrosMax = 30 * 60 * 1_000_000
/** … and its end is written this often: a page that is open asks all the time, and each write is an fsync. */
const lastLookStepMicros = 60 * 1_000_000

export class PeopleStore {
  readonly #deps: PeopleStoreDeps

  constructor(deps: PeopleStoreDeps) {
    this.#deps = deps
  }

  /** Newest first, at most 1,000. `persons`: all ids of one person. */
  notes(persons: readonly string[]): Note[] {
    const rows = this.#deps.database
      .prepare(
        `SELECT n.id, n.person, p.handle AS author, n.text, n.created_at AS createdAtMicros
         FROM notes n JOIN principals p ON p.id = n.author
         WHERE n.person IN (SELECT value FROM json_each(?)) ORDER BY n.created_at DESC, n.id LIMIT ${listedMax}`,
      )
      .all(JSON.stringify(persons))
    return rows as unknown as Note[]
  }

  addNote(author: Principal, person: string, text: string): Note {
    const { database, clock, random } = this.#deps
    const note = {
      id: randomBase62(random, 12),
      person,
      author: author.handle,
      text,
      createdAtMicros: clock.nowMicros(),
    }
    database
      .prepare('INSERT INTO notes (id, person, author, text, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(note.id, person, author.id, text, note.createdAtMicros)
    return note
  }

  /** Errors: not-found (also of notes on somebody else), not-allowed. */
  removeNote(id: string, persons: readonly string[], by: Principal): void {
    const { database } = this.#deps
    const found = database
      .prepare('SELECT author FROM notes WHERE id = ? AND person IN (SELECT value FROM json_each(?))')
      .get(id, JSON.stringify(persons))
    if (found === undefined) throw new MillpondError('not-found', 'There is no such note')
    if (found['author'] !== by.id && by.role !== 'admin') {
      throw new MillpondError('not-allowed', 'Only who wrote a note, or an administrator, may delete it.')
    }
    database.prepare('DELETE FROM notes WHERE id = ?').run(id)
  }

  /** Before anything is shown: what can't be written down isn't shown. */
  look(viewer: Principal, person: string, reason: string): void {
    const { database, clock } = this.#deps
    const nowMicros = clock.nowMicros()
    const last = database
      .prepare(
        `SELECT first_at, last_at FROM receipts WHERE person = ? AND viewer = ? AND reason = ?
         ORDER BY first_at DESC LIMIT 1`,
      )
      .get(person, viewer.id, reason)
    const sinceMicros = nowMicros - Number(last?.['last_at'] ?? 0)
    if (last === undefined || sinceMicros > pauseMicrosMax) {
      database
        .prepare('INSERT INTO receipts (person, viewer, reason, first_at, last_at) VALUES (?, ?, ?, ?, ?)')
        .run(person, viewer.id, reason, nowMicros, nowMicros)
    } else if (sinceMicros >= lastLookStepMicros) {
      database
        .prepare('UPDATE receipts SET last_at = ? WHERE person = ? AND viewer = ? AND reason = ? AND first_at = ?')
        .run(nowMicros, person, viewer.id, reason, Number(last['first_at']))
    }
  }

  /** Newest first, at most 1,000. */
  receipts(persons: readonly string[]): Receipt[] {
    const rows = this.#deps.database
      .prepare(
        `SELECT r.person, p.handle AS viewer, r.reason, r.first_at AS firstAtMicros, r.last_at AS lastAtMicros
         FROM receipts r JOIN principals p ON p.id = r.viewer
         WHERE r.person IN (SELECT value FROM json_each(?)) ORDER BY r.last_at DESC, p.handle, r.reason, r.first_at LIMIT ${listedMax}`,
      )
      .all(JSON.stringify(persons))
    return rows as unknown as Receipt[]
  }

  /** Whom somebody looked at, newest first, at most 20. */
  lookedAtBy(viewer: Principal): Pick<Receipt, 'person' | 'lastAtMicros'>[] {
    const rows = this.#deps.database
      .prepare(
        `SELECT person, MAX(last_at) AS lastAtMicros FROM receipts WHERE viewer = ?
         GROUP BY person ORDER BY lastAtMicros DESC, person LIMIT 20`,
      )
      .all(viewer.id)
    return rows as unknown as Pick<Receipt, 'person' | 'lastAtMicros'>[]
  }

  /** Notes and receipts of somebody who was erased. */
  forget(persons: readonly string[]): void {
    for (const table of ['notes', 'receipts']) {
      this.#deps.database
        .prepare(`DELETE FROM ${table} WHERE person IN (SELECT value FROM json_each(?))`)
        .run(JSON.stringify(persons))
    }
  }
}
