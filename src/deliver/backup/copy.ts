// Copies of files, hashed on the way. Generators: they give out how many bytes each step was, so that whoever drives
// them shows progress, and can leave between any two.
import { createHash } from 'node:crypto'

import { type Files, type OpenFile } from '../../core/files.ts'

export interface FileFacts {
  readonly bytes: number
  readonly sha256: string
}

const pieceBytes = 1024 * 1024

/** Reads a file as far as it reaches now; with `to`, writes it there too, synced. */
export async function* readHashed(files: Files, file: OpenFile, to?: string): AsyncGenerator<number, FileFacts> {
  const copy = to === undefined ? undefined : await files.open(to, 'create')
  try {
    const hash = createHash('sha256')
    const size = await file.size()
    const piece = Buffer.allocUnsafe(Math.max(1, Math.min(size, pieceBytes)))
    let bytes = 0
    while (bytes < size) {
      const read = await file.read(piece.subarray(0, size - bytes), bytes)
      // It became shorter: the writer took back what it had not promised.
      if (read === 0) break
      const part = piece.subarray(0, read)
      hash.update(part)
      await copy?.write([part], bytes)
      bytes += read
      yield read
    }
    await copy?.sync()
    return { bytes, sha256: hash.digest('hex') }
  } finally {
    await copy?.close()
  }
}
