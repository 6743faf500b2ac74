// The benchmark's events: about 800 bytes of JSON each, 30 event names, 22 common columns, 8 properties, some non-ASCII.
// A batch body is made once; for each send only the digits of its ids are written anew, so that the generator costs
// little and every event still is a new one.

const idDigits = 12
const names = Array.from({ length: 30 }, (_, n) => `Camera Event ${String(n).padStart(2, '0')}`)
const cities = ['München', 'São Paulo', '東京', 'Oslo', 'Köln', 'Zürich', 'Kraków', 'Lyon']

export interface BatchTemplate {
  readonly body: Buffer
  /** Where each event's id digits start. */
  readonly idOffsets: readonly number[]
  readonly events: number
}

export function eventOf(n: number, eventNames: readonly string[] = names): Record<string, unknown> {
  const time = new Date(1_790_000_000_000 + n * 37).toISOString()
  return {
    type: 'track',
    event: eventNames[n % eventNames.length],
    messageId: `node-next-1790000000000-${'#'.repeat(idDigits)}`,
    anonymousId: `5f0c1d2e-3b4a-4c5d-8e6f-${String(n % 997).padStart(12, '0')}`,
    userId: `user-${n % 1009}`,
    timestamp: time,
    originalTimestamp: time,
    context: {
      library: { name: '@segment/analytics-node', version: '3.1.0' },
      app: { name: 'Cubby', version: `4.${n % 7}.0`, build: String(4000 + (n % 7)) },
      os: { name: n % 2 === 0 ? 'iOS' : 'Android', version: '18.1' },
      device: { id: `dev-${n % 499}`, manufacturer: 'Apple', model: 'iPhone15,2' },
      locale: 'de-DE',
      timezone: 'Europe/Berlin',
      network: { wifi: n % 3 === 0, carrier: 'T-Mobile' },
    },
    properties: {
      camera_id: `cam-${n % 293}`,
      duration_ms: (n * 7919) % 90_000,
      temperature: 18 + (n % 100) / 10,
      is_night: n % 4 === 0,
      city: cities[n % cities.length],
      firmware: `2.${n % 13}.1`,
      sound_level: n % 120,
      note: 'cry detected near the crib, notification sent to both parents',
    },
    integrations: {},
  }
}

export function batchTemplate(
  writeKey: string,
  events: number,
  first = 0,
  eventNames: readonly string[] = names,
): BatchTemplate {
  const batch = Array.from({ length: events }, (_, n) => eventOf(first + n, eventNames))
  const body = Buffer.from(JSON.stringify({ batch, writeKey, sentAt: new Date(1_790_000_000_000).toISOString() }))
  return { body, idOffsets: offsetsOf(body), events }
}

/** One event as the body of /v1/track. */
export function singleTemplate(writeKey: string, n: number): BatchTemplate {
  const { type: _type, ...event } = eventOf(n)
  const body = Buffer.from(JSON.stringify({ ...event, writeKey }))
  return { body, idOffsets: offsetsOf(body), events: 1 }
}

/** Writes the ids `from`, `from + 1` … into the template's body, in place. */
export function stampIds(template: BatchTemplate, from: number): void {
  for (const [index, offset] of template.idOffsets.entries()) {
    let id = from + index
    for (let digit = offset + idDigits - 1; digit >= offset; digit -= 1) {
      template.body[digit] = 48 + (id % 10)
      id = Math.floor(id / 10)
    }
  }
}

function offsetsOf(body: Buffer): number[] {
  const mark = Buffer.from('#'.repeat(idDigits))
  const offsets: number[] = []
  for (let at = body.indexOf(mark); at !== -1; at = body.indexOf(mark, at + idDigits)) offsets.push(at)
  return offsets
}
