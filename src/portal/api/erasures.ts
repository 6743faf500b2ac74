// The receipt of each erasure: what is done, and what somebody must still see to. Whose it was stands here by hashes only.
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { isoTime } from '../../core/clock.ts'
import { manifestName } from '../../deliver/backup/manifest.ts'
import type { ApiDeps } from './api.ts'

const ask = z.strictObject({
  destination: z.string(),
  state: z.enum(['waiting', 'asked', 'not-asked', 'given-up']),
  /** Why it wasn't asked, or what it said last. */
  note: z.string(),
  attempts: z.number(),
  settledAt: z.string().nullable(),
})

const backup = z.strictObject({
  folder: z.string(),
  createdAt: z.string(),
  /** `moved`: it is not where it was made; if it wasn't removed, it still holds the person. */
  state: z.enum(['there', 'moved']),
})

const erasure = z.strictObject({
  id: z.string(),
  erasedAt: z.string(),
  dataset: z.string().nullable(),
  persons: z.array(z.string()),
  rows: z.number(),
  archive: z.enum(['pending', 'done']),
  destinations: z.array(ask),
  /** Made before it. */
  backups: z.array(backup),
})

export const erasuresAnswer = z.strictObject({ erasures: z.array(erasure) })
type ErasureAnswer = z.infer<typeof erasure>

export async function erasuresOf({ control, rewrittenUntilMicros }: ApiDeps): Promise<ErasureAnswer[]> {
  const untilMicros = await rewrittenUntilMicros()
  const backups = await Promise.all(
    control.erasures.backups().map(async ({ folder, createdAtMicros }) => {
      const state = (await isThere(join(folder, manifestName))) ? ('there' as const) : ('moved' as const)
      return { createdAtMicros, shown: { folder, createdAt: isoTime(createdAtMicros), state } }
    }),
  )
  return control.erasures.list().map(({ erasedAtMicros, asks, ...record }) => ({
    id: record.id,
    erasedAt: isoTime(erasedAtMicros),
    dataset: record.dataset,
    persons: [...record.persons],
    rows: record.rows,
    archive: erasedAtMicros <= untilMicros ? 'done' : 'pending',
    destinations: asks.map(({ settledAtMicros, ...one }) => ({
      ...one,
      settledAt: settledAtMicros === null ? null : isoTime(settledAtMicros),
    })),
    backups: backups.filter((one) => one.createdAtMicros < erasedAtMicros).map(({ shown }) => shown),
  }))
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
