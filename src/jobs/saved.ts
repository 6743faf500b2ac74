// Saved queries as their callers use them: who may change what, and how one is run by its parameters.
import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Control } from '../control/control.ts'
import type { Principal } from '../control/principals.ts'
import type { ParameterSetting, QueryContent, QueryPlace, QueryVersion, SavedQuery } from '../control/saved-queries.ts'
import type { Port, QueryRequest } from '../query/contract.ts'
import { checkDefinitions, queryParameters, resolveParameters } from './parameters.ts'
import { isZone } from '../core/zone.ts'

export interface SavedQueriesDeps {
  readonly control: Pick<Control, 'queries' | 'principalById'>
  readonly clock: Clock
}

/** Errors of all: not-found, also of those that somebody may not see; of changes: not-allowed, request-invalid, query-exists. */
export class SavedQueries {
  readonly #deps: SavedQueriesDeps

  constructor(deps: SavedQueriesDeps) {
    this.#deps = deps
  }

  list(by: Principal): SavedQuery[] {
    return this.#deps.control.queries.list().filter((query) => isSeen(query, by))
  }

  get(id: string, by: Principal): SavedQuery {
    const found = this.#deps.control.queries.get(id)
    if (isSeen(found, by)) return found
    throw new MillpondError('not-found', `There is no saved query "${id.slice(0, 200)}"`)
  }

  /** Newest first. */
  versions(id: string, by: Principal): QueryVersion[] {
    return this.#deps.control.queries.versions(this.get(id, by).id)
  }

  version(id: string, version: number, by: Principal): QueryVersion {
    return this.#deps.control.queries.version(this.get(id, by).id, version)
  }

  add(place: QueryPlace, content: QueryContent, by: Principal): SavedQuery {
    this.#check(content)
    return this.#deps.control.queries.add(place, content, by.id)
  }

  save(id: string, place: QueryPlace, content: QueryContent, by: Principal): SavedQuery {
    this.#owned(id, by)
    this.#check(content)
    return this.#deps.control.queries.save(id, place, content, by.id)
  }

  remove(id: string, by: Principal): void {
    this.#owned(id, by)
    this.#deps.control.queries.remove(id)
  }

  /** Somebody else has read it. Administrators may verify what they wrote themselves. */
  verify(id: string, version: number, by: Principal): QueryVersion {
    const { savedBy } = this.version(id, version, by)
    if (savedBy === by.id && by.role !== 'admin')
      throw new MillpondError('not-allowed', 'Somebody else than who wrote it verifies a query, or an administrator')
    return this.#deps.control.queries.verify(id, version, by.id)
  }

  /** What to ask of the query road. `version` undefined: the latest. */
  request(
    id: string,
    { version, parameters }: { version?: number | undefined; parameters: Readonly<Record<string, ParameterSetting>> },
    { principal, port }: { principal: Principal; port: Port },
  ): QueryRequest {
    const query = this.get(id, principal)
    const content = version === undefined ? query.latest : this.version(id, version, principal)
    const moment = { ms: this.#deps.clock.nowMicros() / 1000, zone: content.zone }
    const values = resolveParameters(content.parameters, parameters, moment)
    const hasRead = content.savedBy === principal.id || content.verifiers.includes(principal.id)
    return {
      sql: content.sql,
      dialect: content.dialect,
      parameters: queryParameters(content.parameters, values),
      principal,
      port,
      onlyReads: !hasRead,
      labels: { saved_query: query.id, saved_version: String(content.version) },
    }
  }

  /** Of a schedule: the latest that its owner, or an administrator, has verified, so that nobody puts SQL under others' rights. */
  verifiedFor(id: string, owner: Principal): QueryVersion {
    const counts = (by: string): boolean => by === owner.id || this.#deps.control.principalById(by)?.role === 'admin'
    const found = this.versions(id, owner).find(({ verifiers }) => verifiers.some(counts))
    if (found !== undefined) return found
    const message = `No version of "${this.get(id, owner).name}" was verified by an administrator or the schedule's owner: verify one, or name a version`
    throw new MillpondError('schedule-invalid', message)
  }

  #owned(id: string, by: Principal): void {
    const { owner, name } = this.get(id, by)
    if (owner !== by.id && by.role !== 'admin')
      throw new MillpondError('not-allowed', `"${name}" is somebody else's: save a copy under another name`)
  }

  #check({ parameters, zone }: QueryContent): void {
    if (!isZone(zone))
      throw new MillpondError('request-invalid', `"${zone.slice(0, 80)}" is no time zone: Asia/Taipei, UTC`)
    checkDefinitions(parameters, zone)
  }
}

function isSeen({ audience, owner }: SavedQuery, by: Principal): boolean {
  return audience === 'everybody' || owner === by.id || by.role === 'admin'
}
