// What the API says of programs that people sign in to with their account here. Types alone, so that the browser shares them.

export interface ClientAsked {
  readonly name: string
  readonly redirects: readonly string[]
  readonly isPublic: boolean
}

export interface ClientAnswer extends ClientAsked {
  readonly id: string
  readonly createdAt: string
  /** Once. */
  readonly secret?: string | undefined
}
