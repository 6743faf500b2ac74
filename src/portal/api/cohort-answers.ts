// What the API is asked and answers about cohorts, as types alone (see answers.ts).
import type { CohortPlace } from '../../control/cohorts.ts'
import type { CohortDefinition } from '../../people/explore/spec.ts'

export type { CohortAudience, CohortPlace } from '../../control/cohorts.ts'

export interface CohortAsked extends CohortPlace {
  readonly definition: CohortDefinition
}

export interface CohortListed extends CohortPlace {
  readonly id: string
  readonly kind: CohortDefinition['kind']
  /** Handle. */
  readonly owner: string | undefined
  readonly changedAt: string
}

export interface CohortAnswer extends CohortListed {
  readonly createdAt: string
  /** `ids` are empty for whoever may not change it. */
  readonly definition: CohortDefinition
  /** Of a list. */
  readonly idCount: number | undefined
  /** `folder/name` of the saved query, if whoever asks may see it. */
  readonly queryName: string | undefined
  /** Cohorts that this one is a part of. */
  readonly usedBy: readonly { readonly id: string; readonly name: string }[]
  /** Cohorts that its question names. */
  readonly uses: readonly { readonly id: string; readonly name: string }[]
  /** By whoever asks. */
  readonly isMine: boolean
}
