// Files on their way into load jobs: kept in the exchange folder until the job has read them. Bounded in bytes, number and age, and by
// what the disk still has.
//
//   multipart   one request ──▶ file ──▶ job
//   resumable   begin ──▶ put ──▶ put … ──▶ job      a part that is lost is asked for again: "308, Range: bytes=0-N"
import { type FileHandle, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from '../../core/clock.ts'
import type { Principal } from '../../control/principals.ts'
import { GoogleError, invalid, notFound } from './google-error.ts'
import type { JobResource } from './shapes.ts'

export interface UploadsDeps {
  readonly exchangeFolder: string
  readonly freeBytes: (path: string) => Promise<number>
  readonly clock: Clock
  readonly createId: () => string
}

export const uploadBytesMax = 10 * 1024 ** 3
/** Checkpoints and the buffer need room, too. */
const diskReserveBytes = 1024 ** 3
const diskCheckBytes = 64 * 1024 * 1024
const sessionsMax = 100
const sessionsPerPersonMax = 10
const sessionAgeMicrosMax = 60 * 60 * 1_000_000

export interface UploadSession {
  readonly id: string
  readonly ownerId: string
  readonly resource: JobResource
  readonly file: UploadFile
  /** Said at the beginning; undefined: the last part says it. */
  readonly totalBytes: number | undefined
  usedAtMicros: number
  isBusy: boolean
}

/** A file that grows. Whoever has it removes it. */
export class UploadFile {
  readonly path: string
  readonly #handle: FileHandle
  readonly #freeBytes: () => Promise<number>
  #bytes = 0
  #isClosed = false

  constructor(path: string, handle: FileHandle, freeBytes: () => Promise<number>) {
    this.path = path
    this.#handle = handle
    this.#freeBytes = freeBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Errors: uploadTooLarge, backendError (the disk is full). What has been written stays. */
  async append(parts: AsyncIterable<Uint8Array>): Promise<void> {
    let checkAt = this.#bytes
    for await (const part of parts) {
      if (this.#bytes + part.length > uploadBytesMax)
        throw new GoogleError(
          'uploadTooLarge',
          `A file is at most ${uploadBytesMax / 1024 ** 3} GiB. Load it in parts.`,
        )
      if (this.#bytes >= checkAt) {
        await this.#checkRoom()
        checkAt = this.#bytes + diskCheckBytes
      }
      await this.#handle.write(part, 0, part.length, this.#bytes)
      this.#bytes += part.length
    }
  }

  async #checkRoom(): Promise<void> {
    if ((await this.#freeBytes()) > diskReserveBytes) return
    throw new GoogleError('backendError', 'The disk has no room for this file. Try again when there is.', {
      retryAfterSeconds: 60,
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await this.#handle.close()
  }

  async remove(): Promise<void> {
    await this.close()
    await rm(this.path, { force: true })
  }
}

function tooMany(message: string): GoogleError {
  return new GoogleError('rateLimitExceeded', `${message}. Try again in a moment.`, { retryAfterSeconds: 10 })
}

export class Uploads {
  readonly #deps: UploadsDeps
  readonly #sessions = new Map<string, UploadSession>()

  constructor(deps: UploadsDeps) {
    this.#deps = deps
  }

  async createFile(): Promise<UploadFile> {
    const { exchangeFolder, createId, freeBytes } = this.#deps
    const path = join(exchangeFolder, `upload-${createId()}`)
    return new UploadFile(path, await open(path, 'wx', 0o600), async () => freeBytes(exchangeFolder))
  }

  /** Error: rateLimitExceeded. */
  async begin(owner: Principal, resource: JobResource, totalBytes: number | undefined): Promise<UploadSession> {
    await this.#forgetOld()
    if ((totalBytes ?? 0) > uploadBytesMax)
      throw new GoogleError('uploadTooLarge', `A file is at most ${uploadBytesMax / 1024 ** 3} GiB. Load it in parts.`)
    const file = await this.createFile()
    const { createId, clock } = this.#deps
    const session: UploadSession = {
      id: createId(),
      ownerId: owner.id,
      resource,
      file,
      totalBytes,
      usedAtMicros: clock.nowMicros(),
      isBusy: false,
    }
    try {
      // Behind the wait for the file: of many who begin at once, none may slip in.
      this.#checkPlace(owner)
    } catch (error) {
      await file.remove()
      throw error
    }
    this.#sessions.set(session.id, session)
    return session
  }

  #checkPlace({ id }: Principal): void {
    const own = [...this.#sessions.values()].filter(({ ownerId }) => ownerId === id).length
    if (own >= sessionsPerPersonMax)
      throw tooMany(`${own} uploads of yours are under way already; one that is silent for an hour is forgotten`)
    if (this.#sessions.size >= sessionsMax) throw tooMany(`${sessionsMax} uploads are under way already`)
  }

  /** Of this caller only. Errors: notFound, invalid (a part is under way). */
  find(id: string, { id: ownerId }: Principal): UploadSession {
    const session = this.#sessions.get(id)
    if (session?.ownerId !== ownerId) throw notFound('Upload. It ended, or is older than an hour; begin again')
    if (session.isBusy) throw invalid('Another part of this upload is under way')
    session.usedAtMicros = this.#deps.clock.nowMicros()
    return session
  }

  /** Its file goes on, in the hands of whoever ended it. */
  end({ id }: UploadSession): void {
    this.#sessions.delete(id)
  }

  async #forgetOld(): Promise<void> {
    const oldest = this.#deps.clock.nowMicros() - sessionAgeMicrosMax
    for (const session of this.#sessions.values()) {
      if (session.isBusy || session.usedAtMicros >= oldest) continue
      this.#sessions.delete(session.id)
      await session.file.remove()
    }
  }

  async stop(): Promise<void> {
    const files = [...this.#sessions.values()].map(({ file }) => file)
    this.#sessions.clear()
    await Promise.all(files.map(async (file) => file.remove()))
  }
}
