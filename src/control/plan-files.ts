// Tracking plans in SQLite, and as files that the screen reads: a file for each version, written before the version is in force, so that a
// record that names one always finds it. Opening control writes files that are missing (a restored folder).
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'

import { type Files, writeFileAtomic } from '../core/files.ts'
import { planFileName, plansFolderName, type TrackingPlan } from '../core/tracking-plan.ts'

export interface PlanVersion {
  readonly version: number
  readonly plan: TrackingPlan
  /** Id of a principal. */
  readonly savedBy: string
  readonly savedAtMicros: number
}

export class PlanFiles {
  readonly #database: DatabaseSync
  readonly #files: Files
  readonly #folder: string

  constructor(database: DatabaseSync, files: Files, dataFolder: string) {
    this.#database = database
    this.#files = files
    this.#folder = join(dataFolder, plansFolderName)
  }

  /** Newest first. */
  versions(source: string): PlanVersion[] {
    const rows = this.#database
      .prepare('SELECT version, plan, saved_by, saved_at FROM tracking_plans WHERE source = ? ORDER BY version DESC')
      .all(source)
    return rows.map((row) => ({
      version: Number(row['version']),
      plan: JSON.parse(String(row['plan'])) as TrackingPlan,
      savedBy: String(row['saved_by']),
      savedAtMicros: Number(row['saved_at']),
    }))
  }

  told(source: string): { readonly inForce: number | undefined; readonly versions: readonly PlanVersion[] } {
    const row = this.#database.prepare('SELECT plan FROM sources WHERE source = ?').get(source)
    const plan = row?.['plan']
    return { inForce: typeof plan === 'number' ? plan : undefined, versions: this.versions(source) }
  }

  /** Within somebody's transaction. Undefined: none is in force. */
  put(source: string, version: PlanVersion | undefined): void {
    if (version !== undefined)
      this.#database
        .prepare('INSERT INTO tracking_plans (source, version, plan, saved_by, saved_at) VALUES (?, ?, ?, ?, ?)')
        .run(source, version.version, JSON.stringify(version.plan), version.savedBy, version.savedAtMicros)
    this.#database.prepare('UPDATE sources SET plan = ? WHERE source = ?').run(version?.version ?? null, source)
  }

  async write(source: string, version: number, plan: TrackingPlan): Promise<void> {
    await this.#files.makeFolder(this.#folder)
    await writeFileAtomic(this.#files, join(this.#folder, planFileName(source, version)), JSON.stringify(plan))
  }

  async publish(): Promise<void> {
    const rows = this.#database.prepare('SELECT source, version, plan FROM tracking_plans').all()
    for (const row of rows) {
      const [source, version, plan] = [String(row['source']), Number(row['version']), String(row['plan'])]
      const path = join(this.#folder, planFileName(source, version))
      const found = await this.#files.readAll(path)
      if (found === undefined) await this.write(source, version, JSON.parse(plan) as TrackingPlan)
    }
  }
}
