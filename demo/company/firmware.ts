// The cameras' firmware and how it was rolled out over the demo's time. The story: 2.5.0 resets itself every few hours,
// reached not quite half of the cameras in the second half, and 2.5.1 mended it.
import type { Camera } from './households.ts'
import type { Span } from './span.ts'

interface Release {
  readonly version: string
  /** Part of the demo's time at which the first and the last camera get it. */
  readonly from: number
  readonly to: number
  /** Part of the cameras that get it. */
  readonly share: number
}

const before = '2.4.0'
export const badFirmware = '2.5.0'
export const goodFirmware = '2.5.1'

const releases: readonly Release[] = [
  { version: '2.4.1', from: 0.15, to: 0.3, share: 1 },
  { version: badFirmware, from: 0.5, to: 0.58, share: 0.45 },
  { version: goodFirmware, from: 0.8, to: 0.93, share: 1 },
]

export interface Installation {
  readonly version: string
  readonly previous: string
  readonly atMs: number
}

/** When this camera got which version, in order. */
export function installationsOf(camera: Camera, span: Span): Installation[] {
  let previous = before
  return releases
    .filter(({ share }) => camera.cohort < share)
    .map(({ version, from, to, share }) => {
      const part = from + (to - from) * (camera.cohort / share)
      const installation = { version, previous, atMs: span.at(part) }
      previous = version
      return installation
    })
}

export function firmwareAt(camera: Camera, span: Span, atMs: number): string {
  return installationsOf(camera, span).findLast((one) => one.atMs <= atMs)?.version ?? before
}

export function hasBadFirmware(camera: Camera, span: Span, atMs: number): boolean {
  return firmwareAt(camera, span, atMs) === badFirmware
}
