// What the address of the settings holds.
export const parts = ['you', 'tokens', 'members', 'services', 'access', 'audit'] as const
export type Part = (typeof parts)[number]

export interface SettingsSearch {
  readonly part?: Part
  /** Of the audit log: one person's entries, or those of one kind. */
  readonly actor?: string
  readonly action?: string
}

export function readSettingsSearch(search: Readonly<Record<string, unknown>>): SettingsSearch {
  const part = parts.find((one) => one === search['part'])
  const [actor, action] = [textOf(search['actor']), textOf(search['action'])]
  return {
    ...(part === undefined ? {} : { part }),
    ...(actor === undefined ? {} : { actor }),
    ...(action === undefined ? {} : { action }),
  }
}

/** As long as the API takes. */
function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim().slice(0, 100) : ''
  return text === '' ? undefined : text
}
