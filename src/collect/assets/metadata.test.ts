// What senders may say of a file, in which places, and what each mistake is answered.
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type AssetMetadata, MetadataInvalid, readMetadata } from './metadata.ts'

interface Said {
  readonly query?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly pathId?: string
}

function read({ query = '', headers = {}, pathId }: Said): AssetMetadata {
  const request = new IncomingMessage(new Socket())
  request.url = `/v1/assets${query}`
  Object.assign(request.headers, headers)
  return readMetadata(request, pathId)
}

function messageOf(said: Said): string {
  try {
    read(said)
    return ''
  } catch (error) {
    if (error instanceof MetadataInvalid) return error.message
    throw error
  }
}

function header(value: unknown): { headers: Record<string, string> } {
  return { headers: { 'x-millpond-metadata': JSON.stringify(value) } }
}

describe('the places', () => {
  test('query, header as JSON, as base64 and as base64url say the same', () => {
    const said = { device_id: 'cam-7', captured_at: '2026-03-02T08:15:31.5Z', duration_ms: 1500, width: 1920 }
    const wanted = { ...said, timestamp: said.captured_at }
    const text = JSON.stringify(said)
    for (const encoded of [text, Buffer.from(text).toString('base64'), Buffer.from(text).toString('base64url')]) {
      expect(read({ headers: { 'x-millpond-metadata': encoded } }).fields).toEqual(wanted)
    }
    const query = `?writeKey=wk&${new URLSearchParams(Object.entries(said).map(([name, value]) => [name, String(value)])).toString()}`
    expect(read({ query }).fields).toEqual(wanted)
  })

  test('the query goes before the header; null and nothing say nothing', () => {
    const { headers } = header({ device_id: 'header', user_id: null, firmware: '1.2' })
    expect(read({ query: '?device_id=query&subject_id=', headers }).fields).toEqual({
      device_id: 'query',
      firmware: '1.2',
    })
  })

  test('what is no field of ours goes along as it was sent, whatever its name', () => {
    const text = '{"room":{"name":"größe 室"},"__proto__":{"x":1},"constructor":null,"toString":7}'
    const headers = { 'x-millpond-metadata': Buffer.from(text).toString('latin1') }
    const { fields } = read({ headers })
    expect(JSON.parse(JSON.stringify(fields))).toEqual(
      JSON.parse('{"room":{"name":"größe 室"},"__proto__":{"x":1},"toString":7}'),
    )
    expect(read({ query: '?zone=nursery&__proto__=x' }).fields).toEqual(
      JSON.parse('{"zone":"nursery","__proto__":"x"}'),
    )
  })

  test('any header and query end in fields or in a sentence', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.base64String()), fc.string(), (text, query) => {
        expect(typeof messageOf({ headers: { 'x-millpond-metadata': text }, query: `?${query}` })).toBe('string')
      }),
    )
  })
})

describe('the kind of file', () => {
  test.each([
    { type: 'video/mp4', mime: 'video/mp4', mediaType: 'video' },
    { type: 'Audio/WAV; rate=48000', mime: 'audio/wav', mediaType: 'audio' },
    { type: 'image/svg+xml', mime: 'image/svg+xml', mediaType: 'image' },
    { type: 'application/json', mime: 'application/json', mediaType: undefined },
    { type: 'application/x-www-form-urlencoded', mime: 'application/octet-stream', mediaType: undefined },
    { type: '', mime: 'application/octet-stream', mediaType: undefined },
  ])('$type', ({ type, mime, mediaType }) => {
    const metadata = read({ headers: { 'content-type': type } })
    expect(metadata.mime).toBe(mime)
    expect(metadata.fields['media_type']).toBe(mediaType)
  })

  test('what is said goes before the header', () => {
    const metadata = read({
      query: '?mime=application/x-imu&media_type=series',
      headers: { 'content-type': 'text/csv' },
    })
    expect(metadata).toMatchObject({ mime: 'application/x-imu', fields: { media_type: 'series' } })
  })
})

