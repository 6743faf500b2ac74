// The API byte by byte: mounts, methods that are tunnelled, waiting, paging, repetitions, and what stands in its errors.
import { gzipSync } from 'node:zlib'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type BigqueryRig, endlessSql, type Json, startBigqueryRig } from './rig.ts'

let rig: BigqueryRig
const base = '/bigquery/v2/projects/millpond'

beforeAll(async () => {
  rig = await startBigqueryRig()
})
afterAll(async () => {
  await rig.stop()
})

const query = async (body: object, mount = base): Promise<{ status: number; json: Json }> =>
  rig.call('POST', `${mount}/queries`, body)

function errorOf(json: Json): Json {
  return (json['error'] ?? {}) as Json
}

describe('a materialized view', () => {
  test('tells how it is refreshed, which clients compare with what they want', async () => {
    await query({ query: 'CREATE SCHEMA mv' })
    await query({ query: 'CREATE MATERIALIZED VIEW mv.plain AS SELECT 1 AS a' })
    await query({
      query:
        'CREATE MATERIALIZED VIEW mv.slow OPTIONS(enable_refresh = false, refresh_interval_minutes = 60) AS SELECT 1 AS a',
    })
    const told = async (name: string): Promise<unknown> =>
      (await rig.call('GET', `${base}/datasets/mv/tables/${name}`)).json['materializedView']
    expect(await told('plain')).toMatchObject({ enableRefresh: true, refreshIntervalMs: '1800000' })
    expect(await told('slow')).toMatchObject({ enableRefresh: false, refreshIntervalMs: '3600000' })
  })
})

describe('a call', () => {
  test('is answered below both mounts, with a query that nobody reads', async () => {
    for (const mount of [base, '/projects/millpond']) {
      const { status, json } = await query({ query: 'SELECT 1 AS one' }, mount)
      expect([status, json['rows'], json['totalRows']]).toEqual([200, [{ f: [{ v: '1' }] }], '1'])
    }
    const { json } = await rig.call('GET', '/bigquery/v2/projects?prettyPrint=false&alt=json&fields=projects(id)')
    expect(json).toMatchObject({ kind: 'bigquery#projectList', projects: [{ id: 'millpond' }] })
  })

  test('without a token, or with a wrong one, is refused in Google’s shape', async () => {
    const response = await fetch(`${rig.url}${base}/datasets`)
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer/)
    expect(await response.json()).toMatchObject({
      error: {
        code: 401,
        status: 'UNAUTHENTICATED',
        errors: [{ reason: 'required', location: 'Authorization', locationType: 'header' }],
      },
    })
    const wrong = await rig.call('GET', `${base}/datasets`, undefined, { authorization: 'Bearer mp_nope' })
    expect([wrong.status, errorOf(wrong.json)['errors']]).toMatchObject([401, [{ reason: 'authError' }]])
  })

  test('finds nothing where nothing is, and no other project', async () => {
    expect((await rig.call('GET', `${base}/nothing`)).json).toMatchObject({
      error: { code: 404, status: 'NOT_FOUND', errors: [{ reason: 'notFound' }] },
    })
    expect((await rig.call('GET', '/bigquery/v2/projects/other/datasets')).json).toMatchObject({
      error: { code: 404, message: expect.stringMatching(/^Not found: Project other/) },
    })
    expect((await rig.call('GET', `${base}/datasets/%FF`)).status).toBe(400)
    expect((await rig.call('GET', `${base}/jobs/${'j'.repeat(900)}`)).status).toBe(404)
  })

  test('may be compressed, and may tunnel its method', async () => {
    const zipped = gzipSync(JSON.stringify({ datasetReference: { datasetId: 'zipped' } }))
    const made = await rig.call('POST', `${base}/datasets`, zipped, {
      'content-encoding': 'gzip',
      'content-type': 'application/json',
    })
    expect([made.status, made.json['id']]).toEqual([200, 'millpond:zipped'])
    const patched = await rig.call(
      'POST',
      `${base}/datasets/zipped`,
      { description: 'x' },
      { 'x-http-method-override': 'PATCH' },
    )
    expect(patched.json).toMatchObject({ description: 'x' })
    expect((await rig.call('DELETE', `${base}/datasets/zipped`)).status).toBe(204)
    const broken = await rig.call('POST', `${base}/datasets`, Buffer.from('no gzip'), { 'content-encoding': 'gzip' })
    expect(broken.status).toBe(400)
    const bomb = await rig.call('POST', `${base}/datasets`, gzipSync(Buffer.alloc(64 * 1024 * 1024)), {
      'content-encoding': 'gzip',
    })
    expect(bomb.status).toBe(413)
  })

  test('with an old etag changes nothing', async () => {
    const { json } = await rig.call('POST', `${base}/datasets`, { datasetReference: { datasetId: 'tagged' } })
    const headers = { 'if-match': String(json['etag']) }
    expect((await rig.call('PATCH', `${base}/datasets/tagged`, { friendlyName: 'a' }, headers)).status).toBe(200)
    await new Promise(setImmediate)
    const late = await rig.call('PATCH', `${base}/datasets/tagged`, { friendlyName: 'b' }, { 'if-match': 'other' })
    expect([late.status, errorOf(late.json)['status']]).toEqual([412, 'FAILED_PRECONDITION'])
  })
})

