// Once before all tests: the portal is built, and the browser unpacked (workers that do it at the same time read half a file).
import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { promisify } from 'node:util'

import { browserPath, whyNoBrowserHere } from './browser-path.ts'

const root = resolve(import.meta.dirname, '../..')

export async function setup(): Promise<void> {
  await promisify(execFile)(process.execPath, ['build-web.ts'], { cwd: root })
  if (whyNoBrowserHere() === undefined) await browserPath()
}
