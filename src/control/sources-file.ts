// The door of control for intake: sources.json, every key ever issued with its state. Intake reads nothing else.
// The engine replaces the file in one rename; a directory notices by looking at the file's identity when it is asked,
// at most every `checkIntervalMs`. Nobody asks, nobody looks: an idle intake does nothing.
import { readFileSync, statSync } from 'node:fs'

import { type Clock, systemClock } from '../core/clock.ts'
import { MillpondError, messageOf } from '../core/errors.ts'
import { isErrno } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { SourcePlatform } from './control.ts'
import { isOwnWriteKey, looksLikeWriteKey } from './write-keys.ts'

/** A changed state of a known key counts after this time at the latest. */
const checkIntervalMs = 500
/** A key that is not listed may have been made a moment ago: look again sooner, but not for every guess of a stranger. */
const missIntervalMs = 50

export const sourcesFileName = 'sources.json'

export type KeyVerdict =
  | {
      readonly kind: 'listed'
      readonly source: string
      readonly platform: SourcePlatform
      readonly state: 'active' | 'disabled' | 'rotated'
      /** Version of the tracking plan in force. */
      readonly plan?: number
    }
  /** Well-formed, checksum right: issued by this installation, but not in the list. Never refused, always quarantined. */
  | { readonly kind: 'unlisted' }
  /** Never issued by us. */
  | { readonly kind: 'foreign' }

export interface KeyDirectory {
  lookup(writeKey: string): KeyVerdict
}

export interface ReloadableKeyDirectory extends KeyDirectory {
  /** Looks at the file now. False: it is absent or unreadable, and the last good list stays. */
  reload(): boolean
}

export interface KeyEntry {
  readonly writeKey: string
  readonly source: string
  readonly platform: SourcePlatform
  readonly state: 'active' | 'disabled' | 'rotated'
  /** Version of the source's tracking plan in force; absent: none is. */
  readonly plan?: number
}

/** The content of sources.json. */
export interface SourcesFile {
  readonly version: 1
  readonly checksumSecret: string
  readonly keys: readonly KeyEntry[]
}

export interface KeyDirectoryDeps {
  readonly clock?: Clock
  readonly log?: Log
}

interface Loaded {
  readonly checksumSecret: string
  readonly verdicts: ReadonlyMap<string, KeyVerdict>
}

/** Works without the file too: until it is there every key of the right shape counts as unlisted, so nothing is lost. */
export function openKeyDirectory(path: string, deps: KeyDirectoryDeps = {}): ReloadableKeyDirectory {
  const { clock = systemClock, log } = deps
  let loaded: Loaded | undefined
  let identity = ''
  let lastCheckMs = clock.monotonicMs()
  let complained = false

  function reload(): boolean {
    lastCheckMs = clock.monotonicMs()
    try {
      const found = identityOf(path)
      if (found === identity && loaded !== undefined) return true
      loaded = index(readSourcesFile(path))
      identity = found
      complained = false
      return true
    } catch (error) {
      // Before the first start of the engine there is none yet.
      const isNew = loaded === undefined && isErrno(error, 'ENOENT')
      if (!complained && !isNew) {
        log?.error({ err: error }, 'sources.json cannot be read; the last good list of write keys stays.')
        complained = true
      }
      return false
    }
  }

  reload()
  return {
    reload,
    lookup(writeKey) {
      const sinceCheckMs = clock.monotonicMs() - lastCheckMs
      if (sinceCheckMs >= checkIntervalMs) reload()
      const listed = loaded?.verdicts.get(writeKey)
      if (listed !== undefined) return listed
      if (!looksLikeWriteKey(writeKey)) return { kind: 'foreign' }
      if (clock.monotonicMs() - lastCheckMs >= missIntervalMs) {
        reload()
        const found = loaded?.verdicts.get(writeKey)
        if (found !== undefined) return found
      }
      const own = loaded === undefined || isOwnWriteKey(writeKey, loaded.checksumSecret)
      return { kind: own ? 'unlisted' : 'foreign' }
    },
  }
}

/** Every replacement is a new file: its inode or its time of change differ. */
function identityOf(path: string): string {
  const found = statSync(path, { bigint: true })
  return `${found.dev}:${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`
}

/** Reads sources.json. Error: setting-invalid, naming the path. */
export function readSourcesFile(path: string): SourcesFile {
  const content = parseJson(readFileSync(path, 'utf8'), path)
  if (isSourcesFile(content)) return content
  throw new MillpondError('setting-invalid', `${path} is not a list of write keys`)
}

function index(content: SourcesFile): Loaded {
  const verdicts = new Map<string, KeyVerdict>()
  for (const { writeKey, source, platform, state, plan } of content.keys) {
    const inForce = plan === undefined ? {} : { plan }
    verdicts.set(writeKey, Object.freeze({ kind: 'listed', source, platform, state, ...inForce }))
  }
  return { checksumSecret: content.checksumSecret, verdicts }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new MillpondError('setting-invalid', `${path} is not JSON (${messageOf(error)})`, { cause: error })
  }
}

function isSourcesFile(content: unknown): content is SourcesFile {
  if (typeof content !== 'object' || content === null) return false
  const { version, checksumSecret, keys } = content as Partial<Record<string, unknown>>
  return version === 1 && typeof checksumSecret === 'string' && checksumSecret !== '' && Array.isArray(keys)
}
