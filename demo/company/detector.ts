// The model that listens: `cry-detector`. Version 3 hears the television as a baby; version 4 does so less often and
// answers faster. It ran on a few cameras as canary, then everywhere.
import type { Random } from '../random.ts'
import type { Camera } from './households.ts'
import type { Span } from './span.ts'

export const modelName = 'cry-detector'

const canaryFrom = 0.4
const everywhereFrom = 0.7
const canaryShare = 0.15

export type Sound = 'cry' | 'quiet' | 'tv' | 'laugh' | 'dog' | 'vacuum'

export interface Judgement {
  readonly version: '3' | '4'
  readonly role: 'production' | 'canary'
  readonly scores: Readonly<Record<string, number>>
  readonly isAlert: boolean
  readonly latencyMs: number
}

/** How often each version takes a sound for crying. */
const alarms: Readonly<Record<Judgement['version'], Readonly<Record<Sound, number>>>> = {
  3: { cry: 0.92, tv: 0.16, laugh: 0.14, dog: 0.08, vacuum: 0.04, quiet: 0.008 },
  4: { cry: 0.95, tv: 0.05, laugh: 0.05, dog: 0.03, vacuum: 0.01, quiet: 0.002 },
}

const medianLatencyMs = { 3: 46, 4: 29 } as const
const alertScore = 0.6

export function judge(sound: Sound, camera: Camera, span: Span, atMs: number, random: Random): Judgement {
  const part = span.partAt(atMs)
  const isCanary = part >= canaryFrom && part < everywhereFrom && camera.canary < canaryShare
  const version = isCanary || part >= everywhereFrom ? '4' : '3'
  const isAlert = random.chance(alarms[version][sound])
  const score = isAlert ? 1 - (1 - alertScore) * random.next() ** 1.5 : alertScore * random.next()
  const other = sound === 'cry' ? 'quiet' : sound
  const rest = 1 - score
  const second = rest * random.between(0.5, 0.9)
  return {
    version,
    role: isCanary ? 'canary' : 'production',
    isAlert,
    scores: { cry: rounded(score), [other]: rounded(second), music: rounded(rest - second) },
    latencyMs: Math.round(random.around(medianLatencyMs[version], 1.5) * 10) / 10,
  }
}

function rounded(score: number): number {
  return Math.round(score * 10_000) / 10_000
}
