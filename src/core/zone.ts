// Local days and times of a zone, from the runtime's own copy of the tz database.

const minuteMs = 60_000
const hourMs = 3_600_000
const quarterMs = 900_000
const formatters = new Map<string, Intl.DateTimeFormat>()
/** The runtime takes a third of a millisecond to say one. */
const offsets = new Map<string, number>()
const offsetsMax = 50_000

/** IANA names, and UTC. */
export function isZone(name: string): boolean {
  // Offsets ("+08:00") have no changes of time, and cron libraries know them differently.
  if (!/^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name)) return false
  try {
    formatterOf(name)
    return true
  } catch {
    return false
  }
}

function formatterOf(zone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
    formatter = new Intl.DateTimeFormat('en-US', {
      ...numeric,
      timeZone: zone,
      second: 'numeric',
      calendar: 'gregory',
      hourCycle: 'h23',
    })
    formatters.set(zone, formatter)
  }
  return formatter
}

/** What a clock on the wall shows, as if it were UTC. */
export function wallMs(ms: number, zone: string): number {
  return ms + offsetMs(ms, zone)
}

/** East of Greenwich. Clocks change at whole quarters of an hour, so one answer serves for all of it. */
export function offsetMs(ms: number, zone: string): number {
  const quarter = Math.floor(ms / quarterMs)
  const key = `${zone} ${quarter}`
  const found = offsets.get(key)
  if (found !== undefined) return found
  if (offsets.size >= offsetsMax) offsets.clear()
  const offset = askOffset(quarter * quarterMs, zone)
  offsets.set(key, offset)
  return offset
}

function askOffset(ms: number, zone: string): number {
  const part = Object.fromEntries(
    formatterOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) - ms
}

/** `2026-03-01`. */
export function dateIn(ms: number, zone: string): string {
  return dateText(wallMs(ms, zone))
}

export function dateText(wall: number): string {
  return new Date(wall).toISOString().slice(0, 10)
}

/** The first moment at which the clock on the wall shows this or later: what comes twice comes first, what is left out behind it. */
export function instantOf(wall: number, zone: string): number {
  // No change of time is longer than a day, and between two of them lie weeks.
  const around = [wall - 26 * hourMs, wall + 26 * hourMs]
  const offsets = around.map((ms) => offsetMs(ms, zone)).sort((a, b) => b - a)
  const found = offsets.map((offset) => wall - offset).find((ms) => wallMs(ms, zone) === wall)
  if (found !== undefined) return found
  return firstMinute(wall - 26 * hourMs, wall + 26 * hourMs, (ms) => wallMs(ms, zone) >= wall)
}

/** The first whole minute in (from, until] from which on `isBehind` holds. */
export function firstMinute(fromMs: number, untilMs: number, isBehind: (ms: number) => boolean): number {
  let [low, high] = [Math.floor(fromMs / minuteMs), Math.ceil(untilMs / minuteMs)]
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2)
    if (isBehind(middle * minuteMs)) high = middle
    else low = middle
  }
  return high * minuteMs
}

/** The moment at which a day begins. */
export function startOfDay(date: string, zone: string): number {
  return instantOf(Date.parse(`${date}T00:00:00Z`), zone)
}
