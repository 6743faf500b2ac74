// Runs scripts on a real Millpond, as the portal does: rows of the last query, or what went wrong.
import { expect, test } from 'vitest'

import type { Millpond } from './millpond.ts'

/** Rows of the last query, or the error's text. */
export async function runScript(millpond: Millpond, sql: string): Promise<unknown> {
  const response = await millpond.api('/api/query', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql, useCache: false }),
  })
  const lines = (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const failed = lines.find((line) => 'error' in line)
  if (failed !== undefined) return errorText(failed['error'])
  return lines.filter((line) => 'row' in line).map((line) => line['row'])
}

function errorText(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return JSON.stringify(error)
}

/** A text: the error holds it. */
export type ScriptCase = readonly [title: string, sql: string, expected: unknown]

/** In order, on one Millpond: later cases may read what earlier ones made. */
export function scriptCases(millpond: () => Millpond, list: readonly ScriptCase[]): void {
  test.each(list)('%s', async (_, sql, expected) => {
    const found = await runScript(millpond(), sql)
    if (typeof expected === 'string') expect(found).toEqual(expect.stringContaining(expected))
    else expect(found).toEqual(expected)
  })
}
