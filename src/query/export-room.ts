// What Parquet exports take of the disk, all of them together: those that are being written, and those that somebody is still
// fetching. The engine itself knows no bound, so each is looked at while it grows.
import { MillpondError } from '../core/errors.ts'

export interface ExportRoomOptions {
  readonly bytesMax: number
  readonly freeBytes: () => Promise<number>
}

/** Checkpoints and the buffer need room, too. */
const diskReserveBytes = 1024 ** 3

/** Of one export. */
export interface ExportPlace {
  /** It is so large now. Error: query-limit, if that is more than there is room for. */
  grow(bytes: number): Promise<void>
  /** Its file is gone. Fine to call twice. */
  leave(): void
}

export class ExportRoom {
  readonly #options: ExportRoomOptions
  #bytes = 0

  constructor(options: ExportRoomOptions) {
    this.#options = options
  }

  enter(): ExportPlace {
    const { bytesMax, freeBytes } = this.#options
    let own = 0
    const set = (bytes: number): void => {
      this.#bytes += bytes - own
      own = bytes
    }
    return {
      grow: async (bytes) => {
        set(bytes)
        if (this.#bytes > bytesMax)
          throw new MillpondError(
            'query-limit',
            `Exports take more than ${Math.floor(bytesMax / 1024 / 1024)} MiB of the disk (query.exportsBytesMax), with those that are being fetched: ask for less, or in parts`,
          )
        if ((await freeBytes()) < diskReserveBytes)
          throw new MillpondError('query-limit', 'The disk has no room for this export')
      },
      leave: () => {
        set(0)
      },
    }
  }
}
