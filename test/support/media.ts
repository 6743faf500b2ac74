// Looks at the media of a data folder from outside: what is stored, and what it was before it was encrypted.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { isErrno } from '../../src/core/files.ts'
import { openDiskStore } from '../../src/objects/disk/disk.ts'
import { encryptedStore } from '../../src/objects/encrypted/encrypted.ts'
import { wrappingKeys } from '../../src/objects/encrypted/keys.ts'
import type { ObjectStore } from '../../src/objects/store.ts'

export async function openMediaOf(data: string): Promise<ObjectStore> {
  const secret = Buffer.from((await readFile(join(data, 'secret'), 'utf8')).trim(), 'hex')
  const store = await openDiskStore({ folder: join(data, 'media') })
  return encryptedStore({ store, keys: wrappingKeys(secret, undefined) })
}

/** SHA-256 of every object's content, by name. Rejects with object-damaged if one isn't whole. */
export async function mediaHashes(data: string): Promise<Map<string, string>> {
  const store = await openMediaOf(data)
  const hashes = new Map<string, string>()
  for await (const { name } of store.list('')) {
    const hash = createHash('sha256')
    const found = await store.get(name)
    for await (const part of found?.content ?? []) hash.update(part)
    hashes.set(name, hash.digest('hex'))
  }
  return hashes
}

/** Files of uploads that never ended. */
export async function leftOvers(data: string): Promise<string[]> {
  try {
    return await readdir(join(data, 'media', '~uploading'))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  }
}
