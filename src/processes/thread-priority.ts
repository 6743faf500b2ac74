// Queries of people run on the process's pool threads, a dozen at a time. The loader's own threads (the main thread that
// appends, the worker that shapes) would get a tenth of a core beside them. So the pool gets the lower priority: with
// idle cores it changes nothing, with busy ones fresh rows come before heavy questions. Linux only: there a thread has a
// priority of its own, and lowering it needs no rights.
import { readdir, readFile } from 'node:fs/promises'
import { setPriority } from 'node:os'

import { isErrno } from '../core/files.ts'

/** Of 0 … 19. At 10 a pool thread weighs a tenth of a normal one. */
const poolNiceness = 10
const poolThreadName = 'libuv-worker'
const threadsFolder = '/proc/self/task'

/** The pool exists once something asynchronous was done; DuckDB's own threads are born on it and bear its name. */
export async function lowerPoolPriority(): Promise<void> {
  if (process.platform !== 'linux') return
  for (const thread of await readdir(threadsFolder)) {
    if (!(await isPoolThread(thread))) continue
    // setpriority(2) takes a thread's id on Linux, and then means that thread alone.
    setPriority(Number(thread), poolNiceness)
  }
}

async function isPoolThread(thread: string): Promise<boolean> {
  try {
    return (await readFile(`${threadsFolder}/${thread}/comm`, 'utf8')).trim() === poolThreadName
  } catch (error) {
    // It ended between the list and the look.
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return false
    throw error
  }
}
