// Where the two local sockets of a data folder are. Normally `<data>/run/`; a socket's path must stay under about 104
// bytes, so a deep data folder gets a short folder under the system's temp folder, named in `<data>/run/socket-folder`.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { chmod, lstat, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MillpondError } from './errors.ts'
import { isErrno } from './files.ts'

/** macOS takes 103 bytes, Linux 107; both minus room for a suffix. */
const pathBytesMax = 100

export interface SocketPaths {
  /** `<data>/run`: pids and, normally, the sockets. */
  readonly runFolder: string
  /** The folder that holds both sockets. */
  readonly socketFolder: string
  /** Carries what intake pipes to the engine; grants nothing. */
  readonly http: string
  /** The command line's. */
  readonly admin: string
}

/** Reads at most one small file, and only if the data folder's path is long. */
export function socketPaths(dataFolder: string): SocketPaths {
  const runFolder = join(dataFolder, 'run')
  const fits = Buffer.byteLength(join(runFolder, 'admin.sock')) <= pathBytesMax
  const socketFolder = fits ? runFolder : (namedFolder(runFolder) ?? shortFolder(dataFolder))
  return {
    runFolder,
    socketFolder,
    http: join(socketFolder, 'http.sock'),
    admin: join(socketFolder, 'admin.sock'),
  }
}

/** Makes the folders, 0700, before anything listens. Error: setting-invalid if somebody else owns the short folder. */
export async function makeSocketFolder(paths: SocketPaths): Promise<void> {
  await mkdir(paths.runFolder, { recursive: true, mode: 0o700 })
  await chmod(paths.runFolder, 0o700)
  if (paths.socketFolder === paths.runFolder) return
  await mkdir(paths.socketFolder, { recursive: true, mode: 0o700 })
  // The temp folder is everybody's: a folder that another user made there first would let them answer for us.
  const found = await lstat(paths.socketFolder)
  const own = process.getuid?.() ?? found.uid
  if (!found.isDirectory() || found.uid !== own || (found.mode & 0o077) !== 0) {
    throw new MillpondError(
      'setting-invalid',
      `The socket folder ${paths.socketFolder} belongs to somebody else. Choose a data folder with a shorter path`,
    )
  }
  await writeFile(join(paths.runFolder, 'socket-folder'), `${paths.socketFolder}\n`, { mode: 0o600 })
}

function namedFolder(runFolder: string): string | undefined {
  try {
    const name = readFileSync(join(runFolder, 'socket-folder'), 'utf8').trim()
    return name === '' ? undefined : name
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}

function shortFolder(dataFolder: string): string {
  const name = `millpond-${createHash('sha256').update(dataFolder).digest('hex').slice(0, 12)}`
  const folder = join(tmpdir(), name)
  return Buffer.byteLength(join(folder, 'admin.sock')) <= pathBytesMax ? folder : join('/tmp', name)
}
