// Whatever is sent: an answer in Google's shape with a status below 500, and the API lives on.
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type ApiAnswer, type BigqueryRig, startBigqueryRig } from './rig.ts'

let rig: BigqueryRig
const base = '/bigquery/v2/projects/millpond'

beforeAll(async () => {
  rig = await startBigqueryRig()
  await rig.call('POST', `${base}/datasets`, { datasetReference: { datasetId: 'd' } })
  const fields = [
    { name: 'i', type: 'INTEGER' },
    { name: 'f', type: 'FLOAT' },
    { name: 'n', type: 'NUMERIC' },
    { name: 't', type: 'TIMESTAMP' },
    { name: 'j', type: 'JSON' },
    { name: 'a', type: 'STRING', mode: 'REPEATED' },
    { name: 'r', type: 'RECORD', fields: [{ name: 'x', type: 'DATE' }] },
  ]
  await rig.call('POST', `${base}/datasets/d/tables`, { tableReference: { tableId: 't' }, schema: { fields } })
})
afterAll(async () => {
  await rig.stop()
})

function expectWellTold({ status, json }: ApiAnswer): void {
  if (status < 400) return
  expect(status).toBeLessThan(500)
  expect(json).toMatchObject({
    error: {
      code: status,
      message: expect.any(String),
      status: expect.any(String),
      errors: [{ reason: expect.any(String), message: expect.any(String) }],
    },
  })
}

const samples: Readonly<Record<string, object>> = {
  [`POST ${base}/queries`]: {
    query: 'SELECT @a AS a',
    timeoutMs: 1000,
    maxResults: 10,
    requestId: 'x',
    labels: { a: 'b' },
    defaultDataset: { datasetId: 'd' },
    maximumBytesBilled: '1000000000',
    parameterMode: 'named',
    queryParameters: [
      {
        name: 'a',
        parameterType: { type: 'ARRAY', arrayType: { type: 'INT64' } },
        parameterValue: { arrayValues: [{ value: '1' }] },
      },
    ],
    formatOptions: { useInt64Timestamp: true },
  },
  [`POST ${base}/jobs`]: {
    jobReference: { jobId: 'fuzz', location: 'US' },
    configuration: {
      dryRun: false,
      labels: { a: 'b' },
      query: {
        query: 'SELECT 1',
        destinationTable: { datasetId: 'd', tableId: 'u' },
        writeDisposition: 'WRITE_TRUNCATE',
      },
    },
  },
  [`POST ${base}/datasets`]: {
    datasetReference: { datasetId: 'e' },
    labels: { a: 'b' },
    description: 'x',
    defaultTableExpirationMs: '3600000',
    location: 'EU',
  },
  [`PATCH ${base}/datasets/d`]: {
    labels: { a: null },
    friendlyName: null,
    defaultPartitionExpirationMs: 0,
    access: [{ role: 'OWNER', specialGroup: 'x' }],
  },
  [`POST ${base}/datasets/d/tables`]: {
    tableReference: { tableId: 'v' },
    schema: {
      fields: [
        { name: 'x', type: 'NUMERIC', precision: '10', scale: '2', mode: 'REQUIRED' },
        { name: 'y', type: 'RECORD', mode: 'REPEATED', fields: [{ name: 'z', type: 'DATE' }] },
      ],
    },
    timePartitioning: { type: 'DAY', field: 'z', expirationMs: '1000' },
    clustering: { fields: ['x'] },
    expirationTime: '1999999999999',
  },
  [`PUT ${base}/datasets/d/tables/t`]: {
    schema: { fields: [{ name: 'i', type: 'INTEGER' }] },
    description: null,
    view: { query: 'SELECT 1' },
  },
  [`POST ${base}/datasets/d/tables/t/insertAll`]: {
    skipInvalidRows: true,
    ignoreUnknownValues: true,
    rows: [
      {
        insertId: 'a',
        json: { i: '1', f: 1e300, n: '1.5', t: 1772359200.5, j: '{}', a: ['x'], r: { x: '2026-03-01' } },
      },
    ],
  },
  [`POST ${base}/datasets/d/routines`]: {
    routineReference: { datasetId: 'd', routineId: 'f' },
    routineType: 'SCALAR_FUNCTION',
    language: 'SQL',
    arguments: [{ name: 'x', dataType: { typeKind: 'ARRAY', arrayElementType: { typeKind: 'INT64' } } }],
    definitionBody: 'x',
  },
  [`POST ${base}/datasets/d/tables/t:testIamPermissions`]: { permissions: ['a'] },
}

