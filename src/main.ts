// The command line. Only wires: commands stand in cli/, the server in intake.ts, which loads when `start` asks for it.
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'

import { runCli } from './cli/program.ts'
import { millpondVariables } from './config/env.ts'
import { systemClock } from './core/clock.ts'

/** Runs one command line, without node and script; resolves when it is done and sets the process's exit code. */
export async function main(words: readonly string[]): Promise<void> {
  // `millpond query … | head` closes the pipe early: that is an end, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(0)
  })
  const packageFile: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.exitCode = await runCli(words, {
    stdout: process.stdout,
    stderr: process.stderr,
    readStdin: async () => await text(process.stdin),
    workingFolder: process.cwd(),
    variables: millpondVariables(),
    version: (packageFile as { version: string }).version,
    clock: systemClock,
    wait: async (ms) => {
      await wait(ms)
    },
    async runIntake(settings) {
      const { runIntake } = await import('./intake.ts')
      await runIntake(settings)
    },
    async *rebuildOffline(settings, request) {
      const { rebuildOffline } = await import('./rebuild-offline.ts')
      yield* rebuildOffline(settings, request)
    },
    async *backupOffline(settings, request) {
      const { backupOffline } = await import('./backup-offline.ts')
      yield* backupOffline(settings, request)
    },
    async *restoreOffline(settings, request) {
      const { restoreOffline } = await import('./restore-offline.ts')
      yield* restoreOffline(settings, request)
    },
  })
}
