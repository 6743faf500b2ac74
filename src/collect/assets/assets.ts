// The media door: PUT /v1/assets. The body streams into the object store while it is hashed; when the object is durable its
// row is appended, and when that is durable too the sender is answered. Whatever fails in between, sending it again heals.
//
//   admitted ─▶ described ─▶ is it there already? ──no──▶ stored ──▶ row appended ─▶ 201
//                                 └─yes─▶ same content? ──yes──▶ row appended again ─▶ 200
//                                               ├─no─▶ 409, the first one stays
//                                               ├─nobody can say: no key for it, a newer version─▶ 503, it stays
//                                               └─it is damaged─▶ replaced
//
// Without an id and a digest nobody knows what it is before its end: it waits under incoming/ and is copied to its name.
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

import type { Append } from '../../buffer/record.ts'
import type { KeyDirectory } from '../../control/sources-file.ts'
import { type Clock, isoTime } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { RowMeta } from '../../core/event.ts'
import type { Log } from '../../core/log.ts'
import type { MediaSettings } from '../../core/settings.ts'
import type { ObjectStore } from '../../objects/store.ts'
import type { Refusal } from '../http/answer.ts'
import type { RateLimit, StrangerLimit } from '../http/rate-limit.ts'
import { type KnownKey, searchKey } from '../segment/key.ts'
import type { Sender } from '../segment/sender.ts'
import { type AssetMetadata, MetadataInvalid, readMetadata } from './metadata.ts'
import { idOfContent, incomingNameOf, incomingPrefix, objectNameOf } from './names.ts'
import { checkFree, SenderGone, tooLarge, Upload, type UploadDeps, type UploadLimits, whileFree } from './upload.ts'

/** What the media door needs beyond what every collect path has. */
export interface MediaDeps {
  readonly settings: Pick<MediaSettings, 'assetBytesMax' | 'assetsReceivingMax'>
  readonly diskFreeBytesMin: number
  readonly store: ObjectStore
  /** Of the key that wraps the keys of new objects. */
  readonly keyId: string
  /** Of the disk that the store is on. */
  readonly freeBytes: () => Promise<number>
}

export interface AssetDeps {
  readonly append: Append
  readonly keys: KeyDirectory
  readonly clock: Clock
  readonly log: Log
  readonly rateLimit: RateLimit
  readonly strangerLimit: StrangerLimit
  readonly retryAfterSeconds: () => number
}

/** What the sender hears when its asset is durable. */
export interface AssetAnswer {
  readonly asset_id: string
  readonly sha256: string
  readonly bytes: number
}

export type AssetOutcome =
  | { readonly kind: 'kept'; readonly answer: AssetAnswer; readonly isNew: boolean }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** The sender hung up: nobody to answer. */
  | { readonly kind: 'gone' }

interface Stored {
  readonly sha256: string
  readonly bytes: number
  /** Of the key that wraps the object's own. */
  readonly keyId: string
}

/** One upload, from admission to answer. */
interface Work {
  readonly source: string
  readonly metadata: AssetMetadata
  readonly upload: Upload
  readonly announcedBytes: number | undefined
  readonly keptAddress: string
}

interface Kept extends Stored {
  readonly assetId: string
  readonly name: string
  readonly isNew: boolean
}

/** A switched-off key may be switched on again; until then its senders need not knock often. */
const keyOffRetrySeconds = 300
/** Somebody has to set a key or start another version. */
const unreadableRetrySeconds = 300

export class AssetDoor {
  readonly #media: MediaDeps
  readonly #deps: AssetDeps
  readonly #limits: UploadLimits
  /** Objects being written: two at one name at one time could not know of each other. */
  readonly #busy = new Set<string>()
  readonly #uploadDeps: UploadDeps
  readonly #receivingByKey = new Map<string, number>()
  #receiving = 0

