// What a sender says of an asset: in the query (simple), in X-Millpond-Metadata (everything), and in the headers that HTTP
// has for it. Fields of ai.assets are checked, others go along into its payload.
import type { IncomingMessage } from 'node:http'

import { isDeeperThan } from '../segment/parse.ts'
import { queryOf } from '../segment/routes.ts'
import { isAssetId } from './names.ts'

export interface AssetMetadata {
  /** Undefined: it follows from the content. */
  readonly assetId: string | undefined
  /** Of the content, as announced; lower-case hexadecimal. */
  readonly sha256: string | undefined
  readonly mime: string
  /** As they go into the row; neither of the three above is among them. */
  readonly fields: Readonly<Record<string, unknown>>
}

type Fields = Record<string, unknown>

/** A sentence for the sender. */
export class MetadataInvalid extends Error {}

const headerName = 'x-millpond-metadata'
const depthMax = 32
const textCharsMax = 1024
const mimeShape = /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/
const sha256Shape = /^[0-9a-f]{64}$/
const isoShape = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i
const mediaTypes: readonly string[] = ['image', 'audio', 'video', 'series', 'text']

type Check = (name: string, value: unknown) => unknown

const checks: Readonly<Record<string, Check>> = Object.assign(noFields() as Record<string, Check>, {
  ...checkAll('device_id user_id subject_id firmware parent_asset_id phash consent_id legal_basis', textOf),
  ...checkAll('width height', (name, value) => numberOf(name, value, true)),
  ...checkAll('duration_ms fps frame_ms', (name, value) => numberOf(name, value, false)),
  ...checkAll('captured_at retention_until at timestamp', timeOf),
  ...checkAll('storage_uri key_id bytes state created_at received_at', (name) => {
    throw new MetadataInvalid(`"${name}" is filled in by Millpond; leave it out.`)
  }),
  orientation_applied: booleanOf,
  media_type: mediaTypeOf,
  mime: mimeOf,
  asset_id: assetIdOf,
  sha256: sha256Of,
})

/** `pathId`: the id in the address, undone of its percent signs. Throws MetadataInvalid. */
export function readMetadata(request: IncomingMessage, pathId: string | undefined): AssetMetadata {
  refuseEncoded(request)
  const said = { ...fieldsOfHeader(request), ...fieldsOfQuery(request) }
  const fields = noFields()
  for (const [name, value] of Object.entries(said)) {
    if (value === null || value === undefined) continue
    fields[name] = checks[name]?.(name, value) ?? value
  }
  const { asset_id: saidId, sha256: saidSha256, mime: saidMime, ...rest } = fields
  const assetId = pathId === undefined ? (saidId as string | undefined) : assetIdOf('The id in the address', pathId)
  if (saidId !== undefined && saidId !== assetId) {
    throw new MetadataInvalid(`The address says "${assetId}", but asset_id says another id.`)
  }
  const mime = (saidMime as string | undefined) ?? mimeOfHeader(request.headers['content-type'])
  return { assetId, sha256: digestOf(request, saidSha256 as string | undefined), mime, fields: completed(rest, mime) }
}

/** Without a prototype, so that a field may have any name. */
function noFields(): Fields {
  return Object.create(null) as Fields
}

function checkAll(names: string, check: Check): Record<string, Check> {
  return Object.fromEntries(names.split(' ').map((name) => [name, check]))
}

/** What follows from what was said. */
function completed(fields: Fields, mime: string): Fields {
  const family = mime.slice(0, mime.indexOf('/'))
  const mediaType = mediaTypes.includes(family) ? { media_type: family } : undefined
  const isTimed = fields['at'] !== undefined || fields['timestamp'] !== undefined
  const time = isTimed || fields['captured_at'] === undefined ? undefined : { timestamp: fields['captured_at'] }
  return { ...mediaType, ...fields, ...time }
}

function refuseEncoded({ headers }: IncomingMessage): void {
  const encoding = headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity') {
    throw new MetadataInvalid(`Content-Encoding "${encoding.slice(0, 40)}" is not undone here: send the file as it is.`)
  }
  if (/^multipart\//i.test(headers['content-type'] ?? '')) {
    throw new MetadataInvalid('A form is no file: send the file itself as the body (curl -T FILE).')
  }
}

