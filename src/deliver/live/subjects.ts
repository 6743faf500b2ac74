// Whom the events of a load are about: ids of users, browsers and devices, all of them, where the live feed shows a few events. Who
// watches one person asks only when that person is among them.
import type { Subjects } from './live-event.ts'

export interface LoadSubjects {
  /** `user:u1`, `anonymous:9f2c…`, `device:cam-1`. */
  readonly ids: ReadonlySet<string>
  /** There were more than anybody keeps. */
  readonly isCut: boolean
}

/** A load of a second's flood has fewer; each is compared with every page that is open. */
const idsMax = 20_000

export class SubjectCollector {
  #ids = new Set<string>()
  #isCut = false

  add({ userId, anonymousId, deviceId }: Subjects): void {
    if (this.#ids.size >= idsMax) {
      this.#isCut = true
      return
    }
    if (userId !== null) this.#ids.add(`user:${userId}`)
    if (anonymousId !== null) this.#ids.add(`anonymous:${anonymousId}`)
    if (deviceId !== null) this.#ids.add(`device:${deviceId}`)
  }

  take(): LoadSubjects {
    const taken = { ids: this.#ids, isCut: this.#isCut }
    this.#ids = new Set()
    this.#isCut = false
    return taken
  }
}
