import { defineConfig } from 'vitest/config'

// One process for all files (`isolate: false`): no module of ours holds state, so files cannot disturb each other.
// Two workers because the machines we test on have two cores.
// oxlint-disable-next-line import/no-default-export -- vitest reads the default export
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    isolate: false,
    maxWorkers: 2,
    setupFiles: 'test/support/seed.ts',
    globalSetup: 'test/portal/set-up.ts',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