  constructor(media: MediaDeps, stallTimeoutMs: number, deps: AssetDeps) {
    this.#media = media
    this.#deps = deps
    const { assetBytesMax } = media.settings
    this.#limits = { assetBytesMax, stallTimeoutMs, diskFreeBytesMin: media.diskFreeBytesMin }
    this.#uploadDeps = { clock: deps.clock, retryAfterSeconds: deps.retryAfterSeconds, freeBytes: media.freeBytes }
  }

  get receiving(): number {
    return this.#receiving
  }

  /** Never rejects. `pathId`: of the address, as it stands there. */
  async receive(request: IncomingMessage, sender: Sender, pathId: string | undefined): Promise<AssetOutcome> {
    try {
      const kept = await this.#receive(request, sender, pathId)
      const { assetId, sha256, bytes, isNew } = kept
      return { kind: 'kept', answer: { asset_id: assetId, sha256, bytes }, isNew }
    } catch (error) {
      if (error instanceof SenderGone) return { kind: 'gone' }
      const refusal = this.#refusalOf(error)
      return { kind: 'refused', refusal: request.complete ? refusal : { ...refusal, close: true } }
    }
  }

  async #receive(request: IncomingMessage, sender: Sender, pathId: string | undefined): Promise<Kept> {
    const { source, writeKey } = this.#admit(sender)
    const metadata = readMetadata(request, decoded(pathId))
    const announcedBytes = announcedBytesOf(request)
    if (announcedBytes !== undefined && announcedBytes > this.#limits.assetBytesMax) {
      throw tooLarge(this.#limits.assetBytesMax)
    }
    const leave = this.#takePlace(writeKey)
    try {
      await checkFree(this.#limits, this.#uploadDeps, announcedBytes ?? 0)
      const upload = new Upload(request, this.#limits, this.#uploadDeps, metadata.sha256)
      const work = { source, metadata, upload, announcedBytes, keptAddress: sender.keptAddress }
      const kept = await this.#keep(work)
      await this.#appendRow(work, kept)
      return kept
    } finally {
      leave()
    }
  }

  /** Half of the places are a key's at most: slow senders with one public key must not keep everybody out. */
  #takePlace(writeKey: string): () => void {
    const { assetsReceivingMax } = this.#media.settings
    const ofKey = this.#receivingByKey.get(writeKey) ?? 0
    if (this.#receiving >= assetsReceivingMax) {
      throw this.#busyError('Too many files are being received at the moment (media.assetsReceivingMax).')
    }
    if (ofKey >= Math.ceil(assetsReceivingMax / 2)) {
      throw this.#busyError('Too many files with this write key are being received (half of media.assetsReceivingMax).')
    }
    this.#receiving++
    this.#receivingByKey.set(writeKey, ofKey + 1)
    return () => {
      this.#receiving--
      const left = (this.#receivingByKey.get(writeKey) ?? 0) - 1
      if (left > 0) this.#receivingByKey.set(writeKey, left)
      else this.#receivingByKey.delete(writeKey)
    }
  }

  /** The key is judged before the body is read, and so must stand outside of it. */
  #admit({ address, keys }: Sender): KnownKey {
    const { rateLimit, strangerLimit } = this.#deps
    const search = searchKey(this.#deps.keys, keys)
    if (search.kind !== 'known') {
      const seconds = strangerLimit.wait(address)
      if (seconds > 0) {
        const message = 'Too many requests without a valid write key came from this address.'
        throw new MillpondError('rate-limited', message, { retryAfterSeconds: seconds })
      }
      strangerLimit.charge(address, 0)
      if (search.kind === 'foreign') {
        throw new MillpondError('write-key-unknown', 'This write key was never issued here.')
      }
      const message = 'No write key: send it as user of Basic authorization, as X-Write-Key, or as ?writeKey=.'
      throw new MillpondError('write-key-missing', message)
    }
    const seconds = rateLimit.take(search.key.writeKey, address)
    if (seconds > 0) {
      throw new MillpondError('rate-limited', 'Too many requests with this write key.', { retryAfterSeconds: seconds })
    }
    if (search.key.refused === undefined) return search.key
    const message = 'This write key is switched off at the moment. Keep the file and try again later.'
    throw new MillpondError('write-key-off', message, { retryAfterSeconds: keyOffRetrySeconds })
  }

  async #keep(work: Work): Promise<Kept> {
    const { source, metadata } = work
    const { sha256 } = metadata
    const assetId = metadata.assetId ?? (sha256 === undefined ? undefined : this.#idOf(work, sha256))
    if (assetId === undefined) return this.#keepUnnamed(work)
    const name = objectNameOf(source, assetId)
    return this.#alone(name, async () => {
      const found = await this.#hashStored(name)
      if (found !== undefined) return { ...(await this.#compare(work, found)), assetId, name, isNew: false }
      // What the store says of itself may be encrypted or packed; what counts is what came in.
      await this.#media.store.put(name, work.upload.content())
      const { sha256: received, bytes } = work.upload
      return { sha256: received, bytes, keyId: this.#media.keyId, assetId, name, isNew: true }
    })
  }

  async #keepUnnamed(work: Work): Promise<Kept> {
    const { store } = this.#media
    const incoming = incomingNameOf(randomUUID())
    try {
      await store.put(incoming, work.upload.content())
      const { sha256, bytes } = work.upload
      const assetId = this.#idOf(work, sha256)
      const name = objectNameOf(work.source, assetId)
      return await this.#alone(name, async () => {
        const found = await this.#hashStored(name)
        if (found?.sha256 === sha256) return { ...found, assetId, name, isNew: false }
        // Somebody named other content by the id that this one has by nature.
        if (found !== undefined) throw existsOtherwise()
        await this.#copy(incoming, name, work.upload)
        return { sha256, bytes, keyId: this.#media.keyId, assetId, name, isNew: true }
      })
    } finally {
      await this.#drop(incoming)
    }
  }

  async #copy(from: string, to: string, { sha256, bytes }: Upload): Promise<void> {
    await checkFree(this.#limits, this.#uploadDeps, bytes)
    const found = await this.#media.store.get(from)
    if (found === undefined) throw new MillpondError('bug', `BUG: ${from} was removed while it was needed`)
    await this.#media.store.put(to, whileFree(found.content, this.#limits, this.#uploadDeps), { sha256 })
  }

  /** What can't be removed now goes at the next start. */
  async #drop(name: string): Promise<void> {
    try {
      await this.#media.store.remove(name)
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'A file under incoming/ could not be removed; the next start does it.')
    }
  }

  /** The whole of a second try is read and compared: an id that is used twice must not pass for a retry. */
  async #compare({ upload, metadata, announcedBytes }: Work, found: Stored): Promise<Stored> {
    const differs = metadata.sha256 !== undefined && metadata.sha256 !== found.sha256
    if (differs || (announcedBytes !== undefined && announcedBytes !== found.bytes)) throw existsOtherwise()
    await upload.consume()
    if (upload.sha256 !== found.sha256) throw existsOtherwise()
    return found
  }

  /** Undefined: there is none, or it is damaged and may be replaced. What can't be read for another reason may be whole. */
  async #hashStored(name: string): Promise<Stored | undefined> {
    try {
      const found = await this.#media.store.get(name)
      if (found === undefined) return undefined
      const hash = createHash('sha256')
      for await (const part of found.content) hash.update(part)
      return { sha256: hash.digest('hex'), bytes: found.info.bytes, keyId: found.keyId ?? this.#media.keyId }
    } catch (error) {
      if (!(error instanceof MillpondError)) throw error
      if (error.code === 'object-unreadable') throw this.#unreadable(error)
      if (error.code !== 'object-damaged') throw error
      this.#deps.log.error({ err: error }, 'A stored file is damaged; the one that is being sent takes its place.')
      return undefined
    }
  }

  /** The log says why; a sender is not told of our keys. */
  #unreadable(cause: MillpondError): MillpondError {
    const told = 'A stored file can not be read, so one that was sent under its id was refused; it was not touched.'
    this.#deps.log.error({ err: cause }, told)
    const message =
      'The file of this id that is here can not be read at the moment; it was not touched. Try again later.'
    return new MillpondError('object-unreadable', message, { retryAfterSeconds: unreadableRetrySeconds })
  }

  async #appendRow(work: Work, { assetId, name, sha256, bytes, keyId }: Kept): Promise<void> {
    const { clock } = this.#deps
    const { metadata, source, keptAddress } = work
    const receivedAtMicros = clock.nowMicros()
    // When the object was made, not now: the row of a second try must be equal to the first one's.
    const createdAtMicros = (await this.#media.store.head(name))?.modifiedAtMicros ?? receivedAtMicros
    const row = {
      asset_id: assetId,
      sha256,
      bytes,
      mime: metadata.mime,
      ...metadata.fields,
      storage_uri: `media:${name}`,
      key_id: keyId,
      state: 'active',
      created_at: isoTime(createdAtMicros),
    }
    const meta: RowMeta = { table: 'ai.assets', ...(keptAddress === '' ? undefined : { ip: keptAddress }) }
    const body = Buffer.from(JSON.stringify(row))
    await this.#deps.append({ kind: 'row', source, receivedAtMicros, count: 1, meta: JSON.stringify(meta), body })
  }

  async #alone<Result>(name: string, task: () => Promise<Result>): Promise<Result> {
    if (this.#busy.has(name)) throw this.#busyError('This file is being received already.')
    this.#busy.add(name)
    try {
      return await task()
    } finally {
      this.#busy.delete(name)
    }
  }

  #idOf({ source, metadata }: Work, sha256: string): string {
    const { device_id: deviceId, captured_at: capturedAt } = metadata.fields
    return idOfContent({ source, sha256, deviceId, capturedAt })
  }

  #busyError(message: string): MillpondError {
    return new MillpondError('intake-busy', message, { retryAfterSeconds: this.#deps.retryAfterSeconds() })
  }

  #refusalOf(error: unknown): Refusal {
    if (error instanceof MetadataInvalid) return { code: 'asset-invalid', message: error.message }
    const known = error instanceof MillpondError ? error : undefined
    if (known?.kind === 'user' && known.code !== 'object-damaged') return { code: known.code, message: known.message }
    const retryAfterSeconds = known?.retryAfterSeconds ?? this.#deps.retryAfterSeconds()
    if (known?.kind === 'retry') return { code: known.code, message: known.message, retryAfterSeconds }
    this.#deps.log.error({ err: error }, 'A file could not be kept; the sender was told to try again.')
    return { code: 'buffer-write-failed', message: 'The file could not be kept. Try again.', retryAfterSeconds }
  }
}

/** What a killed process left of uploads whose name was not known yet. */
export async function removeUnnamed(store: ObjectStore, log: Log): Promise<void> {
  try {
    for await (const { name } of store.list(incomingPrefix)) await store.remove(name)
  } catch (error) {
    log.warn({ err: error }, 'What is left under incoming/ could not be removed; the next start tries again.')
  }
}

function existsOtherwise(): MillpondError {
  const message = 'There is an asset of this id with other content, and it stays. Send this one under another id.'
  return new MillpondError('asset-exists', message)
}

function decoded(pathId: string | undefined): string | undefined {
  if (pathId === undefined) return undefined
  try {
    return decodeURIComponent(pathId)
  } catch {
    throw new MetadataInvalid('The id in the address is not readable: its percent signs are no encoding.')
  }
}

/** Undefined: it comes in chunks, and ends where it ends. */
function announcedBytesOf({ headers }: IncomingMessage): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined
  const bytes = Number(headers['content-length'] ?? 0)
  if (bytes > 0) return bytes
  throw new MetadataInvalid('The body is empty: send the file as the body.')
}
