// Ids of people, as they stand in the warehouse: what a source calls somebody once it knows them, a browser or app before that,
// and a device. In addresses and notes: `user:u1`.
import { createHash } from 'node:crypto'

export const idKinds = ['user', 'anonymous', 'device'] as const
export type IdKind = (typeof idKinds)[number]

export interface PersonId {
  readonly kind: IdKind
  readonly id: string
}

export function idText({ kind, id }: PersonId): string {
  return `${kind}:${id}`
}

/** What an address may mean: one id if it says its kind, else one of every kind. */
export function idsNamed(text: string): PersonId[] {
  const colon = text.indexOf(':')
  const kind = idKinds.find((one) => one === text.slice(0, colon))
  if (kind !== undefined && colon + 1 < text.length) return [{ kind, id: text.slice(colon + 1) }]
  return text === '' ? [] : idKinds.map((one) => ({ kind: one, id: text }))
}

export function idsOf(ids: readonly PersonId[], kind: IdKind): string[] {
  return ids.filter((one) => one.kind === kind).map(({ id }) => id)
}

/** Under which notes and receipts may lie. Who sees ids hashed by a mask looks, and writes, under the hash: it is the same person. */
export function namesOf(ids: readonly PersonId[]): string[] {
  return ids.flatMap((one) => {
    const hash = createHash('sha256').update(one.id).digest('hex')
    return [idText(one), idText({ kind: one.kind, id: hash })]
  })
}
