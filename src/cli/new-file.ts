// A file that a command makes for its owner alone (0600), and that must not be there.
import { type FileHandle, open } from 'node:fs/promises'

import { MillpondError, messageOf } from '../core/errors.ts'

/** Error: request-invalid. */
export async function openNew(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (error) {
    throw new MillpondError('request-invalid', `${file} can't be written (${messageOf(error)}). Choose another --out`, {
      cause: error,
    })
  }
}
