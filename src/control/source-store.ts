// Sources and write keys: truth in SQLite, a copy for intake in sources.json.
//
// The copy is written first, from a rehearsal of the change (made and rolled back), then the change is committed: when
// sources.json cannot be written nothing has changed, and after a crash in between opening control writes it anew.
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import { type Files, writeFileAtomic } from '../core/files.ts'
import type { TrackingPlan } from '../core/tracking-plan.ts'
import type { Audit } from './audit.ts'
import type { Source, SourcePlatform, SourceState } from './control.ts'
import { PlanFiles, type PlanVersion } from './plan-files.ts'
import { checkSourceName } from './source-name.ts'
import { type KeyEntry, sourcesFileName, type SourcesFile } from './sources-file.ts'
import { transaction } from './transaction.ts'
import { createWriteKey, type Random } from './write-keys.ts'

export interface SourceStoreDeps {
  readonly database: DatabaseSync
  readonly dataFolder: string
  readonly files: Files
  readonly clock: Clock
  readonly random: Random
  readonly checksumSecret: string
  readonly audit: Audit
}

export interface SourceStore {
  readonly list: () => Source[]
  readonly add: (source: string, platform: SourcePlatform) => Promise<Source>
  readonly rotate: (source: string) => Promise<Source>
  readonly setState: (source: string, state: SourceState) => Promise<Source>
  /** Version in force, and all there ever were. Error: source-unknown. */
  readonly plan: (source: string) => { readonly inForce: number | undefined; readonly versions: readonly PlanVersion[] }
  /** A new version, in force from now on; undefined: none is. Error: source-unknown. */
  readonly setPlan: (source: string, plan: TrackingPlan | undefined, by: string) => Promise<number | undefined>
  /** Writes sources.json if it is not what SQLite says. */
  readonly publish: () => Promise<void>
  /** Resolves when no change is under way. */
  readonly settled: () => Promise<void>
}

const currentSources = `
  SELECT s.source, s.platform, s.state, s.created_at AS createdAtMicros, k.write_key AS writeKey
  FROM sources s JOIN write_keys k ON k.source = s.source AND k.rotated_at IS NULL
  ORDER BY s.source`

const allKeys = `
  SELECT k.write_key AS writeKey, s.source, s.platform, s.plan,
    CASE WHEN k.rotated_at IS NOT NULL THEN 'rotated' ELSE s.state END AS state
  FROM write_keys k JOIN sources s ON s.source = k.source
  ORDER BY k.issued_at, k.write_key`

const retireKey = 'UPDATE write_keys SET rotated_at = ? WHERE source = ? AND rotated_at IS NULL'

export function createSourceStore(deps: SourceStoreDeps): SourceStore {
  const { database, files, clock, random, checksumSecret, audit } = deps
  const path = join(deps.dataFolder, sourcesFileName)
  const plans = new PlanFiles(database, files, deps.dataFolder)
  let published: string | undefined
  let queue: Promise<unknown> = Promise.resolve()

  async function write(content: string): Promise<void> {
    if (content === published) return
    published = undefined
    await writeFileAtomic(files, path, content)
    published = content
  }

  /** One change after the other: `apply` runs twice and must do the same both times. */
  async function change(source: string, apply: () => void): Promise<Source> {
    const step = queue.then(async () => {
      const content = transaction(database, 'ROLLBACK', () => {
        apply()
        return fileContent(database, checksumSecret)
      })
      await write(content)
      transaction(database, 'COMMIT', apply)
      return findSource(database, source)
    })
    queue = step.catch(() => undefined)
    return await step
  }

  return {
    list: () => listSources(database),
    async add(source, platform) {
      checkSourceName(source)
      const writeKey = createWriteKey(random, checksumSecret)
      const nowMicros = clock.nowMicros()
      return await change(source, () => {
        insertSource(database, source, platform, nowMicros)
        insertKey(database, source, writeKey, nowMicros)
        audit.add('source.add', source, { platform })
      })
    },
    async rotate(source) {
      const writeKey = createWriteKey(random, checksumSecret)
      const nowMicros = clock.nowMicros()
      return await change(source, () => {
        findSource(database, source)
        database.prepare(retireKey).run(nowMicros, source)
        insertKey(database, source, writeKey, nowMicros)
        audit.add('source.rotate', source)
      })
    },
    async setState(source, state) {
      return await change(source, () => {
        findSource(database, source)
        database.prepare('UPDATE sources SET state = ? WHERE source = ?').run(state, source)
        audit.add(state === 'active' ? 'source.enable' : 'source.disable', source)
      })
    },
    plan: (source) => plans.told(findSource(database, source).source),
    setPlan: async (source, plan, by) => setPlan({ ...deps, plans, change }, source, plan, by),
    async publish() {
      await plans.publish()
      const found = await files.readAll(path)
      published = found === undefined ? undefined : Buffer.from(found).toString('utf8')
      await write(fileContent(database, checksumSecret))
    },
    async settled() {
      await queue
    },
  }
}

function listSources(database: DatabaseSync): Source[] {
  return database.prepare(currentSources).all() as unknown as Source[]
}

function findSource(database: DatabaseSync, source: string): Source {
  const found = listSources(database).find((candidate) => candidate.source === source)
  if (found === undefined) throw new MillpondError('source-unknown', `There is no source "${source.slice(0, 80)}"`)
  return found
}

interface PlanDeps extends SourceStoreDeps {
  readonly plans: PlanFiles
  readonly change: (source: string, apply: () => void) => Promise<Source>
}

async function setPlan(
  { database, clock, audit, plans, change }: PlanDeps,
  source: string,
  plan: TrackingPlan | undefined,
  by: string,
): Promise<number | undefined> {
  findSource(database, source)
  const version = plan && (plans.versions(source)[0]?.version ?? 0) + 1
  // First, so that a record that names it finds it.
  if (plan !== undefined && version !== undefined) await plans.write(source, version, plan)
  const savedAtMicros = clock.nowMicros()
  await change(source, () => {
    plans.put(source, plan && { version: version ?? 0, plan, savedBy: by, savedAtMicros })
    audit.add('source.plan', source, { version: version ?? null })
  })
  return version
}

function insertSource(database: DatabaseSync, source: string, platform: SourcePlatform, nowMicros: number): void {
  if (listSources(database).some((other) => other.source === source)) {
    throw new MillpondError('source-exists', `There is a source "${source}" already`)
  }
  const statement = "INSERT INTO sources (source, platform, state, created_at) VALUES (?, ?, 'active', ?)"
  database.prepare(statement).run(source, platform, nowMicros)
}

function insertKey(database: DatabaseSync, source: string, writeKey: string, nowMicros: number): void {
  const statement = 'INSERT INTO write_keys (write_key, source, issued_at) VALUES (?, ?, ?)'
  database.prepare(statement).run(writeKey, source, nowMicros)
}

function fileContent(database: DatabaseSync, checksumSecret: string): string {
  const rows = database.prepare(allKeys).all() as unknown as (KeyEntry & { plan: number | null })[]
  const keys = rows.map(({ plan, ...key }): KeyEntry => (plan === null ? key : { ...key, plan }))
  const content: SourcesFile = { version: 1, checksumSecret, keys }
  return `${JSON.stringify(content)}\n`
}
