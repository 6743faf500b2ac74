// A new database file, made under another name first: a death while it is made must not leave half a file that no later start
// can read.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { diskFiles } from '../../core/files.ts'
import type { Link } from './link.ts'
import { quoteText } from './names.ts'

/** `options`: of ATTACH. The shape of a file is given once; later the engine reads it from the file. */
export async function createFile(link: Link, folder: string, name: string, options: string): Promise<void> {
  const making = join(folder, `making-${name}`)
  for (const path of [making, `${making}.wal`]) await rm(path, { force: true })
  await link.api.run(`ATTACH ${quoteText(making)} AS making (STORAGE_VERSION 'v1.5.0', ${options})`)
  await link.api.run('CHECKPOINT making')
  await link.api.run('DETACH making')
  await diskFiles.rename(making, join(folder, name))
  await diskFiles.syncDirectory(folder)
}
