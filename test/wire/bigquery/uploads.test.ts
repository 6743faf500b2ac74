// Load jobs: files in one request and in many, cut where it hurts, and what becomes of them.
import { readdir, readFile } from 'node:fs/promises'
import { Readable } from 'node:stream'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { MillpondError } from '../../../src/core/errors.ts'
import { readMultipart } from '../../../src/query/bigquery-api/multipart.ts'
import { type ApiAnswer, type BigqueryRig, type Json, startBigqueryRig } from './rig.ts'

let rig: BigqueryRig
let loaded: string[] = []
let fail: MillpondError | undefined
let isHeld = false
const base = '/upload/bigquery/v2/projects/millpond/jobs'

beforeAll(async () => {
  rig = await startBigqueryRig(() => ({
    loadFile: async (request, signal) => {
      rig.loads.push(request)
      loaded.push(await readFile(request.path, 'latin1'))
      if (isHeld) {
        const { promise, reject } = Promise.withResolvers<void>()
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
        })
        if (!signal.aborted) await promise
        throw signal.reason as Error
      }
      if (fail !== undefined) throw fail
      return { rows: 2, badRecords: 0 }
    },
  }))
  await rig.call('POST', '/bigquery/v2/projects/millpond/datasets', { datasetReference: { datasetId: 'd' } })
  await rig.call('POST', '/bigquery/v2/projects/millpond/datasets/d/tables', {
    tableReference: { tableId: 't' },
    schema: { fields: [{ name: 'id', type: 'INTEGER' }] },
  })
})
afterAll(async () => {
  await rig.stop()
})

function resource(load: object = {}, jobId?: string): object {
  const destinationTable = { datasetId: 'd', tableId: 't' }
  return {
    jobReference: { jobId },
    configuration: { load: { destinationTable, sourceFormat: 'NEWLINE_DELIMITED_JSON', ...load } },
  }
}

function parts(metadata: object, file: string, boundary = '=====b'): string {
  return `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}\r\n--${boundary}\r\ncontent-type: */*\r\n\r\n${file}\r\n--${boundary}--`
}

async function multipart(metadata: object, file: string): Promise<{ status: number; json: Json }> {
  return rig.call('POST', `${base}?uploadType=multipart`, parts(metadata, file), {
    'content-type': 'multipart/related; boundary="=====b"',
  })
}

async function ended(json: Json): Promise<Json> {
  const { jobId } = json['jobReference'] as { jobId: string }
  for (let turn = 0; turn < 1000; turn += 1) {
    const { json: job } = await rig.call('GET', `/bigquery/v2/projects/millpond/jobs/${jobId}`)
    if ((job['status'] as { state: string }).state === 'DONE') return job
  }
  throw new Error('The job did not end')
}

async function left(): Promise<string[]> {
  return readdir(rig.driver.maintenance.exchangeFolder)
}

