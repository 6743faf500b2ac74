// A request that puts one object into a bucket, signed as S3 wants it (Signature Version 4). Every store that speaks S3 takes it.
import { createHash } from 'node:crypto'

import aws4 from 'aws4'

import type { OutgoingRequest } from '../../../outgoing/http.ts'
import { baseUrlOf, type DestinationSettings } from '../destination.ts'

export interface StoredObject {
  readonly key: string
  readonly contentType: string
  readonly body: Buffer
}

/** Its signature is good for a quarter of an hour around `nowMicros`. */
export function signedPut(object: StoredObject, settings: DestinationSettings, nowMicros: number): OutgoingRequest {
  const { region = defaultRegion, accessKeyId = '', secretAccessKey = '' } = settings
  const { key, contentType, body } = object
  const bucket = bucketUrl(settings)
  const path = `${bucket.pathname.replace(/\/$/, '')}/${key.split('/').map(encoded).join('/')}`
  const date = new Date(nowMicros / 1000).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const { headers } = aws4.sign(
    {
      service: 's3',
      region,
      method: 'PUT',
      host: bucket.host,
      path,
      // Buckets that keep what is in them for a time ask for the sum.
      headers: { 'Content-Type': contentType, 'Content-MD5': md5(body), 'X-Amz-Date': date },
      body,
    },
    { accessKeyId, secretAccessKey },
  )
  // The connection says both by itself.
  const { Host: _, 'Content-Length': __, ...rest } = (headers ?? {}) as Record<string, string>
  return { method: 'PUT', url: `${bucket.origin}${path}`, headers: rest, body }
}

export const defaultRegion = 'us-east-1'

/** `https://<bucket>.<host>` or `https://<host>/<bucket>`. */
export function bucketUrl(settings: DestinationSettings): URL {
  const { bucket = '', region = defaultRegion, baseUrl } = settings
  const address = new URL(baseUrlOf(settings, `https://s3.${region}.amazonaws.com`))
  // The certificates of AWS are good for one name before theirs, without dots.
  const { addressing = baseUrl === undefined && !bucket.includes('.') ? 'virtual-host' : 'path' } = settings
  if (addressing === 'virtual-host') address.host = `${bucket}.${address.host}`
  else address.pathname = `${address.pathname.replace(/\/$/, '')}/${bucket}`
  return address
}

function md5(body: Buffer): string {
  return createHash('md5').update(body).digest('base64')
}

/** As the signature wants it: everything but letters, digits and `-._~`. */
function encoded(part: string): string {
  return encodeURIComponent(part).replaceAll(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
}
