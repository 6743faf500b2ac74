// The ballast: a file that stands for nothing but its size. On a full disk it is removed, so that cuts, positions and
// checkpoints still have room; it is made again when there is plenty. Shared by all parts that write to the data folder.
import { dirname, join } from 'node:path'

import type { Files } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { BufferSettings } from '../core/settings.ts'
import type { Ballast } from './buffer.ts'

const chunkBytes = 1024 * 1024

/** Bytes that file systems can't store compressed, so that the space is really taken. */
function incompressibleBytes(count: number): Buffer {
  const words = new Uint32Array(Math.ceil(count / 4))
  let state = 0x9e3779b9
  for (let index = 0; index < words.length; index += 1) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    words[index] = state
  }
  return Buffer.from(words.buffer, 0, count)
}

/** Never rejects because of the disk: without ballast everything works, only with less room in an emergency. */
export async function openBallast(
  path: string,
  settings: Pick<BufferSettings, 'ballastBytes' | 'diskFreeBytesMin'>,
  deps: { files: Files; log: Log },
): Promise<Ballast> {
  const ballast = new BallastFile(path, settings, deps)
  await ballast.ensure()
  return ballast
}

class BallastFile implements Ballast {
  readonly bytes: number
  readonly #path: string
  readonly #freeBytesMin: number
  readonly #files: Files
  readonly #log: Log

  constructor(
    path: string,
    settings: Pick<BufferSettings, 'ballastBytes' | 'diskFreeBytesMin'>,
    deps: { files: Files; log: Log },
  ) {
    this.bytes = settings.ballastBytes
    this.#path = path
    this.#freeBytesMin = settings.diskFreeBytesMin
    this.#files = deps.files
    this.#log = deps.log
  }

  async ensure(): Promise<boolean> {
    const temporary = join(dirname(this.#path), `.${this.#path.slice(dirname(this.#path).length + 1)}.tmp`)
    try {
      const size = await this.#size()
      if (size === this.bytes || (this.bytes === 0 && size === undefined)) return this.bytes > 0
      if (size !== undefined) await this.#files.remove(this.#path)
      const free = await this.#files.freeBytes(dirname(this.#path))
      if (this.bytes === 0 || free < 2 * this.bytes + this.#freeBytesMin) return false
      await this.#files.remove(temporary)
      await this.#fill(temporary)
      await this.#files.rename(temporary, this.#path)
      await this.#files.syncDirectory(dirname(this.#path))
      return true
    } catch (error) {
      this.#log.warn({ err: error }, 'The ballast file could not be made; in an emergency there is less room.')
      await this.#removeQuietly(temporary)
      return false
    }
  }

  async giveUp(): Promise<void> {
    await this.#removeQuietly(this.#path)
  }

  async #size(): Promise<number | undefined> {
    const folder = dirname(this.#path)
    if (!(await this.#files.list(folder)).includes(this.#path.slice(folder.length + 1))) return undefined
    const file = await this.#files.open(this.#path, 'read')
    try {
      return await file.size()
    } finally {
      await file.close()
    }
  }

  async #fill(path: string): Promise<void> {
    const chunk = incompressibleBytes(Math.min(chunkBytes, this.bytes))
    const file = await this.#files.open(path, 'create')
    try {
      for (let done = 0; done < this.bytes; done += chunk.length) {
        await file.write([chunk.subarray(0, Math.min(chunk.length, this.bytes - done))], done)
      }
      await file.sync()
    } finally {
      await file.close()
    }
  }

  async #removeQuietly(path: string): Promise<void> {
    try {
      await this.#files.remove(path)
    } catch (error) {
      this.#log.warn({ err: error }, 'The ballast file could not be removed.')
    }
  }
}
