// Times as the viewer's clock has them. The zone is said once on the page; UTC stands where the pointer rests.
const clock: Intl.DateTimeFormatOptions = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }

export const zoneName = new Intl.DateTimeFormat().resolvedOptions().timeZone

export function formatClock(time: string): string {
  return new Date(time).toLocaleTimeString('en-GB', clock)
}

export function formatDay(time: string, language: string): string {
  return new Date(time).toLocaleDateString(language, {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
  })
}

export function formatMoment(time: string, language: string): string {
  return new Date(time).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })
}

/** A day of the viewer's calendar, as a key. */
export function dayOf(time: string): string {
  const date = new Date(time)
  return `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`
}

/** As a field of time wants it: without a zone, which is the viewer's. */
export function fieldTime(time: string): string {
  const ms = Date.parse(time)
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19)
}

const parts = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** The largest unit of which there are two: `40 hours`, not two days. */
export function formatSpan(ms: number, language: string): string {
  const [unit, size] = parts.find(([, size]) => ms >= 2 * size) ?? parts[3]
  const count = Math.round(ms / size)
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(count)
}
