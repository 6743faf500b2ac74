// Times and sizes as people read them in a terminal.

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

export function bytesText(bytes: number): string {
  for (const [unit, size] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(bytes / size < 10 ? 1 : 0)} ${unit}`
  }
  return `${bytes} bytes`
}
