// How commands about destinations ask the API.
import type { Command } from 'commander'

/** Asks the API in the name of the command. */
export type DestinationCall = (
  command: Command,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: object,
) => Promise<unknown>

/** Of a destination. */
export function pathOf(name: string): string {
  return `/api/destinations/${encodeURIComponent(name)}`
}
