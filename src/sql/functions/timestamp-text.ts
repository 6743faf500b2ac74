// Reads a timestamp as people write it: `2024-1-3 4:05:06.5 America/New_York`. Constant texts never come here, the compiler reads them.
import { daysFrom } from './civil-time.ts'

const form =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,9}))?)?(?:([Zz])|([+-]\d{1,2}(?::?\d{1,2})?)| ([A-Za-z][A-Za-z0-9_+/-]*(?::\d{2})?))?$/

/** Local micros since 1970; behind a space the zone, if the text names one. */
export function readTimestamp(input: string, mayHaveZone: boolean): string {
  const match = form.exec(input)
  const [, year = '', month = '', day = '', hour = '0', minute = '0', second = '0', fraction = '', zulu, offset, name] =
    match ?? []
  const days = daysFrom(Number(year), Number(month), Number(day))
  const isDate =
    Number(month) >= 1 &&
    Number(month) <= 12 &&
    Number(year) > 0 &&
    new Date(days * 86_400_000).getUTCDate() === Number(day)
  if (match === null || !isDate || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) {
    throw new Error(`Invalid timestamp: '${input}'`)
  }
  const zone = zulu === undefined ? (offset ?? name) : '+00:00'
  if (zone !== undefined && !mayHaveZone) throw new Error(`Timezone is not allowed in "${input}"`)
  const seconds = BigInt(days) * 86_400n + BigInt(Number(hour) * 3600 + Number(minute) * 60 + Number(second))
  const micros = seconds * 1_000_000n + BigInt(fraction.slice(0, 6).padEnd(6, '0'))
  return zone === undefined ? String(micros) : `${micros} ${zone}`
}