describe('jobs.query', () => {
  test('says when it isn’t done yet, and is asked again', async () => {
    const { json } = await query({ query: endlessSql, timeoutMs: 0 })
    expect(json).toMatchObject({ jobComplete: false, jobReference: { projectId: 'millpond', location: 'US' } })
    expect(json['rows']).toBeUndefined()
    const { jobId } = json['jobReference'] as { jobId: string }
    expect((await rig.call('GET', `${base}/queries/${jobId}?location=US&timeoutMs=1`)).json['jobComplete']).toBe(false)
    const waiting = rig.call('GET', `${base}/queries/${jobId}?location=US`)
    await rig.call('POST', `${base}/jobs/${jobId}/cancel?location=US`)
    expect((await waiting).json).toMatchObject({ error: { code: 400, errors: [{ reason: 'stopped' }] } })
  })

  test('with the same requestId runs once', async () => {
    const before = rig.requests.length
    const body = { query: 'SELECT 77 AS n', requestId: 'again' }
    const answers = await Promise.all([query(body), query(body), query(body)])
    expect(new Set(answers.map(({ json }) => (json['jobReference'] as { jobId: string }).jobId)).size).toBe(1)
    await query({ ...body, query: 'SELECT 78 AS n' })
    expect(rig.requests.length - before).toBe(2)
  })

  test('gives schema and count with maxResults 0, and no token at the end', async () => {
    const { json } = await query({ query: 'SELECT n FROM UNNEST(GENERATE_ARRAY(0, 4)) AS n ORDER BY n', maxResults: 0 })
    expect([json['totalRows'], json['rows'], json['pageToken'], json['schema']]).toEqual([
      '5',
      undefined,
      undefined,
      { fields: [{ name: 'n', type: 'INTEGER', mode: 'NULLABLE' }] },
    ])
    const first = (await query({ query: 'SELECT n FROM UNNEST(GENERATE_ARRAY(0, 4)) AS n ORDER BY n', maxResults: 3 }))
      .json
    const { jobId } = first['jobReference'] as { jobId: string }
    const next = await rig.call('GET', `${base}/queries/${jobId}?pageToken=${String(first['pageToken'])}&maxResults=3`)
    expect([next.json['rows'], next.json['pageToken']]).toEqual([[{ f: [{ v: '3' }] }, { f: [{ v: '4' }] }], undefined])
    expect((await rig.call('GET', `${base}/queries/${jobId}?startIndex=4`)).json['rows']).toEqual([{ f: [{ v: '4' }] }])
    expect((await rig.call('GET', `${base}/queries/${jobId}?pageToken=nonsense`)).status).toBe(400)
  })

  test('ends a page at 10 MB', async () => {
    const { json } = await query({ query: `SELECT REPEAT('x', 1000000) AS s FROM UNNEST(GENERATE_ARRAY(1, 25))` })
    expect((json['rows'] as unknown[]).length).toBe(10)
    expect(json['pageToken']).toEqual(expect.any(String))
  })

  test.each([
    ['true', 'true', '1772359200123456'],
    ['True', 'True', '1772359200123456'],
    ['nothing', '', '1.772359200123456E9'],
  ])('writes timestamps as %s wants them', async (_name, flag, text) => {
    const { json } = await query({ query: `SELECT TIMESTAMP '2026-03-01 10:00:00.123456+00' AS t` })
    const { jobId } = json['jobReference'] as { jobId: string }
    const { json: page } = await rig.call('GET', `${base}/queries/${jobId}?formatOptions.useInt64Timestamp=${flag}`)
    expect(page['rows']).toEqual([{ f: [{ v: text }] }])
  })

  test('tells rows that a statement changed', async () => {
    await rig.call('POST', `${base}/datasets`, { datasetReference: { datasetId: 'dml' } })
    await query({ query: 'CREATE TABLE dml.t (n INT64)' })
    const { json } = await query({ query: 'INSERT INTO dml.t VALUES (1), (2)' })
    expect(json).toMatchObject({
      numDmlAffectedRows: '2',
      dmlStats: { insertedRowCount: '2' },
      totalRows: '0',
      jobComplete: true,
    })
  })

  test.each([
    [{ useLegacySql: true }, /legacy SQL/],
    [{ query: '#legacySQL\nSELECT 1' }, /legacy SQL/],
    [{ createSession: true }, /createSession/],
    [{ connectionProperties: [{ key: 'session_id', value: 'x' }] }, /session_id/],
    [{ connectionProperties: [{ key: 'time_zone', value: 'Asia/Taipei' }] }, /time_zone/],
    [{ continuous: true }, /continuous/],
    [{ query: '' }, /query/],
    [{ queryParameters: [{ parameterType: { type: 'GEOGRAPHY' }, parameterValue: { value: 'x' } }] }, /GEOGRAPHY/],
    [
      { queryParameters: [{ parameterType: { type: 'INT64' }, parameterValue: { value: '9223372036854775808' } }] },
      /INT64/,
    ],
    [{ parameterMode: 'odd' }, /parameterMode/],
    [{ defaultDataset: { projectId: 'elsewhere', datasetId: 'd' } }, /Project elsewhere/],
    [{ labels: { 'a"b': 'v' } }, /^Label key "a"b" is invalid/],
    [{ connectionProperties: [{ key: 'query_label', value: 'Dash:7' }] }, /^Label key "Dash" is invalid/],
  ])('refuses %j by name', async (change, message) => {
    const { status, json } = await query({ query: 'SELECT 1', ...change })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(errorOf(json)['message']).toMatch(message)
  })

  test('hands on what the road must know', async () => {
    await query({
      query: 'SELECT 1',
      defaultDataset: { datasetId: 'sales' },
      maximumBytesBilled: '1000',
      labels: { team: 'a' },
      useQueryCache: false,
      connectionProperties: [{ key: 'query_label', value: 'dash:7' }],
    })
    expect(rig.requests.at(-1)).toMatchObject({
      dialect: 'googlesql',
      port: 'bigquery',
      defaultDataset: 'sales',
      bytesBilledMax: 1000,
      labels: { team: 'a', dash: '7' },
      usesCache: false,
      keepsRows: true,
      principal: { handle: 'owner' },
    })
  })
})

describe('jobs.insert', () => {
  const insert = async (configuration: object, jobReference: object = {}): Promise<{ status: number; json: Json }> =>
    rig.call('POST', `${base}/jobs`, { configuration, jobReference })

  test('gives back what the client said, location too', async () => {
    const destinationTable = { projectId: 'millpond', datasetId: 'd', tableId: 't' }
    const sent = {
      query: { query: 'SELECT 1 AS n', destinationTable, writeDisposition: 'WRITE_TRUNCATE' },
      labels: { a: 'b' },
    }
    const { json } = await insert(sent, { jobId: 'said-1', location: 'EU' })
    expect(json).toMatchObject({
      id: 'millpond:EU.said-1',
      jobReference: { projectId: 'millpond', jobId: 'said-1', location: 'EU' },
      configuration: { jobType: 'QUERY', labels: { a: 'b' }, query: { destinationTable, useLegacySql: false } },
      user_email: 'owner@millpond.millpond.local',
    })
    expect(rig.requests.at(-1)?.destination).toEqual({
      dataset: 'd',
      table: 't',
      create: 'if-needed',
      write: 'truncate',
    })
    expect((await rig.call('GET', `${base}/jobs/said-1?projection=full&location=EU`)).json).toMatchObject({
      jobReference: { location: 'EU' },
    })
  })

  test('keeps a failed query as a job', async () => {
    const { status, json } = await insert({ query: { query: 'SELECT nope' } }, { jobId: 'fails' })
    expect([status, json['kind']]).toEqual([200, 'bigquery#job'])
    const waited = await rig.call('GET', `${base}/queries/fails`)
    expect([waited.status, errorOf(waited.json)['errors']]).toMatchObject([
      400,
      [{ reason: 'invalidQuery', location: 'query' }],
    ])
    expect((await rig.call('GET', `${base}/jobs/fails`)).json).toMatchObject({
      status: { state: 'DONE', errorResult: { reason: 'invalidQuery' } },
    })
  })

  test('keeps the rows of a query as an anonymous table', async () => {
    await insert({ query: { query: `SELECT n, 'x' AS s FROM UNNEST([0, 1, 2]) AS n` } }, { jobId: 'anonymous-1' })
    await rig.call('GET', `${base}/queries/anonymous-1`)
    const { json } = await rig.call('GET', `${base}/jobs/anonymous-1`)
    const { destinationTable } = (json['configuration'] as { query: { destinationTable: Record<string, string> } })
      .query
    const path = `${base}/datasets/${destinationTable['datasetId']}/tables/${destinationTable['tableId']}`
    expect((await rig.call('GET', path)).json).toMatchObject({
      numRows: '3',
      schema: { fields: [{ name: 'n' }, { name: 's' }] },
    })
    expect((await rig.call('GET', `${path}/data?selectedFields=s&startIndex=1`)).json).toMatchObject({
      totalRows: '3',
      rows: [{ f: [{ v: 'x' }] }, { f: [{ v: 'x' }] }],
    })
  })

  test.each([
    [{ load: { sourceUris: ['gs://bucket/x.csv'] } }, /gs:\/\/bucket\/x.csv.*load the file itself/],
    [{ extract: { destinationUri: 'gs://x' } }, /api\/export/],
    [{}, /configuration.query/],
    [{ query: { query: 'SELECT 1', destinationTable: { datasetId: 'd', tableId: 't$20260301' } } }, /partition/],
    [{ query: { query: 'SELECT 1', timePartitioning: { type: 'DAY' } } }, /timePartitioning/],
    [{ query: { query: 'SELECT 1', tableDefinitions: { x: {} } } }, /tableDefinitions/],
    [{ copy: { destinationTable: { datasetId: 'd', tableId: 't' } } }, /sourceTable/],
  ])('refuses %j and says the way out', async (configuration, message) => {
    const { status, json } = await insert(configuration)
    expect([status, errorOf(json)['status']]).toEqual([400, 'INVALID_ARGUMENT'])
    expect(errorOf(json)['message']).toMatch(message)
  })

  test('lists jobs by state, newest first, and only one’s own unless asked', async () => {
    const { token } = await rig.control
      .addPrincipal('ann', 'person', 'member')
      .then(async () => rig.control.createToken('ann', 'ann'))
    const ann = { authorization: `Bearer ${token}` }
    await rig.call(
      'POST',
      `${base}/jobs`,
      { configuration: { query: { query: 'SELECT 1' } }, jobReference: { jobId: 'of-ann' } },
      ann,
    )
    await rig.call('GET', `${base}/queries/of-ann`, undefined, ann)
    const ids = async (search: string, headers = {}): Promise<string[]> => {
      const { json } = await rig.call('GET', `${base}/jobs?${search}`, undefined, headers)
      return (json['jobs'] as { jobReference: { jobId: string } }[]).map((job) => job.jobReference.jobId)
    }
    expect(await ids('', ann)).toEqual(['of-ann'])
    expect(await ids('stateFilter=running', ann)).toEqual([])
    expect((await ids('allUsers=true&maxResults=2'))[0]).toBe('of-ann')
    expect(await ids('stateFilter=done')).not.toContain('of-ann')
    expect((await rig.call('GET', `${base}/jobs/said-1`, undefined, ann)).status).toBe(404)
    expect((await rig.call('DELETE', `${base}/jobs/of-ann/delete`, undefined, ann)).status).toBe(204)
  })
})

describe('tables', () => {
  beforeAll(async () => {
    await rig.call('POST', `${base}/datasets`, { datasetReference: { datasetId: 'shop' } })
    const made = await rig.call('POST', `${base}/datasets/shop/tables`, {
      tableReference: { tableId: 'orders' },
      schema: {
        fields: [
          { name: 'id', type: 'INTEGER' },
          { name: 'at', type: 'TIMESTAMP' },
        ],
      },
      timePartitioning: { type: 'DAY', field: 'at' },
    })
    expect(made.json).toMatchObject({ kind: 'bigquery#table' })
    await query({
      query: `INSERT INTO shop.orders (id, \`at\`)
        SELECT n, TIMESTAMP_ADD(TIMESTAMP '2026-03-01 00:00:00+00', INTERVAL n HOUR) FROM UNNEST(GENERATE_ARRAY(0, 47)) AS n ORDER BY n`,
    })
  })

  test('are read by page, from anywhere, in some columns, and by partition', async () => {
    const path = `${base}/datasets/shop/tables/orders`
    const all = (await rig.call('GET', `${path}/data`)).json
    expect([all['totalRows'], (all['rows'] as unknown[]).length, all['pageToken']]).toEqual(['48', 48, undefined])
    const part = (await rig.call('GET', `${path}/data?maxResults=2&startIndex=46&selectedFields=id`)).json
    expect([part['rows'], part['pageToken']]).toEqual([[{ f: [{ v: '46' }] }, { f: [{ v: '47' }] }], undefined])
    const first = (await rig.call('GET', `${path}/data?maxResults=30&selectedFields=id`)).json
    const second = (
      await rig.call('GET', `${path}/data?maxResults=30&selectedFields=id&pageToken=${String(first['pageToken'])}`)
    ).json
    expect((second['rows'] as unknown[]).length).toBe(18)
    const day = (await rig.call('GET', `${path}$20260302/data?selectedFields=id`)).json
    expect((day['rows'] as unknown[]).length).toBe(24)
    expect((await rig.call('GET', `${path}$2026/data`)).status).toBe(400)
    expect((await rig.call('GET', `${path}$20260231/data`)).status).toBe(400)
    expect((await rig.call('GET', `${path}$20260302`)).json).toMatchObject({ kind: 'bigquery#table' })
  })

  test('keep their schema unless BigQuery could change it, too', async () => {
    const path = `${base}/datasets/shop/tables/orders`
    const patch = async (fields: object[]): Promise<unknown> =>
      errorOf((await rig.call('PATCH', path, { schema: { fields } })).json)['message']
    expect(await patch([{ name: 'id', type: 'INTEGER' }])).toMatch(/Field at is missing in new schema/)
    expect(
      await patch([
        { name: 'id', type: 'STRING' },
        { name: 'at', type: 'TIMESTAMP' },
      ]),
    ).toMatch(/has changed type from INT64 to STRING/)
    expect(
      await patch([
        { name: 'id', type: 'INT64' },
        { name: 'at', type: 'TIMESTAMP' },
        { name: 'x', type: 'STRING', mode: 'REQUIRED' },
      ]),
    ).toMatch(/Cannot add required fields/)
    expect(
      await patch([
        { name: 'id', type: 'INT64' },
        { name: 'at', type: 'TIMESTAMP', policyTags: { names: ['x'] } },
      ]),
    ).toMatch(/policyTags/)
  })

  test('tell rights', async () => {
    const path = `${base}/datasets/shop/tables/orders`
    const permissions = ['bigquery.tables.getData', 'bigquery.tables.updateData', 'other']
    expect((await rig.call('POST', `${path}:testIamPermissions`, { permissions })).json).toEqual({
      permissions: permissions.slice(0, 2),
    })
    expect((await rig.call('POST', `${path}:getIamPolicy`, {})).json).toMatchObject({ bindings: [] })
    expect((await rig.call('POST', `${path}:setIamPolicy`, {})).status).toBe(400)
    expect((await rig.call('GET', `${path}/rowAccessPolicies`)).json).toEqual({ rowAccessPolicies: [] })
    expect((await rig.call('GET', `${base}/datasets/shop/models`)).json).toEqual({ models: [] })
  })

  test('take streamed rows of those only who may write', async () => {
    await rig.control.addPrincipal('bob', 'person', 'member')
    const { token } = await rig.control.createToken('bob', 'bob')
    const bob = { authorization: `Bearer ${token}` }
    const path = `${base}/datasets/shop/tables/orders/insertAll`
    const refused = await rig.call('POST', path, { rows: [{ json: { id: 1 } }] }, bob)
    expect([refused.status, errorOf(refused.json)['errors']]).toMatchObject([403, [{ reason: 'accessDenied' }]])
    await rig.control.addGrant({ grantee: 'bob', dataset: 'shop', table: 'orders', privilege: 'write' })
    expect((await rig.call('POST', path, { rows: [{ json: { id: 1 } }] }, bob)).json).toEqual({
      kind: 'bigquery#tableDataInsertAllResponse',
    })
    expect((await rig.call('POST', path, { rows: [] }, bob)).status).toBe(400)
    const template = await rig.call('POST', path, { rows: [{ json: { id: 1 } }], templateSuffix: '_x' }, bob)
    expect(template.status).toBe(403)
  })
})

describe('the discovery document', () => {
  test('says what is there, without a token', async () => {
    for (const path of ['/discovery/v1/apis/bigquery/v2/rest', '/$discovery/rest?version=v2']) {
      const json = (await (await fetch(rig.url + path)).json()) as Json
      expect(json).toMatchObject({ id: 'bigquery:v2', servicePath: 'bigquery/v2/', rootUrl: `${rig.url}/` })
      const resources = json['resources'] as Record<string, { methods: Record<string, Json> }>
      expect(resources['jobs']?.methods['query']).toMatchObject({
        path: 'projects/{+projectId}/queries',
        httpMethod: 'POST',
      })
      expect(resources['jobs']?.methods['insert']).toMatchObject({
        supportsMediaUpload: true,
        path: 'projects/{+projectId}/jobs',
      })
    }
  })

  test('batches are refused clearly', async () => {
    expect((await rig.call('POST', '/batch/bigquery/v2', 'x')).json).toMatchObject({
      error: { code: 501, message: expect.stringMatching(/one by one/) },
    })
  })
})
