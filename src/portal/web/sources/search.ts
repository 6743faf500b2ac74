// What the address of a source's page holds.
import { type Platform, platforms } from './platforms.ts'

export const tabs = ['connect', 'events', 'schema', 'plan', 'settings'] as const
export type Tab = (typeof tabs)[number]

export interface SourceSearch {
  readonly tab?: Tab
  readonly platform?: Platform
  /** The table whose columns are open. */
  readonly table?: string
}

export function readSourceSearch(search: Readonly<Record<string, unknown>>): SourceSearch {
  const tab = tabs.find((one) => one === search['tab'])
  const platform = platforms.find((one) => one === search['platform'])
  const table = typeof search['table'] === 'string' ? search['table'].slice(0, 300) : undefined
  return {
    ...(tab === undefined ? {} : { tab }),
    ...(platform === undefined ? {} : { platform }),
    ...(table === undefined ? {} : { table }),
  }
}
