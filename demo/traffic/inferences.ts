// What the model server says about every sound: inference records, flushed with a Fluent client, so that no answer to a
// camera waits for them.
import { chanceOf, type Fact, type SoundFact } from '../company/company.ts'
import { modelName } from '../company/detector.ts'
import type { Traffic } from './traffic.ts'

export const inferenceTraffic: Traffic = {
  name: 'inferences',
  *tell(fact, company) {
    if (fact.kind !== 'sound') return
    const { judgement, camera } = fact
    const [top, second] = Object.entries(judgement.scores).sort(([, a], [, b]) => b - a)
    const [topLabel, topScore] = top ?? ['quiet', 0]
    const random = chanceOf(company, fact, 'inferences')
    yield {
      road: 'fluent',
      tag: 'inference.cry',
      atMs: fact.atMs + random.whole(150, 900),
      record: {
        ...alertId(fact),
        model: modelName,
        version: judgement.version,
        role: judgement.role,
        latency_ms: judgement.latencyMs,
        top_label: topLabel,
        top_score: topScore,
        margin: Math.round((topScore - (second?.[1] ?? 0)) * 10_000) / 10_000,
        output: judgement.scores,
        alerted: judgement.isAlert,
        device_id: camera.deviceId,
        user_id: fact.household.parents[0]?.userId,
        request_id: `req-${fact.id}`,
      },
    }
  },
}

/** How an alert in the app, a record of the model and a piece of sound know each other. */
export function alertId(fact: SoundFact & Fact): { inference_id: string; asset_id: string } {
  return { inference_id: `inf-${fact.id}`, asset_id: `clip-${fact.id}` }
}
