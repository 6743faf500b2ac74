// Times as people read them in a terminal.

/** `2026-03-01 12:30:05Z`; undefined and null give null. */
export function shortTime(micros: number | null | undefined): string | null {
  if (micros === null || micros === undefined) return null
  const date = new Date(micros / 1000)
  return Number.isNaN(date.getTime())
    ? null
    : date
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, 'Z')
}
