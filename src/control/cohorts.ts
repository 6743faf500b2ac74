// Saved cohorts: people under a name. What a definition means is read by people/explore; here it is a JSON object. Types alone, so
// that the browser shares them.

/** Who finds and uses it: whoever is signed in, or its owner and administrators. */
export type CohortAudience = 'everybody' | 'owner'

export interface CohortPlace {
  readonly name: string
  readonly description: string
  readonly audience: CohortAudience
}

export interface StoredCohort<Definition> extends CohortPlace {
  readonly id: string
  /** Id of a principal. */
  readonly owner: string
  readonly definition: Definition
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}