describe('a file in one request', () => {
  test('is loaded as it is, and removed', async () => {
    const { status, json } = await multipart(
      resource({ schema: { fields: [{ name: 'id', type: 'INT64' }] } }),
      '{"id":1}\n{"id":2}\r\n--==\n',
    )
    expect(status).toBe(200)
    const job = await ended(json)
    expect(job).toMatchObject({
      configuration: { jobType: 'LOAD', load: { destinationTable: { tableId: 't' } } },
      statistics: { load: { outputRows: '2', inputFiles: '1' } },
    })
    expect(loaded.at(-1)).toBe('{"id":1}\n{"id":2}\r\n--==\n')
    expect(rig.loads.at(-1)?.columns).toMatchObject([{ name: 'id', type: 'INT64', mode: 'NULLABLE' }])
    expect(await left()).toEqual([])
  })

  test('that doesn’t fit fails its job', async () => {
    fail = new MillpondError('query-invalid', 'Error while reading data: row 3')
    const job = await ended((await multipart(resource(), '{"id":"x"}')).json)
    fail = undefined
    expect(job['status']).toMatchObject({
      state: 'DONE',
      errorResult: { reason: 'invalid', message: 'Error while reading data: row 3' },
    })
    expect(await left()).toEqual([])
  })

  test('with a job id that is taken is told so, in words that senders look for', async () => {
    await ended((await multipart(resource({}, 'chunk-1'), '{}')).json)
    const before = loaded.length
    const { status, json } = await multipart(resource({}, 'chunk-1'), '{}')
    expect([status, (json['error'] as Json)['message']]).toEqual([409, 'Already Exists: Job millpond:US.chunk-1'])
    expect(loaded).toHaveLength(before)
    expect(await left()).toEqual([])
  })

  test('is given up when its job is cancelled', async () => {
    isHeld = true
    const { json } = await multipart(resource({}, 'to-cancel'), '{}')
    expect(json['status']).toEqual({ state: 'RUNNING' })
    await rig.call('POST', '/bigquery/v2/projects/millpond/jobs/to-cancel/cancel')
    expect((await ended(json))['status']).toMatchObject({ errorResult: { reason: 'stopped' } })
    isHeld = false
  })

  test.each([
    [{ sourceFormat: 'AVRO' }, /AVRO/],
    [{ sourceFormat: 'CSV', autodetect: true }, /skipLeadingRows/],
    [{ sourceFormat: 'ORC' }, /ORC/],
    [{ destinationTable: { datasetId: 'd', tableId: 't$20260301' } }, /partition/],
    [{ destinationTable: undefined }, /destinationTable/],
    [{ writeDisposition: 'WRITE_OFTEN' }, /writeDisposition/],
    [{ encoding: 'UTF-16LE' }, /UTF-16LE/],
    [{ schemaUpdateOptions: ['ALLOW_FIELD_RELAXATION'] }, /ALLOW_FIELD_RELAXATION/],
    [{ hivePartitioningOptions: { mode: 'AUTO' } }, /hivePartitioningOptions/],
    [{ schema: { fields: [{ name: 'g', type: 'GEOGRAPHY' }] } }, /GEOGRAPHY/],
  ])('is refused with %j', async (load, message) => {
    const { status, json } = await multipart(resource(load), 'x')
    expect(status).toBe(400)
    expect((json['error'] as Json)['message']).toMatch(message)
    expect(await left()).toEqual([])
  })

  test('is refused without its parts', async () => {
    const headers = { 'content-type': 'multipart/related; boundary=b' }
    for (const body of [
      '',
      'x',
      '--b',
      '--b\r\n\r\n{}',
      '--b\r\n\r\n{}\r\n--b--',
      parts(resource(), 'x', 'b').slice(0, -6),
      parts({}, 'x', 'b'),
    ])
      expect((await rig.call('POST', `${base}?uploadType=multipart`, body, headers)).status).toBe(400)
    expect((await rig.call('POST', `${base}?uploadType=multipart`, 'x', { 'content-type': 'text/plain' })).status).toBe(
      400,
    )
    expect((await rig.call('POST', `${base}?uploadType=media`, 'x')).status).toBe(400)
    expect(await left()).toEqual([])
  })

  test('comes apart at its boundary wherever the pieces are cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 30 }),
        async (file, cuts) => {
          const whole = Buffer.concat([
            Buffer.from('--b\r\nx: y\r\n\r\n{"a":1}\r\n--b\r\n\r\n'),
            file,
            Buffer.from('\r\n--b--\r\n'),
          ])
          const pieces: Buffer[] = []
          let at = 0
          for (const cut of cuts) {
            pieces.push(whole.subarray(at, at + cut))
            at += cut
          }
          pieces.push(whole.subarray(at))
          const { metadata, media } = await readMultipart(Readable.from(pieces), 'b')
          const read: Buffer[] = []
          for await (const piece of media) read.push(piece)
          expect(metadata.toString()).toBe('{"a":1}')
          const end = Buffer.concat([file, Buffer.from('\r\n--b')]).indexOf('\r\n--b')
          expect(Buffer.concat(read).subarray(0, end)).toEqual(Buffer.from(file.subarray(0, end)))
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('a file in many requests', () => {
  async function begin(metadata: object = resource(), headers: Record<string, string> = {}): Promise<string> {
    const { headers: answer, status } = await rig.call(
      'POST',
      `/resumable${base}?uploadType=resumable`,
      metadata,
      headers,
    )
    expect(status).toBe(200)
    return (answer.get('location') ?? '').slice(rig.url.length)
  }

  async function put(
    path: string,
    bytes: string,
    range?: string,
  ): Promise<{ status: number; headers: Headers; json: Json }> {
    return rig.call('PUT', path, Buffer.from(bytes), range === undefined ? {} : { 'content-range': range })
  }

  test('is put together, part by part, and asked for again where one is lost', async () => {
    const path = await begin()
    const first = await put(path, 'abcd', 'bytes 0-3/*')
    expect([first.status, first.headers.get('range')]).toEqual([308, 'bytes=0-3'])
    const again = await put(path, 'abcd', 'bytes 0-3/*')
    expect([again.status, again.headers.get('range')]).toEqual([308, 'bytes=0-3'])
    const gap = await put(path, 'ij', 'bytes 8-9/10')
    expect([gap.status, gap.headers.get('range')]).toEqual([308, 'bytes=0-3'])
    const asked = await put(path, '', 'bytes */*')
    expect([asked.status, asked.headers.get('range')]).toEqual([308, 'bytes=0-3'])
    const last = await put(path, 'efghij', 'bytes 4-9/10')
    expect(last.status).toBe(200)
    await ended(last.json)
    expect(loaded.at(-1)).toBe('abcdefghij')
    expect((await put(path, '', 'bytes */*')).status).toBe(404)
    expect(await left()).toEqual([])
  })

  test('may come whole after all, and knows its length from the beginning', async () => {
    await ended((await put(await begin(), 'all')).json)
    expect(loaded.at(-1)).toBe('all')
    const path = await begin(resource(), { 'x-upload-content-length': '6' })
    expect((await put(path, 'abc', 'bytes 0-2/*')).status).toBe(308)
    await ended((await put(path, 'def', 'bytes 3-5/*')).json)
    expect(loaded.at(-1)).toBe('abcdef')
  })

  test('is one of at most ten of a person, who leaves room for others', async () => {
    const tokenOf = async (handle: string): Promise<string> => {
      await rig.control.addPrincipal(handle, 'service', 'admin')
      return (await rig.control.createToken('t', handle)).token
    }
    const [greedy, modest] = [await tokenOf('greedy'), await tokenOf('modest')]
    const beginAs = async (token: string): Promise<ApiAnswer> =>
      rig.call('POST', `${base}?uploadType=resumable`, resource(), { authorization: `Bearer ${token}` })
    const before = await left()
    const answers = await Promise.all(Array.from({ length: 25 }, async () => beginAs(greedy)))
    const paths = answers.flatMap(({ headers }) => headers.get('location')?.slice(rig.url.length) ?? [])
    expect(paths).toHaveLength(10)
    expect(answers.find(({ status }) => status !== 200)).toMatchObject({
      status: 403,
      json: {
        error: { errors: [{ reason: 'rateLimitExceeded' }], message: expect.stringMatching(/10 uploads of yours/) },
      },
    })
    expect((await left()).length - before.length).toBe(10)
    const { status, headers } = await beginAs(modest)
    expect(status).toBe(200)
    const put = async (path: string, token: string): Promise<void> => {
      await ended((await rig.call('PUT', path, Buffer.from('x'), { authorization: `Bearer ${token}` })).json)
    }
    await put((headers.get('location') ?? '').slice(rig.url.length), modest)
    for (const path of paths) await put(path, greedy)
    expect((await beginAs(greedy)).status).toBe(200)
  })

  test('is nobody else’s, and no larger than allowed', async () => {
    const path = await begin()
    const { token } = await rig.control
      .addPrincipal('eve', 'person', 'admin')
      .then(async () => rig.control.createToken('eve', 'eve'))
    expect((await rig.call('PUT', path, 'x', { authorization: `Bearer ${token}` })).status).toBe(404)
    expect(
      (
        await rig.call('POST', `${base}?uploadType=resumable`, resource(), {
          'x-upload-content-length': String(2 ** 50),
        })
      ).status,
    ).toBe(413)
    expect((await put(path, 'x', 'bytes nonsense')).status).toBe(400)
    expect((await put(path, 'x')).status).toBe(200)
  })
})
