// An engine whose intake was killed ends itself; one that hangs in native code may not. A new start ends it, but only
// after making sure that the pid still is that process.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

import { diskFiles, isErrno } from '../core/files.ts'
import type { Log } from '../core/log.ts'

const run = promisify(execFile)
const pollMs = 20
const pollsMax = 250

/** When a process began, in the system's own words; undefined if there is no such process. */
export async function processStartTime(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
      // Field 22; the second field is the command in brackets and may hold spaces.
      return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    } catch {
      // No such process, which is the answer.
      return undefined
    }
  }
  return processField(pid, 'lstart')
}

async function processCommand(pid: number): Promise<string | undefined> {
  return processField(pid, 'command')
}

async function processField(pid: number, field: string): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', `${field}=`, '-p', String(pid)])
    return stdout.trim() || undefined
  } catch {
    // ps fails for a pid that is gone, which is the answer.
    return undefined
  }
}

/** Ends the engine named in run/engine.json if it still runs. Must be called with the data lock held. */
export async function endOrphanEngine(runFolder: string, log: Log): Promise<void> {
  const content = await diskFiles.readAll(join(runFolder, 'engine.json'))
  if (content === undefined) return
  const entry = parseEntry(Buffer.from(content).toString())
  if (entry === undefined || (await processStartTime(entry.pid)) !== entry.startTime) return
  if (!(await isEngine(entry.pid))) return
  log.warn({ pid: entry.pid }, 'An engine was left over from an earlier start; it is ended.')
  try {
    process.kill(entry.pid, 'SIGKILL')
  } catch (error) {
    // It ended between the look and the signal.
    if (isErrno(error, 'ESRCH')) return
    throw error
  }
  for (let poll = 0; poll < pollsMax && (await processStartTime(entry.pid)) === entry.startTime; poll += 1)
    await delay(pollMs)
}

async function isEngine(pid: number): Promise<boolean> {
  const command =
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)) ?? (await processCommand(pid)) ?? ''
  return /engine\.(ts|js)/.test(command)
}

function parseEntry(text: string): { pid: number; startTime: string } | undefined {
  try {
    const entry: unknown = JSON.parse(text)
    if (typeof entry !== 'object' || entry === null) return undefined
    if (!('pid' in entry) || typeof entry.pid !== 'number') return undefined
    if (!('startTime' in entry) || typeof entry.startTime !== 'string') return undefined
    return { pid: entry.pid, startTime: entry.startTime }
  } catch {
    // Written atomically by us; if it is unreadable, somebody else wrote it and names no process of ours.
    return undefined
  }
}
