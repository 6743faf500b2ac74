// A small demo company in a temporary folder, and a browser whose administrator is signed in: for pictures, and for measuring.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { type Browser, chromium } from 'playwright-core'

import { createAdminClient } from '../../src/cli/admin-client.ts'
import { socketPaths } from '../../src/core/socket-paths.ts'
import { plainEnvironment } from '../../test/app/cli-support.ts'
import { browserPath } from '../../test/portal/browser-path.ts'
import { browserArguments } from '../../test/portal/browser.ts'
import { firstAnswer, freePort, type Millpond, startMillpond } from '../../test/support/millpond.ts'

export interface Visit {
  readonly pond: Millpond
  readonly token: string
  readonly browser: Browser
  /** Of the browser, for tools that want to drive it themselves. */
  readonly debuggingPort: number
  end(): Promise<void>
}

export async function visitDemo(days = 7, households = 120): Promise<Visit> {
  const data = await mkdtemp(join(tmpdir(), 'millpond-visit-'))
  await fillDemo(data, days, households)
  const pond = await startMillpond({ data, waitForEngine: false })
  const client = await createAdminClient(socketPaths(data).admin)
  const asked = async (): Promise<unknown> => client.call('POST', '/api/tokens', { name: 'visit' })
  const { token } = (await firstAnswer(asked, 20_000, pond.output)) as { readonly token: string }
  await client.close()
  const debuggingPort = await freePort()
  const browser = await chromium.launch({
    executablePath: await browserPath(),
    args: [...browserArguments, `--remote-debugging-port=${debuggingPort}`],
  })
  return {
    pond,
    token,
    browser,
    debuggingPort,
    async end() {
      await browser.close()
      await pond.stop()
      await rm(data, { recursive: true, force: true })
    },
  }
}

async function fillDemo(data: string, days: number, households: number): Promise<void> {
  const words = ['--data', data, '--days', String(days), '--households', String(households), '--no-live']
  const demo = spawn(process.execPath, [resolve(import.meta.dirname, '../run.ts'), ...words], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: plainEnvironment({ MILLPOND_HTTP_PORT: '0', MILLPOND_FORWARD_PORT: '0', MILLPOND_POSTGRES_PORT: '0' }),
  })
  const [code] = (await once(demo, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The demo ended with ${code ?? 'a signal'}.`)
}
