// When a schedule runs, as people say it: every day at 02:30. Cron is what is kept; what is said is read out of it.
export const rhythms = ['hourly', 'daily', 'weekdays', 'weekly', 'monthly'] as const
export type Rhythm = (typeof rhythms)[number]

export interface When {
  readonly rhythm: Rhythm
  /** `02:30`; of every hour only the minutes count. */
  readonly time: string
  /** 0 is Sunday. Of every week. */
  readonly weekday: number
  /** Of every month. */
  readonly day: number
}

export const firstWhen: When = { rhythm: 'daily', time: '02:30', weekday: 1, day: 1 }

export function cronOf({ rhythm, time, weekday, day }: When): string {
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  switch (rhythm) {
    case 'hourly':
      return `${minute} * * * *`
    case 'daily':
      return `${minute} ${hour} * * *`
    case 'weekdays':
      return `${minute} ${hour} * * 1-5`
    case 'weekly':
      return `${minute} ${hour} * * ${weekday}`
    case 'monthly':
      return `${minute} ${hour} ${day} * *`
  }
}

/** undefined: it can't be said so simply. */
export function whenOf(cron: string): When | undefined {
  const fields = /^(\d{1,2}) (\d{1,2}|\*) (\d{1,2}|\*) \* (\d|1-5|\*)$/.exec(cron.trim().replace(/\s+/g, ' '))
  if (fields === null) return undefined
  const [, minute = '', hour = '', day = '', weekday = ''] = fields
  const clock = `${(hour === '*' ? '0' : hour).padStart(2, '0')}:${minute.padStart(2, '0')}`
  const when = { ...firstWhen, time: clock }
  if (Number(minute) > 59 || (hour !== '*' && Number(hour) > 23)) return undefined
  if (hour === '*') return day === '*' && weekday === '*' ? { ...when, rhythm: 'hourly' } : undefined
  if (day !== '*') {
    const isDay = Number(day) >= 1 && Number(day) <= 31 && weekday === '*'
    return isDay ? { ...when, rhythm: 'monthly', day: Number(day) } : undefined
  }
  if (weekday === '*') return { ...when, rhythm: 'daily' }
  if (weekday === '1-5') return { ...when, rhythm: 'weekdays' }
  return Number(weekday) <= 6 ? { ...when, rhythm: 'weekly', weekday: Number(weekday) } : undefined
}

/** A moment by the clocks of a zone. */
export function timeIn(iso: string, zone: string): string {
  try {
    return new Date(iso).toLocaleString('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  } catch {
    // Somebody is still typing the zone.
    return iso.slice(0, 16).replace('T', ' ')
  }
}
