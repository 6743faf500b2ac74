// A store as S3 describes it: recomputes every signature from what came over the wire, knows buckets, refuses what is too large, too
// late or signed by another, and keeps the last object of each name.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { gunzipSync } from 'node:zlib'

import { type CountingVendor, startVendor, type VendorAnswer, type VendorRequest } from './vendor-server.ts'
import { vendorLimits } from './vendor-limits.ts'

export interface ObjectStorageOptions {
  readonly bucket?: string
  readonly region?: string
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly objectBytesMax?: number
  readonly nowMs?: () => number
  /** S3 takes no request whose clock is further off. */
  readonly skewMsMax?: number
}

export interface FakeObjectStorage extends CountingVendor {
  readonly objects: ReadonlyMap<string, Buffer>
  /** Rows of all objects of JSON lines. */
  events(): Record<string, unknown>[]
}

export const testKey = {
  bucket: 'acme-events',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

export async function startObjectStorage(options: ObjectStorageOptions = {}): Promise<FakeObjectStorage> {
  const { bucket = testKey.bucket, objectBytesMax = vendorLimits['object-storage'].objectBytesMax } = options
  const objects = new Map<string, Buffer>()
  let taken = 0
  let isRevoked = false
  const server = await startVendor((request) => {
    const refusal = isRevoked ? refuse(403, 'InvalidAccessKeyId', 'The key is not known') : refusalOf(request, options)
    if (refusal !== undefined) return refusal
    const { method, path, bytes } = request
    const [, given = '', ...rest] = path.split('/').map(decodeURIComponent)
    if (given !== bucket) return refuse(404, 'NoSuchBucket', 'The specified bucket does not exist')
    if (method !== 'PUT') return refuse(405, 'MethodNotAllowed', 'The specified method is not allowed')
    const key = rest.join('/')
    if (Buffer.byteLength(key) > 1024) return refuse(400, 'KeyTooLongError', 'Your key is too long')
    if (bytes.length > objectBytesMax) return refuse(400, 'EntityTooLarge', 'Your proposed upload is too large')
    objects.set(key, bytes)
    taken += rowsOf(key, bytes).length
    return { status: 200, headers: { etag: `"${createHash('md5').update(bytes).digest('hex')}"` } }
  })
  return {
    ...server,
    objects,
    events() {
      return [...objects].flatMap(([key, bytes]) => rowsOf(key, bytes))
    },
    taken: () => taken,
    revoke() {
      isRevoked = true
    },
    restore() {
      isRevoked = false
    },
  }
}

/** Of JSON lines; none of anything else. */
function rowsOf(key: string, bytes: Buffer): Record<string, unknown>[] {
  if (!key.endsWith('.ndjson.gz')) return []
  const lines = gunzipSync(bytes).toString().trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

export function refuse(status: number, code: string, message: string): VendorAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`
  return { status, headers: { 'content-type': 'application/xml' }, body }
}

function refusalOf(request: VendorRequest, options: ObjectStorageOptions): VendorAnswer | undefined {
  const { region = 'us-east-1', nowMs = Date.now, skewMsMax = vendorLimits['object-storage'].skewMsMax } = options
  const { accessKeyId = testKey.accessKeyId, secretAccessKey = testKey.secretAccessKey } = options
  const { headers, bytes } = request
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
  const found = pattern.exec(headers.authorization ?? '')
  if (found === null) return refuse(403, 'AccessDenied', 'Access Denied')
  const [, keyId, day = '', signedRegion = '', names = '', signature = ''] = found
  if (keyId !== accessKeyId) return refuse(403, 'InvalidAccessKeyId', 'The key is not known')
  if (signedRegion !== region) {
    return refuse(400, 'AuthorizationHeaderMalformed', `the region '${signedRegion}' is wrong; expecting '${region}'`)
  }
  const time = String(headers['x-amz-date'])
  const timeMs = Date.parse(time.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5'))
  if (!time.startsWith(day) || !(Math.abs(timeMs - nowMs()) <= skewMsMax)) {
    return refuse(403, 'RequestTimeTooSkewed', 'The difference between the request time and the time here is too large')
  }
  const sum = sha256(bytes)
  if (headers['x-amz-content-sha256'] !== sum) {
    return refuse(400, 'XAmzContentSHA256Mismatch', 'The provided header does not match what was computed')
  }
  if (headers['content-md5'] !== createHash('md5').update(bytes).digest('base64')) {
    return refuse(400, 'InvalidDigest', 'The Content-MD5 you specified is not valid')
  }
  if (Number(headers['content-length']) !== bytes.length) {
    return refuse(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header')
  }
  const signed = names.split(';')
  if (!['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => signed.includes(name))) {
    return refuse(403, 'AccessDenied', 'There were headers present in the request which were not signed')
  }
  const expected = signatureOf(request, { time, region, names, secretAccessKey })
  if (timingSafeEqual(expected, Buffer.from(signature, 'hex'))) return undefined
  return refuse(403, 'SignatureDoesNotMatch', 'The signature we calculated does not match the signature you provided')
}

interface Signing {
  /** As in `x-amz-date`. */
  readonly time: string
  readonly region: string
  /** Of the headers that are signed, with semicolons. */
  readonly names: string
  readonly secretAccessKey: string
}

/** As AWS describes it: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html. */
export function signatureOf(
  { method, path, query, headers, bytes }: Omit<VendorRequest, 'body'>,
  { time, region, names, secretAccessKey }: Signing,
): Buffer {
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  // Names of objects are escaped once, and stand in the signature as they were sent.
  const canonical = [method, path, query.toString(), lines.join(''), names, sha256(bytes)].join('\n')
  const day = time.slice(0, 8)
  const text = ['AWS4-HMAC-SHA256', time, `${day}/${region}/s3/aws4_request`, sha256(canonical)].join('\n')
  const steps = [day, region, 's3', 'aws4_request']
  return hmac(
    steps.reduce<string | Buffer>((last, step) => hmac(last, step), `AWS4${secretAccessKey}`),
    text,
  )
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
