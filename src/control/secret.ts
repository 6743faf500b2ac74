// data/secret: 32 random bytes made at the first start. Everything secret of this installation is derived from it, each
// for one purpose, so that a derived one that leaks (sources.json is read by intake) gives nothing else away.
import { createHmac } from 'node:crypto'
import { join } from 'node:path'

import { MillpondError } from '../core/errors.ts'
import { type Files, writeFileAtomic } from '../core/files.ts'
import type { Random } from './write-keys.ts'

const secretBytes = 32

/** Reads the installation's secret, or makes it. Error: setting-invalid if the file is damaged. */
export async function installationSecret(files: Files, dataFolder: string, random: Random): Promise<Uint8Array> {
  const path = join(dataFolder, 'secret')
  const found = await files.readAll(path)
  if (found === undefined) {
    const secret = random(secretBytes)
    await writeFileAtomic(files, path, `${Buffer.from(secret).toString('hex')}\n`)
    return secret
  }
  const secret = Buffer.from(Buffer.from(found).toString('utf8').trim(), 'hex')
  if (secret.byteLength === secretBytes) return secret
  throw new MillpondError('setting-invalid', `${path} is damaged. Restore it from a backup of the data folder`)
}

export function deriveSecret(secret: Uint8Array, purpose: string): string {
  return createHmac('sha256', secret).update(purpose).digest('hex')
}
