// Opens made.duckdb: the one file of the engine that has a write-ahead log, because nothing else keeps what is in it.
import { copyFile, rename, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'

import { messageOf, MillpondError } from '../../core/errors.ts'
import { pathExists } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { MadeCatalog } from '../session.ts'
import type { Link } from './link.ts'
import { booksSql, madeCatalogName, readMadeCatalog } from './made-catalog.ts'
import { quoteText } from './names.ts'
import { createFile } from './new-file.ts'

export const madeFile = 'made.duckdb'

/** Before the doors are shut. Errors: warehouse-unreadable, data-locked. */
export async function attachMade(link: Link, folder: string, log: Log): Promise<MadeCatalog> {
  const path = join(folder, madeFile)
  try {
    if (!(await pathExists(path))) {
      await setLogAside(path)
      await createFile(link, folder, madeFile, 'ROW_GROUP_SIZE 122880')
    }
    await attachFile(link, path, log)
    await link.api.run(booksSql)
    if (await hasLog(path)) await link.api.run(`CHECKPOINT ${madeCatalogName}`)
    return await readMadeCatalog(link)
  } catch (error) {
    const isOpenElsewhere = messageOf(error).includes('Could not set lock')
    throw new MillpondError(
      isOpenElsewhere ? 'data-locked' : 'warehouse-unreadable',
      `The tables that people made can't be opened: ${path}: ${messageOf(error)}`,
      { cause: error },
    )
  }
}

/** Length and checksum of an entry of the log; what the engine calls its position is behind them. */
const entryHeadBytes = 16

async function attachFile(link: Link, path: string, log: Log): Promise<void> {
  const sql = `ATTACH ${quoteText(path)} AS ${madeCatalogName}`
  try {
    await link.api.run(sql)
  } catch (error) {
    const position = /Corrupt WAL file: entry at byte position (\d+)/.exec(messageOf(error))?.[1]
    if (position === undefined) throw error
    await cutLog(`${path}.wal`, Number(position) - entryHeadBytes, log)
    await link.api.run(sql)
  }
}

/**
 * A power cut may leave any bytes behind what was synced. A commit is answered after its sync, so those belong to nobody; should
 * it be a fault of the disk instead, the whole log is kept for whoever misses something.
 */
async function cutLog(path: string, bytes: number, log: Log): Promise<void> {
  const aside = `${path}.torn`
  await copyFile(path, aside)
  await truncate(path, bytes)
  log.warn(
    { file: aside, bytes },
    'The log of made tables was torn at its end; it is kept aside, and what was whole is used',
  )
}

/** A log without its file belongs to one that somebody took away: it must not be played into a new one. */
async function setLogAside(path: string): Promise<void> {
  if (await pathExists(`${path}.wal`)) await rename(`${path}.wal`, `${path}.wal.unused`)
}

async function hasLog(path: string): Promise<boolean> {
  return (await pathExists(`${path}.wal`)) && (await stat(`${path}.wal`)).size > 0
}
