// What Cubby's services log, through a Fluent client: one line a request of the app, one an upload of a clip, and the
// errors of a camera that went away in the middle.
import { chanceOf, type Company, type Fact } from '../company/company.ts'
import { badFirmware } from '../company/firmware.ts'
import { alertId } from './inferences.ts'
import type { FluentMessage, Traffic } from './traffic.ts'

type Record = FluentMessage['record']

export const serviceLogTraffic: Traffic = {
  name: 'service-logs',
  *tell(fact, company) {
    if (fact.kind === 'session') yield* requests(fact, company)
    if (fact.kind === 'sound' && fact.judgement.isAlert) yield upload(fact, company)
    if (fact.kind === 'disconnect') yield* brokenUpload(fact, company)
  },
}

function* requests(fact: Fact & { kind: 'session' }, company: Company): Iterable<FluentMessage> {
  const random = chanceOf(company, fact, 'service-logs')
  const cameraId = fact.household.cameras[0]?.deviceId ?? ''
  const paths = ['/v1/home', `/v1/cameras/${cameraId}/live`, '/v1/clips?limit=20'].slice(
    0,
    random.weighed([
      [1, 5],
      [2, 4],
      [3, 1],
    ]),
  )
  for (const [index, path] of paths.entries()) {
    const status = random.weighed([
      [200, 985],
      [401, 8],
      [429, 4],
      [500, 3],
    ])
    const atMs = fact.atMs + 300 + index * 700
    yield line('api.request', fact, atMs, `api-${index}`, {
      service: 'api',
      release: releaseAt(company, atMs),
      host: `api-${random.whole(1, 2)}`,
      severity: status >= 500 ? 'ERROR' : status >= 400 ? 'WARNING' : 'INFO',
      message: `GET ${path} ${status}`,
      http_method: 'GET',
      http_url: path,
      http_status: status,
      http_latency_ms: Math.round(random.around(24, 2)),
      user_id: fact.parent.userId,
      device_id: cameraId,
      trace: `trace-${fact.id}`,
      ...(status >= 500 ? { error_type: 'TimeoutError', error_message: 'database did not answer in 2000 ms' } : {}),
    })
  }
}

function upload(fact: Fact & { kind: 'sound' }, company: Company): FluentMessage {
  const random = chanceOf(company, fact, 'service-logs')
  const { asset_id } = alertId(fact)
  const bytes = Math.round(random.around(420_000, 1.6))
  const ms = Math.round(random.around(180, 1.8))
  return line('worker.upload', fact, fact.atMs + 800, 'upload', {
    service: 'worker',
    release: releaseAt(company, fact.atMs),
    host: `worker-${random.whole(1, 3)}`,
    severity: 'INFO',
    message: `stored ${asset_id} in ${ms} ms`,
    asset_id,
    bytes,
    device_id: fact.camera.deviceId,
    duration_ms: ms,
    trace: `trace-${fact.id}`,
  })
}

/** A camera that resets itself takes its uploads with it. */
function* brokenUpload(fact: Fact & { kind: 'disconnect' }, company: Company): Iterable<FluentMessage> {
  const random = chanceOf(company, fact, 'service-logs')
  const device = { device_id: fact.camera.deviceId, firmware: fact.firmware, trace: `trace-${fact.id}` }
  const release = releaseAt(company, fact.atMs)
  if (random.chance(fact.firmware === badFirmware ? 0.7 : 0.2)) {
    yield line('worker.upload', fact, fact.atMs + 400, 'upload', {
      service: 'worker',
      release,
      host: `worker-${random.whole(1, 3)}`,
      severity: 'ERROR',
      ...device,
      message: `upload from ${fact.camera.deviceId} broke off: connection reset by camera`,
      error_type: 'CameraGoneError',
      error_message: 'connection reset by camera',
      stack:
        'CameraGoneError: connection reset by camera\n    at receiveClip (upload.ts:118:11)\n    at worker (worker.ts:42:5)',
    })
  }
  if (random.chance(0.3)) {
    const path = `/v1/cameras/${fact.camera.deviceId}/live`
    yield line('api.request', fact, fact.atMs + 5000, 'live', {
      service: 'api',
      release,
      host: `api-${random.whole(1, 2)}`,
      severity: 'ERROR',
      ...device,
      message: `GET ${path} 504`,
      http_method: 'GET',
      http_url: path,
      http_status: 504,
      http_latency_ms: 10_000,
      error_type: 'CameraUnreachableError',
      error_message: '相机没有响应 (camera did not answer) 📵',
    })
  }
}

/** A release every other day. */
function releaseAt(company: Company, atMs: number): string {
  return `r${118 + Math.floor(company.span.dayAt(atMs) / 2)}`
}

function line(tag: string, fact: Fact, atMs: number, mark: string, record: Record): FluentMessage {
  return { road: 'fluent', tag, atMs, record: { ...record, insert_id: `log-${fact.id}-${mark}` } }
}
