// What an asset is called: its id, and the object that holds it. Both follow from what the sender says alone, so that a
// request that is sent again finds what its first try left.
import { createHash } from 'node:crypto'

/** Also what file systems would not take: the object's name is made of its hash. */
const idShape = /^[\w.:@=+~-]{1,200}$/
export const incomingPrefix = 'incoming/'

export function isAssetId(text: string): boolean {
  return idShape.test(text)
}

/** Where the content lies. Ids that differ in case only must differ on every file system, so no part of the id is in it. */
export function objectNameOf(source: string, assetId: string): string {
  const hash = createHash('sha256').update(assetId).digest('hex').slice(0, 40)
  return `assets/${source}/${hash.slice(0, 2)}/${hash}`
}

/** For content whose id is known only when all of it has come. */
export function incomingNameOf(uuid: string): string {
  return `${incomingPrefix}${uuid}`
}

export interface Likeness {
  readonly source: string
  readonly sha256: string
  readonly deviceId: unknown
  readonly capturedAt: unknown
}

/** The id of an asset without one: the same content of the same device and moment is the same asset. A UUID of version 8. */
export function idOfContent({ source, sha256, deviceId, capturedAt }: Likeness): string {
  const text = JSON.stringify([source, deviceId ?? null, capturedAt ?? null, sha256])
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
