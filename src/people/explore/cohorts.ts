// Saved cohorts as their callers use them: who may see and change one, and what it is made of.
import type { CohortStore } from '../../control/cohort-store.ts'
import type { CohortPlace, StoredCohort } from '../../control/cohorts.ts'
import type { Principal } from '../../control/principals.ts'
import type { SavedQuery } from '../../control/saved-queries.ts'
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { cohortsIn, depthMax } from './cohort-parts.ts'
import { daysOf } from './days.ts'
import type { CohortDefinition, ExploreSpec } from './spec.ts'

export type Cohort = StoredCohort<CohortDefinition>

export interface CohortsDeps {
  readonly store: CohortStore
  /** Error: not-found, also of queries that somebody may not see. */
  readonly queryOf: (id: string, by: Principal) => SavedQuery
  readonly clock: Clock
}

/** Errors of all: not-found, also of those that somebody may not see; of changes: not-allowed, request-invalid, cohort-exists. */
export class Cohorts {
  readonly #deps: CohortsDeps

  constructor(deps: CohortsDeps) {
    this.#deps = deps
  }

  list(by: Principal): Cohort[] {
    return this.#all().filter((cohort) => isSeen(cohort, by))
  }

  /** By id or name. */
  get(id: string, by: Principal): Cohort {
    const found = this.#deps.store.get(id) as Cohort
    if (isSeen(found, by)) return found
    throw new MillpondError('not-found', `There is no cohort "${id.slice(0, 200)}"`)
  }

  /** What a definition is made of, as somebody may see it. Error: not-found. */
  queryOf(id: string, by: Principal): SavedQuery {
    return this.#deps.queryOf(id, by)
  }

  add(place: CohortPlace, definition: CohortDefinition, by: Principal): Cohort {
    const kept = this.#checked(undefined, place, definition, by)
    return this.#deps.store.add(place, kept, by.id) as Cohort
  }

  /** Error: cohort-used, too, for one of which cohorts for everybody are made. */
  save(id: string, place: CohortPlace, definition: CohortDefinition, by: Principal): Cohort {
    const old = this.own(id, by)
    const kept = this.#checked(old, place, definition, by)
    const shared = this.#usersOf(old).filter(({ audience }) => audience === 'everybody')
    if (place.audience === 'owner' && shared.length > 0) throw usedBy(old, shared, by)
    return this.#deps.store.save(old.id, place, kept) as Cohort
  }

  /** Error: cohort-used. */
  remove(id: string, by: Principal): void {
    const own = this.own(id, by)
    const users = this.#usersOf(own)
    if (users.length > 0) throw usedBy(own, users, by)
    this.#deps.store.remove(own.id)
  }

  /** Cohorts that it is a part of, as far as somebody may see them. */
  usersOf(cohort: Cohort, by: Principal): Cohort[] {
    return this.#usersOf(cohort).filter((one) => isSeen(one, by))
  }

  /** Whether somebody may read the list of ids, and change anything. */
  isOwn({ owner }: Cohort, by: Principal): boolean {
    return owner === by.id || by.role === 'admin'
  }

  #usersOf({ id }: Cohort): Cohort[] {
    return this.#all().filter(({ definition }) => this.#madeOf(definition).includes(id))
  }

  #all(): Cohort[] {
    return this.#deps.store.list() as Cohort[]
  }

  /** One that somebody may change. */
  own(id: string, by: Principal): Cohort {
    const found = this.get(id, by)
    if (this.isOwn(found, by)) return found
    throw new MillpondError('not-allowed', `"${found.name}" is somebody else's: save a cohort of your own`)
  }

  /** Ids of cohorts; whose names were given up since, under what they were called. */
  #madeOf(definition: CohortDefinition): string[] {
    if (definition.kind !== 'question') return []
    const all = this.#all()
    return cohortsIn(definition.spec).map(
      (name) => (all.find(({ id }) => id === name) ?? all.find((one) => one.name === name))?.id ?? name,
    )
  }

  /** As it is kept: what it is made of is named by ids, which nobody can take over. */
  #checked(
    old: Cohort | undefined,
    { audience, name }: CohortPlace,
    definition: CohortDefinition,
    by: Principal,
  ): CohortDefinition {
    const isShared = audience === 'everybody'
    if (definition.kind === 'query') {
      const query = this.#deps.queryOf(definition.query, by)
      if (isShared && query.audience === 'owner') throw hiddenPart(name, query.name)
      return { kind: 'query', query: query.id }
    }
    if (definition.kind === 'ids') return { kind: 'ids', ids: [...new Set(definition.ids)] }
    const idOf = (part: string): string => {
      const found = this.get(part, by)
      if (isShared && found.audience === 'owner') throw hiddenPart(name, found.name)
      return found.id
    }
    const kept = { ...definition, spec: withIds(this.#pinned(definition), idOf) }
    this.#refuseCircle(old?.id, kept, by)
    return kept
  }

  /** A number of one day or week stays that day's, though the question goes on with today. */
  #pinned({ spec, cell }: Extract<CohortDefinition, { kind: 'question' }>): ExploreSpec {
    const isOfOneDay = cell.of === 'retention' || (cell.of === 'trend' && cell.bucket !== null)
    if (!isOfOneDay || !('days' in spec.range)) return spec
    const { from, to } = daysOf(spec.range, spec.zone, this.#deps.clock.nowMicros())
    return { ...spec, range: { from, to } }
  }

  #refuseCircle(own: string | undefined, definition: CohortDefinition, by: Principal): void {
    const look = (parts: readonly string[], depth: number): void => {
      for (const part of parts) {
        if (part === own) throw new MillpondError('request-invalid', 'A cohort can’t be made of itself')
        if (depth === depthMax) {
          throw new MillpondError('request-invalid', `Cohorts are made of cohorts ${depthMax} deep at most`)
        }
        look(this.#madeOf(this.get(part, by).definition), depth + 1)
      }
    }
    look(this.#madeOf(definition), 1)
  }
}

function withIds(spec: ExploreSpec, idOf: (cohort: string) => string): ExploreSpec {
  const cohorts = spec.cohorts?.map((one) => ({ ...one, cohort: idOf(one.cohort) }))
  const named = cohorts === undefined ? spec : { ...spec, cohorts }
  if (!('breakdown' in named) || named.breakdown === undefined || !('cohort' in named.breakdown)) return named
  return { ...named, breakdown: { cohort: idOf(named.breakdown.cohort) } }
}

function usedBy({ name }: Cohort, users: readonly Cohort[], by: Principal): MillpondError {
  const names = users.map((one) => (isSeen(one, by) ? `"${one.name}"` : 'one that only others see'))
  return new MillpondError('cohort-used', `"${name}" is a part of other cohorts: ${names.join(', ')}`)
}

function hiddenPart(name: string, part: string): MillpondError {
  return new MillpondError('request-invalid', `"${name}" is for everybody, and "${part}", of which it is made, is not`)
}

function isSeen({ audience, owner }: Cohort, by: Principal): boolean {
  return audience === 'everybody' || owner === by.id || by.role === 'admin'
}
