// The Python of this machine, for tests that are optional: with what they import, or with why they are left out.
import { execFileSync } from 'node:child_process'

export const python = process.env['TEST_PYTHON'] ?? 'python3'

/** The last line of what Python says; undefined: it can import all of them. `modules`: as behind `import`. */
export function whyMissing(modules: string): string | undefined {
  try {
    execFileSync(python, ['-c', `import ${modules}`], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return String((error as { stderr?: Buffer }).stderr ?? error)
      .trim()
      .split('\n')
      .at(-1)
  }
}
