// Work on the warehouse beside loading it, one piece at a time: retype, erase, rebuild, and what is due at night. Loading
// pauses for each, collecting and queries go on.
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { RebuildProgress, RebuildRequest } from '../rebuild/rebuild.ts'
import { type Erased, type EraseInput, erasePerson } from './erase.ts'
import { retypeColumn, type RetypeInput, type RetypeOutcome } from './retype.ts'

export interface Maintenance {
  /** Errors: retype-refused, column-unknown, maintenance-running. */
  retype(input: RetypeInput): Promise<RetypeOutcome>
  /** Errors: request-invalid, maintenance-running. */
  erase(input: EraseInput): Promise<Erased>
  /** Breaking off gives up. Errors: rebuild-differs, maintenance-running (thrown by the first step). */
  rebuild(request: RebuildRequest): AsyncIterable<RebuildProgress>
  /** Runs work of the same kind that is made elsewhere. Error: maintenance-running. */
  alone<Result>(what: string, work: () => Promise<Result>): Promise<Result>
}

export interface MaintenanceDeps {
  readonly driver: WarehouseDriver
  /** Between two loads. */
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>
  readonly rebuild: (request: RebuildRequest) => AsyncIterable<RebuildProgress>
  readonly clock: Clock
}

const retryAfterSeconds = 30

export function createMaintenance({ driver, exclusively, rebuild, clock }: MaintenanceDeps): Maintenance {
  let running: string | undefined

  function begin(what: string): void {
    if (running !== undefined) {
      const message = `${running} is running; try again when it is done`
      throw new MillpondError('maintenance-running', message, { retryAfterSeconds })
    }
    running = what
  }

  async function alone<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    begin(what)
    try {
      return await work()
    } finally {
      running = undefined
    }
  }

  return {
    alone,
    retype: async (input) => alone('A retype', async () => exclusively(async () => retypeColumn(driver, clock, input))),
    erase: async (input) => alone('An erasure', async () => exclusively(async () => erasePerson(driver, clock, input))),
    async *rebuild(request) {
      begin('A rebuild')
      try {
        yield* rebuild(request)
      } finally {
        running = undefined
      }
    },
  }
}