function fieldsOfHeader(request: IncomingMessage): Fields {
  const header = request.headers[headerName]
  if (typeof header !== 'string' || header.trim() === '') return {}
  const text = header.trim()
  // Node reads headers as Latin-1; a sender that writes JSON as it is means UTF-8.
  const json = text.startsWith('{') ? Buffer.from(text, 'latin1') : Buffer.from(text, 'base64')
  if (isDeeperThan(json, depthMax)) {
    throw new MetadataInvalid(`X-Millpond-Metadata nests deeper than ${depthMax} levels.`)
  }
  let value: unknown
  try {
    value = JSON.parse(json.toString('utf8'))
  } catch {
    throw new MetadataInvalid('X-Millpond-Metadata must be a JSON object, as it is or in base64.')
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new MetadataInvalid('X-Millpond-Metadata must be a JSON object; it is JSON of another kind.')
  }
  return value as Fields
}

function fieldsOfQuery(request: IncomingMessage): Fields {
  const fields = noFields()
  for (const [name, value] of new URLSearchParams(queryOf(request.url ?? ''))) {
    if (name !== 'writeKey' && value !== '') fields[name] = value
  }
  return fields
}

/** What curl sends without being told is no statement about the file. */
function mimeOfHeader(header: string | undefined): string {
  const mime = (header ?? '').split(';')[0]?.trim().toLowerCase() ?? ''
  if (mime === '' || mime === 'application/x-www-form-urlencoded') return 'application/octet-stream'
  return mimeOf('Content-Type', mime)
}

/** One digest for all places that may name one. */
function digestOf({ headers }: IncomingMessage, said: string | undefined): string | undefined {
  const found = new Set<string>()
  if (said !== undefined) found.add(said)
  const own = headers['x-content-sha256']
  if (typeof own === 'string') found.add(sha256Of('X-Content-SHA256', own))
  const standard = /(?:^|[,\s])sha-256=:([^:]*):/i.exec(headers['content-digest']?.toString() ?? '')?.[1]
  if (standard !== undefined) {
    found.add(sha256Of('Content-Digest', Buffer.from(standard, 'base64').toString('hex')))
  }
  if (found.size > 1) throw new MetadataInvalid('Several digests were sent, and they differ.')
  return [...found][0]
}

function assetIdOf(name: string, value: unknown): string {
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text === 'string' && isAssetId(text)) return text
  throw new MetadataInvalid(`${name} must be 1 to 200 letters, digits and characters of "_.:@=+~-".`)
}

function sha256Of(name: string, value: unknown): string {
  const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
  if (sha256Shape.test(text)) return text
  throw new MetadataInvalid(`${name} must be a SHA-256.`)
}

function mimeOf(name: string, value: unknown): string {
  if (typeof value === 'string' && mimeShape.test(value)) return value.toLowerCase()
  throw new MetadataInvalid(`${name} must be a media type such as "video/mp4".`)
}

function mediaTypeOf(name: string, value: unknown): string {
  if (typeof value === 'string' && mediaTypes.includes(value)) return value
  throw new MetadataInvalid(`${name} must be one of ${mediaTypes.join(', ')}.`)
}

function textOf(name: string, value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string' && value.length <= textCharsMax) return value
  throw new MetadataInvalid(`${name} must be a text of at most ${textCharsMax} characters.`)
}

function numberOf(name: string, value: unknown, isWhole: boolean): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  const fits = typeof number === 'number' && number >= 0 && Number.isFinite(number)
  if (fits && (!isWhole || Number.isSafeInteger(number))) return number
  throw new MetadataInvalid(`${name} must be a ${isWhole ? 'whole ' : ''}number of 0 or more.`)
}

function booleanOf(name: string, value: unknown): boolean {
  if (value === true || value === 'true' || value === '1') return true
  if (value === false || value === 'false' || value === '0') return false
  throw new MetadataInvalid(`${name} must be true or false.`)
}

/** A text stays as it was sent; a number is milliseconds since 1970. */
function timeOf(name: string, value: unknown): string {
  if (typeof value === 'string' && isoShape.test(value) && !Number.isNaN(Date.parse(value))) return value
  const ms = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value
  const date = new Date(typeof ms === 'number' ? ms : Number.NaN)
  if (!Number.isNaN(date.getTime())) return date.toISOString()
  throw new MetadataInvalid(`${name} must be a time: ISO 8601, or milliseconds since 1970.`)
}