describe('ids and digests', () => {
  const sha256 = '0123456789abcdef'.repeat(4)
  const base64 = Buffer.from(sha256, 'hex').toString('base64')

  test('the id may stand in the address or be said', () => {
    expect(read({ pathId: 'cam-1' }).assetId).toBe('cam-1')
    expect(read({ query: '?asset_id=cam-2' }).assetId).toBe('cam-2')
    expect(read(header({ asset_id: 7 })).assetId).toBe('7')
    expect(read({ pathId: 'cam-1', query: '?asset_id=cam-1' }).assetId).toBe('cam-1')
    expect(read({}).assetId).toBeUndefined()
    expect(messageOf({ pathId: 'cam-1', query: '?asset_id=cam-2' })).toContain('another id')
  })

  test('the digest may stand in three places, which must agree', () => {
    expect(read({ headers: { 'x-content-sha256': sha256.toUpperCase() } }).sha256).toBe(sha256)
    expect(read({ headers: { 'content-digest': `sha-512=:AAAA:, sha-256=:${base64}:` } }).sha256).toBe(sha256)
    expect(read({ query: `?sha256=${sha256}` }).sha256).toBe(sha256)
    expect(read({ headers: { 'content-digest': 'sha-512=:AAAA:' } }).sha256).toBeUndefined()
    expect(read({ query: `?sha256=${sha256}` }).fields).toEqual({})
    const other = 'f'.repeat(64)
    expect(messageOf({ query: `?sha256=${other}`, headers: { 'x-content-sha256': sha256 } })).toContain('differ')
    expect(messageOf({ headers: { 'content-digest': 'sha-256=:AAAA:' } })).toContain('Content-Digest')
  })
})

describe('times and numbers', () => {
  test.each([
    ['2026-03-02', '2026-03-02'],
    ['2026-03-02T08:15:31.123456+01:00', '2026-03-02T08:15:31.123456+01:00'],
    ['1772439331000', '2026-03-02T08:15:31.000Z'],
    [1_772_439_331_000, '2026-03-02T08:15:31.000Z'],
  ])('%s is a time', (said, kept) => {
    expect(read(header({ captured_at: said })).fields).toEqual({ captured_at: kept, timestamp: kept })
  })

  test('a time of its own stays; otherwise it happened when it was captured', () => {
    const { fields } = read({ query: '?captured_at=2026-03-02&at=2026-03-01' })
    expect(fields).toEqual({ captured_at: '2026-03-02', at: '2026-03-01' })
  })

  const wrong: readonly [string, unknown][] = [
    ['captured_at', 'yesterday'],
    ['captured_at', '2026-13-01'],
    ['retention_until', {}],
    ['retention_until', 1e300],
    ['duration_ms', -1],
    ['duration_ms', 'long'],
    ['width', 1.5],
    ['height', '1e400'],
    ['fps', [30]],
    ['device_id', { id: 7 }],
    ['firmware', 'x'.repeat(1025)],
    ['media_type', 'smell'],
    ['mime', 'video'],
    ['orientation_applied', 'yes'],
    ['sha256', 'abc'],
    ['asset_id', 'a/b'],
    ['asset_id', ['x']],
    ['state', 'shredded'],
    ['storage_uri', 'media:x'],
    ['key_id', 'x'],
    ['bytes', 7],
    ['created_at', '2026-03-02'],
  ]
  test.each(wrong)('%s of %j is refused by name', (name, value) => {
    expect(messageOf(header({ [name]: value }))).toContain(name)
  })
})

test.each([
  [{ headers: { 'content-encoding': 'gzip' } }, 'gzip'],
  [{ headers: { 'content-type': 'multipart/form-data; boundary=x' } }, 'form'],
  [{ headers: { 'content-type': 'nonsense' } }, 'Content-Type'],
  [{ headers: { 'x-millpond-metadata': '{"a":' } }, 'X-Millpond-Metadata'],
  [{ headers: { 'x-millpond-metadata': 'W10=' } }, 'another kind'],
  [{ headers: { 'x-millpond-metadata': `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}` } }, 'deeper'],
  [{ pathId: 'a b' }, 'The id in the address'],
])('%j is refused', (said, word) => {
  expect(messageOf(said)).toContain(word)
})
