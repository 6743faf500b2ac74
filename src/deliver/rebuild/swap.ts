// The moment at which a rebuilt warehouse takes the place of the present one. Two renames can't be one, so a marker says
// that both are due: a start that finds it does what is left of them, in the same order.
//
//   rebuild/ready written ─▶ verdicts renamed ─▶ warehouse file renamed ─▶ rebuild/ removed
import { join } from 'node:path'

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

/** `install` renames the rebuilt file over the present one and opens it. Nobody holds verdict files meanwhile. */
export async function swapWarehouse(
  data: string,
  warehouseFileName: string,
  install: (rebuiltFile: string) => Promise<void>,
  deps: SwapDeps,
): Promise<void> {
  const places = placesOf(data, warehouseFileName)
  await writeFileAtomic(deps.files, places.marker, '')
  await swapVerdicts(data, places, deps)
  await install(places.rebuiltFile)
  await deps.removeFolder(places.work)
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
