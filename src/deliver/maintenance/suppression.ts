// Who was erased: what such a person said up to then is left out when it is judged again. Names are kept as hashes only.
import { createHash } from 'node:crypto'

import type { RowTableSpec } from '../../warehouse/row-tables.ts'
import { columnText } from '../rows/column-text.ts'
import { idText } from '../screen/message-id.ts'

/** A row of millpond.erasures, as a worker needs it. */
export interface ErasedPerson {
  /** Null: in every dataset. */
  readonly dataset: string | null
  /** personHash of an id. */
  readonly person: string
  readonly receivedUntilMicros: number
}

/** What an event says of whom it is about. */
export interface NamedEvent {
  readonly type: unknown
  readonly event: Readonly<Record<string, unknown>>
  readonly userId: string
  readonly anonymousId: string
}

export function personHash(kind: 'user' | 'anonymous', id: string): string {
  return createHash('sha256').update(`${kind}:${id}`).digest('hex')
}

export class Suppression {
  readonly #byPerson = new Map<string, ErasedPerson[]>()

  constructor(erased: readonly ErasedPerson[]) {
    for (const one of erased) this.#byPerson.set(one.person, [...(this.#byPerson.get(one.person) ?? []), one])
  }

  /** Nobody was ever erased. */
  get isEmpty(): boolean {
    return this.#byPerson.size === 0
  }

  /** True: a row of this person must not be written. */
  hides(dataset: string, userId: string, anonymousId: string, receivedAtMicros: number): boolean {
    // Hashing an id costs as much as half an event: nobody pays before the first erasure.
    if (this.#byPerson.size === 0) return false
    return (
      (userId !== '' && this.#isErased(personHash('user', userId), dataset, receivedAtMicros)) ||
      (anonymousId !== '' && this.#isErased(personHash('anonymous', anonymousId), dataset, receivedAtMicros))
    )
  }

  /** As `hides`, of an event that is kept: an alias is about whom it was before, too, by either kind of id. */
  hidesEvent(dataset: string, { type, event, userId, anonymousId }: NamedEvent, receivedAtMicros: number): boolean {
    if (this.#byPerson.size === 0) return false
    const previousId = type === 'alias' ? idText(event['previousId']) : ''
    return (
      this.hides(dataset, userId, anonymousId, receivedAtMicros) ||
      this.hides(dataset, previousId, previousId, receivedAtMicros)
    )
  }

  /** As `hides`, of a row of a fixed table. What was passed on of an event is its source's. */
  hidesRow(table: RowTableSpec, row: Readonly<Record<string, unknown>>, receivedAtMicros: number): boolean {
    if (this.#byPerson.size === 0) return false
    const dataset = table.name === 'millpond.deliveries' ? columnText(table, 'event_source', row) : table.table.dataset
    const userId = columnText(table, 'user_id', row)
    return this.hides(dataset, userId, columnText(table, 'anonymous_id', row), receivedAtMicros)
  }

  #isErased(person: string, dataset: string, receivedAtMicros: number): boolean {
    const erased = this.#byPerson.get(person) ?? []
    return erased.some((one) => (one.dataset ?? dataset) === dataset && receivedAtMicros <= one.receivedUntilMicros)
  }
}
