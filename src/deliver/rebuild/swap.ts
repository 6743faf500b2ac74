// The moment at which a rebuilt warehouse takes the place of the present one. Two renames can't be one, so a marker says
// that both are due: a start that finds it does what is left of them, in the same order.
//
//   rebuild/ready written ─▶ verdicts renamed ─▶ warehouse file renamed ─▶ rebuild/ removed
//                                    │ fails            │ fails
//                                    └──────────────────┴──▶ verdicts renamed back ─▶ ready removed ─▶ the failure told
//                                                                   └ fails ─▶ SwapPending: rebuild/ stays for the next start
import { join } from 'node:path'

import { messageOf, MillpondError } from '../../core/errors.ts'
import { type Files, pathExists, writeFileAtomic } from '../../core/files.ts'
import { rebuildFolder } from './job.ts'

interface Places {
  readonly work: string
  readonly marker: string
  readonly verdicts: string
  readonly rebuiltVerdicts: string
  readonly formerVerdicts: string
  readonly warehouseFile: string
  readonly rebuiltFile: string
}

function placesOf(data: string, warehouseFileName: string): Places {
  const work = rebuildFolder(data)
  return {
    work,
    marker: join(work, 'ready'),
    verdicts: join(data, 'verdicts'),
    rebuiltVerdicts: join(work, 'verdicts'),
    formerVerdicts: join(work, 'former-verdicts'),
    warehouseFile: join(data, 'warehouse', warehouseFileName),
    rebuiltFile: join(work, 'warehouse', warehouseFileName),
  }
}

export interface SwapDeps {
  readonly files: Files
  /** Removes a folder with everything in it; missing is fine. */
  readonly removeFolder: (path: string) => Promise<void>
}

/** One of two renames may be done: `rebuild/` must stay as it is, and nothing may be loaded, until a start has ended them. */
class SwapPending extends MillpondError {}

/** True for an error behind which `rebuild/` must not be removed. */
export function isSwapPending(error: unknown): boolean {
  return error instanceof SwapPending
}

/**
 * `install` renames the rebuilt file over the present one and opens it. Nobody holds verdict files meanwhile. Rejects with
 * its error: nothing was swapped if the rebuilt file is still where it was, else everything. See `isSwapPending`.
 */
export async function swapWarehouse(
  data: string,
  warehouseFileName: string,
  install: (rebuiltFile: string) => Promise<void>,
  deps: SwapDeps,
): Promise<void> {
  const places = placesOf(data, warehouseFileName)
  const hasVerdicts = await pathExists(places.rebuiltVerdicts)
  try {
    await writeFileAtomic(deps.files, places.marker, '')
    await swapVerdicts(data, places, deps)
    await install(places.rebuiltFile)
  } catch (error) {
    await undo(data, places, hasVerdicts, deps).catch((undoError: unknown) => {
      const message =
        `The rebuilt tables could not be put in their place (${messageOf(error)}), nor the old ones back ` +
        `(${messageOf(undoError)}): the next start of Millpond ends the swap`
      throw new SwapPending('warehouse-unavailable', message)
    })
    throw error
  }
  await deps.removeFolder(places.work)
}

/** At every moment of it a start could end the swap instead; only without the marker it wouldn't. */
async function undo(data: string, places: Places, hasVerdicts: boolean, { files }: SwapDeps): Promise<void> {
  // The file is in its place, so the new verdicts are in theirs; only what comes behind the renames has failed.
  if (await pathExists(places.rebuiltFile)) {
    if (hasVerdicts && !(await pathExists(places.rebuiltVerdicts))) {
      await files.rename(places.verdicts, places.rebuiltVerdicts)
    }
    if (!(await pathExists(places.verdicts)) && (await pathExists(places.formerVerdicts))) {
      await files.rename(places.formerVerdicts, places.verdicts)
    }
    await files.syncDirectory(data)
  } else await files.syncDirectory(join(data, 'warehouse'))
  await files.remove(places.marker)
  // If power goes and brings the marker back, the next start ends the swap: of both, or of nothing.
  await files.syncDirectory(places.work).catch(() => undefined)
}

/** At a start, before the warehouse is opened: ends a swap that was begun, and removes a rebuild that wasn't ready. */
export async function finishSwap(data: string, warehouseFileName: string, deps: SwapDeps): Promise<void> {
  const places = placesOf(data, warehouseFileName)
  if (await pathExists(places.marker)) {
    await swapVerdicts(data, places, deps)
    if (await pathExists(places.rebuiltFile)) {
      await deps.files.makeFolder(join(data, 'warehouse'))
      await deps.files.rename(places.rebuiltFile, places.warehouseFile)
      await deps.files.syncDirectory(join(data, 'warehouse'))
    }
  }
  await deps.removeFolder(places.work)
}

async function swapVerdicts(data: string, places: Places, { files }: SwapDeps): Promise<void> {
  if (!(await pathExists(places.rebuiltVerdicts))) return
  if ((await pathExists(places.verdicts)) && !(await pathExists(places.formerVerdicts))) {
    await files.rename(places.verdicts, places.formerVerdicts)
  }
  await files.rename(places.rebuiltVerdicts, places.verdicts)
  await files.syncDirectory(data)
  await files.syncDirectory(places.work)
}
