// Which tables hold the same values, so that what is hidden in one doesn't stand in another. Fed datasets have Segment's shape
// (warehouse/schema.ts): `tracks` is all event tables in one, `users` is made of `identifies`, and JSON columns repeat the rest.
import { callTables, fixedTables, otherEventsTable, tracksView, usersTable } from '../../warehouse/schema.ts'
import type { PolicyTable } from './policy-table.ts'

export const anyTable = '*'

/** Case of ASCII letters never hides a table from its policy. */
export function fold(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** The place of a policy means this table. */
export function isPlacedOn(
  place: { readonly dataset: string; readonly table: string },
  { dataset, table }: { readonly dataset: string; readonly table: string },
): boolean {
  return fold(place.dataset) === fold(dataset) && (place.table === anyTable || fold(place.table) === fold(table))
}

/** The view over all event tables of a source. */
export function isTracks({ origin, kind, table }: PolicyTable): boolean {
  return origin === 'fed' && kind === 'view' && table === tracksView
}

/** A table whose rows stand in `tracks`, too. */
export function isEventTable({ origin, kind, table, columns }: PolicyTable): boolean {
  const isMember = !fixedTables.has(table) || table === otherEventsTable
  return origin === 'fed' && kind === 'table' && isMember && columns.some(({ name }) => name === 'event')
}

/** Names, folded, under which a policy on a table means this one as well. Never of rows: only of columns. */
export function maskedAs(table: PolicyTable): ReadonlySet<string> {
  const names = new Set([fold(table.table), anyTable])
  if (table.origin !== 'fed') return names
  if (isEventTable(table)) names.add(tracksView)
  if (table.table === usersTable) names.add(callTables.identify)
  if (table.table === callTables.identify) names.add(usersTable)
  return names
}

/** Columns, folded, that show what the masked column shows. */
export function columnsLike(column: string, { origin, table }: PolicyTable): readonly string[] {
  const name = fold(column)
  if (origin !== 'fed') return [name]
  const same = [name, `context_traits_${name}`]
  // The same id: of the user, and in everything the user did.
  if (name === 'user_id' && table === usersTable) same.push('id')
  if (name === 'id' && table === callTables.identify) same.push('user_id')
  return same
}

/**
 * JSON that repeats values of columns: what was sent, what didn't fit, what has no column (yet). Hidden with any mask on its
 * table, also where the table has no such column: then the value stands in the JSON alone.
 */
const repeating: ReadonlySet<string> = new Set([
  'properties',
  'traits',
  'context',
  'payload',
  'metadata',
  'resource',
  '_overflow',
  '_trait_times',
])

export function repeatsOthers(column: string, { origin }: PolicyTable): boolean {
  return origin === 'fed' && repeating.has(fold(column))
}

/** Events of a name that has no table of its own yet. */
export function isOtherEvents({ origin, table }: PolicyTable): boolean {
  return origin === 'fed' && table === otherEventsTable
}