const odd: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1e308,
  1e21,
  '',
  ' ',
  '9'.repeat(40),
  '-1',
  'NaN',
  [],
  {},
  [[]],
  [null],
  { a: { b: {} } },
  '`',
  "'; DROP TABLE d.t; --",
  '\u0000',
  '\ud800',
  '💧',
  'x'.repeat(5000),
  '__proto__',
  'constructor',
  { __proto__: 1 },
  { toString: 1 },
  '2026-03-01',
  '$',
  '../..',
  '%',
  1.5,
]

/** The same body with one place of it changed. */
function mutated(value: unknown, random: () => number): unknown {
  const replace = (): unknown => odd[Math.floor(random() * odd.length)]
  if (typeof value !== 'object' || value === null || random() < 0.15) return replace()
  if (Array.isArray(value))
    return value.map((item, index) => (index === Math.floor(random() * value.length) ? mutated(item, random) : item))
  const keys = Object.keys(value)
  const key = keys[Math.floor(random() * keys.length)] ?? 'x'
  if (random() < 0.1) return { ...value, [String(replace()).slice(0, 50)]: replace() }
  return { ...value, [key]: mutated((value as Record<string, unknown>)[key], random) }
}

describe('the API', () => {
  test('tells what is wrong with a body of any shape', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.entries(samples)),
        fc.infiniteStream(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })),
        async ([route, body], stream) => {
          const [method = '', path = ''] = route.split(' ')
          const random = (): number => stream.next().value as number
          expectWellTold(await rig.call(method, path, JSON.stringify(mutated(body, random))))
        },
      ),
      { numRuns: 400 },
    )
  })

  test('tells what is wrong with what isn’t JSON', async () => {
    const bodies = [
      '{',
      '[]',
      '"x"',
      'null',
      '1',
      '{"a":',
      '\u0000',
      '{"query":"SELECT 1"}x',
      '['.repeat(100_000),
      `{"a":${'['.repeat(5000)}${']'.repeat(5000)}}`,
      Buffer.from([0xff, 0xfe, 0x80]),
    ]
    for (const route of Object.keys(samples)) {
      const [method = '', path = ''] = route.split(' ')
      for (const body of bodies) expectWellTold(await rig.call(method, path, body))
    }
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x']) {
      const { status } = await rig.call('POST', `${base}/queries`, '{"query":"SELECT 1 AS n"}', {
        'content-type': type,
      })
      expect(status).toBe(200)
    }
  })

  test('tells what is wrong with an address', { timeout: 120_000 }, async () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'projects',
        'millpond',
        'datasets',
        'd',
        'tables',
        't',
        't$20260301',
        't:getIamPolicy',
        'data',
        'jobs',
        'queries',
        'routines',
        'models',
        '_anonymous',
        'anonx',
        '%00',
        '..',
        '',
        '*',
        '{x}',
      ),
      fc.string({ maxLength: 10 }).map(encodeURIComponent),
    )
    const field = fc.tuple(
      fc.constantFrom(
        'maxResults',
        'pageToken',
        'startIndex',
        'selectedFields',
        'timeoutMs',
        'formatOptions.useInt64Timestamp',
        'deleteContents',
        'stateFilter',
        'parentJobId',
        'minCreationTime',
        'filter',
        'formatOptions.timestampOutputFormat',
      ),
      fc.oneof(
        fc.constantFrom('', '-1', '1e9', '99999999999999999999', 'true', 'i', 'am9iOng6MQ'),
        fc.string({ maxLength: 12 }),
      ),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'PATCH'),
        fc.array(piece, { maxLength: 8 }),
        fc.array(field, { maxLength: 3 }),
        async (method, pieces, fields) => {
          const search = new URLSearchParams(fields).toString()
          const path = `/bigquery/v2/${['projects', 'millpond', ...pieces].join('/')}?${search}`
          expectWellTold(await rig.call(method, path.replaceAll('/../', '/.../'), method === 'GET' ? undefined : '{}'))
        },
      ),
      { numRuns: 400 },
    )
    for (const search of [
      'maxResults=-1',
      'pageToken=x',
      'startIndex=99999999999999999999',
      'selectedFields=a.b',
      'maxResults=1e9',
    ])
      expectWellTold(await rig.call('GET', `${base}/datasets/d/tables/t/data?${search}`))
  })

  test('is fine afterwards', async () => {
    const { status, json } = await rig.call('POST', `${base}/queries`, { query: 'SELECT 1 AS n' })
    expect([status, json['totalRows']]).toEqual([200, '1'])
  })
})
