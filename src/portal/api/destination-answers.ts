// What the API answers about destinations, as types alone (see answers.ts).
export interface SettingAnswer {
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
  readonly isSecret: boolean
  readonly choices?: readonly string[]
  readonly default?: string
  readonly example: string
}

export interface DestinationTypeShown {
  readonly type: string
  readonly title: string
  readonly description: string
  readonly settings: readonly SettingAnswer[]
  readonly repetitionNote: string
  readonly limits: { readonly ageHoursMax?: number; readonly lastVerified: string; readonly documentation: string }
}

export interface DestinationShown {
  readonly name: string
  readonly type: string
  /** Empty: all of them. */
  readonly sources: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  readonly secretNames: readonly string[]
  readonly state: 'active' | 'disabled'
  readonly createdAt: string
  /** null: it isn't at work, or hasn't told yet. */
  readonly delivery: {
    readonly state: 'delivering' | 'idle' | 'waiting'
    readonly retryInMs: number
    readonly failures: number
    readonly lastError: string | null
    readonly counts: Readonly<Record<string, number>>
    readonly readUntil: string
  } | null
}

export interface DestinationAsked {
  readonly name?: string
  readonly type: string
  readonly sources: readonly string[]
  readonly settings: Readonly<Record<string, string>>
}

export interface WhyShown {
  readonly verdict: string
  readonly sentence: string
  readonly event: { readonly source: string; readonly table: string; readonly receivedAt: string } | null
  readonly entries: readonly Readonly<Record<string, unknown>>[]
}
