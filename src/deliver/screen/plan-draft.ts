// A tracking plan made of what came, for whoever has none yet: each event with its properties and their types; needed is what nearly
// every event has.
import type { PlanRule, TrackingPlan } from '../../core/tracking-plan.ts'

export interface SeenEvent {
  readonly name: string
  readonly properties: Readonly<Record<string, unknown>>
}

const eventsMax = 200
const propertiesMax = 100
const neededShare = 0.99

export function draftOf(seen: readonly SeenEvent[]): TrackingPlan {
  const byName = Map.groupBy(seen, ({ name }) => name)
  const rules = [...byName]
    .sort(([, one], [, other]) => other.length - one.length)
    .slice(0, eventsMax)
    .map(([name, events]) => ruleOf(name, events))
  return { rules, unplanned: 'allow' }
}

function ruleOf(name: string, events: readonly SeenEvent[]): PlanRule {
  const types = new Map<string, Set<string>>()
  const counts = new Map<string, number>()
  for (const { properties } of events) {
    for (const [property, value] of Object.entries(properties)) {
      if (!types.has(property) && types.size >= propertiesMax) continue
      const known = types.get(property) ?? new Set()
      known.add(typeOf(value))
      types.set(property, known)
      counts.set(property, (counts.get(property) ?? 0) + 1)
    }
  }
  const properties = Object.fromEntries([...types].map(([property, found]) => [property, { type: typesText(found) }]))
  const required = [...counts].filter(([, count]) => count >= events.length * neededShare).map(([property]) => property)
  return {
    call: 'track',
    event: name,
    schema: { type: 'object', properties, ...(required.length === 0 ? {} : { required }) },
    onViolation: 'flag',
  }
}

/** As JSON Schema calls it. */
function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'bigint') return 'integer'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'string' || typeof value === 'boolean' ? typeof value : 'object'
}

function typesText(found: ReadonlySet<string>): string | string[] {
  // Every integer is a number, too.
  const types = [...found].filter((type) => type !== 'integer' || !found.has('number')).sort()
  return types.length === 1 ? (types[0] ?? 'string') : types
}
