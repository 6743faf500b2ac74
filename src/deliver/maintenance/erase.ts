// `millpond erase`: the rows of one person go, and what that person said up to now stays away when the archive is read
// again. From the archive the bytes go at night: erase-archived.ts.
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import { loadDecisions } from './decisions.ts'
import { personHash } from './suppression.ts'

export interface EraseInput {
  readonly userId?: string | undefined
  readonly anonymousId?: string | undefined
  /** Undefined: in every dataset. */
  readonly dataset?: string | undefined
}

export interface Erased {
  /** That went. */
  readonly rows: number
  /** personHash of each id. */
  readonly persons: readonly string[]
  /** What the person said up to here is erased. */
  readonly receivedUntilMicros: number
}

/** Between loads. Error: request-invalid. */
export async function erasePerson(driver: WarehouseDriver, clock: Clock, input: EraseInput): Promise<Erased> {
  const { userId, anonymousId, dataset } = input
  const persons = [
    ...(userId === undefined ? [] : [personHash('user', userId)]),
    ...(anonymousId === undefined ? [] : [personHash('anonymous', anonymousId)]),
  ]
  if (persons.length === 0) throw new MillpondError('request-invalid', 'Say who: a user id, an anonymous id, or both')
  const receivedUntilMicros = clock.nowMicros()
  const rows = await driver.maintenance.erase({ dataset, userId, anonymousId, receivedUntilMicros })
  await loadDecisions(driver, (system) => {
    for (const person of persons)
      system.addErasure({ dataset: dataset ?? null, person, receivedUntilMicros, rows }, receivedUntilMicros)
  })
  return { rows, persons, receivedUntilMicros }
}
