// Which destinations does an event itself ask for? Segment's `integrations` object: `All`, and the names of destinations.
import type { DestinationSettings, Json, OutgoingEvent } from '../destination.ts'
import { objectOf } from '../read.ts'

type Event = Pick<OutgoingEvent, 'event'>

/** What names an event says nothing of follow `All`, which is true unless it is false. Names are compared without case. */
export function wantedBy(names: readonly string[]): (event: Event) => boolean {
  const known = new Set(names.map(plain))
  return ({ event }) => {
    const integrations = event['integrations']
    if (typeof integrations !== 'object' || integrations === null || Array.isArray(integrations)) return true
    let all = true
    let own: boolean | undefined
    for (const [name, value] of Object.entries(integrations as Json)) {
      const key = plain(name)
      if (key === 'all') all = value !== false
      // An object of options means yes.
      else if (known.has(key)) own = value !== false
    }
    return own ?? all
  }
}

/** "Google Analytics 4 (Actions)" is "google analytics 4". */
function plain(name: string): string {
  return name
    .replace(/\s*\(actions\)\s*$/i, '')
    .trim()
    .toLowerCase()
}

/**
 * Which category of consent keeps an event here; undefined: none. Segment's form: `context.consent.categoryPreferences`, an object
 * of true and false. Anything but these says nothing.
 */
export function missingConsentFor({
  consentCategories = '',
  consentDefault,
}: DestinationSettings): (event: Event) => string | undefined {
  const wanted = consentCategories
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  return ({ event }) => {
    if (wanted.length === 0) return undefined
    const said = objectOf(objectOf(objectOf(event['context'])['consent'])['categoryPreferences'])
    return wanted.find((category) => {
      // Only what the event itself says: no category is called `constructor`.
      const answer = Object.hasOwn(said, category) ? said[category] : undefined
      return typeof answer === 'boolean' ? !answer : consentDefault === 'deny'
    })
  }
}
