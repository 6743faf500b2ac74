// Google's Node client, unmodified: what people type in GoogleSQL, from the door to DuckDB and back.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { BigQuery } from '@google-cloud/bigquery'
import { type BigqueryRig, endlessSql, project, startBigqueryRig } from './rig.ts'

let rig: BigqueryRig
let client: BigQuery

beforeAll(async () => {
  rig = await startBigqueryRig()
  client = rig.client()
})
afterAll(async () => {
  await rig.stop()
})

describe('GoogleSQL through the API', () => {
  test('gives rows of every type', async () => {
    const [rows] =
      await client.query(`SELECT 42 AS i, 1.5 AS f, 'ä' AS s, TRUE AS b, NUMERIC '1.50' AS n, DATE '2026-03-01' AS d,
      TIME '10:11:12.5' AS t, DATETIME '2026-03-01 10:00:00.25' AS dt, TIMESTAMP '2026-03-01 10:00:00.123456+00' AS ts, b'ab' AS bytes,
      JSON '{"a":1}' AS j, [1, 2] AS a, STRUCT(1 AS x, ['p'] AS y) AS st, CAST(NULL AS INT64) AS nothing, CAST(NULL AS ARRAY<INT64>) AS none`)
    expect(rows).toHaveLength(1)
    const row = rows[0] as Record<string, unknown>
    expect(row).toMatchObject({
      i: 42,
      f: 1.5,
      s: 'ä',
      b: true,
      a: [1, 2],
      st: { x: 1, y: ['p'] },
      nothing: null,
      none: [],
    })
    expect(String(row['n'])).toBe('1.5')
    expect(row['t']).toMatchObject({ value: '10:11:12.500000' })
    expect(row['dt']).toMatchObject({ value: '2026-03-01T10:00:00.250000' })
    expect(row['ts']).toMatchObject({ value: '2026-03-01T10:00:00.123456000Z' })
    expect(row['bytes']).toEqual(Buffer.from('ab'))
    expect(row['j']).toBe('{"a":1}')
  })

  test('takes parameters of every kind', async () => {
    const [rows] = await client.query({
      query: 'SELECT @n + 1 AS n, @s AS s, @d AS d, @ts AS ts, @list AS list, @st.a AS a, @none IS NULL AS none',
      params: {
        n: 41,
        s: "it's",
        d: client.date('2026-03-01'),
        ts: client.timestamp('2026-03-01T10:00:00Z'),
        list: ['a', 'b'],
        st: { a: 7 },
        none: null,
      },
      types: { none: 'STRING' },
    })
    expect(rows).toMatchObject([{ n: 42, s: "it's", d: { value: '2026-03-01' }, list: ['a', 'b'], a: 7, none: true }])
    const [positional] = await client.query({ query: 'SELECT ? + ? AS n', params: [40, 2] })
    expect(positional).toEqual([{ n: 42 }])
    expect(rig.requests.at(-1)?.parameters?.map(({ name }) => name)).toEqual([undefined, undefined])
    expect(rig.requests.at(-2)?.parameters).toContainEqual({ name: 'n', type: { kind: 'INT64' }, value: '41' })
  })

  test('says where a mistake is', async () => {
    await expect(client.query('SELECT 1 +')).rejects.toMatchObject({
      code: 400,
      message: expect.stringMatching(/^Syntax error: .* at \[1:\d+\]$/),
      errors: [{ reason: 'invalidQuery' }],
    })
    await expect(client.query('SELECT * FROM nope.t')).rejects.toMatchObject({
      code: 404,
      errors: [{ reason: 'notFound' }],
      message: expect.stringMatching(/Not found: (?:Table|Dataset)/),
    })
    await expect(client.createQueryJob({ query: 'SELECT nope', dryRun: true })).rejects.toMatchObject({ code: 400 })
  })

  test('runs scripts with child jobs', async () => {
    const [job] = await client.createQueryJob({
      query: 'DECLARE n INT64 DEFAULT 20; SET n = n + 1; SELECT n * 2 AS n;',
    })
    const [rows] = await job.getQueryResults()
    expect(rows).toEqual([{ n: 42 }])
    const [metadata] = (await job.getMetadata()) as [
      { statistics: { numChildJobs: string; query: { statementType: string } } },
      unknown,
    ]
    expect(metadata.statistics.query.statementType).toBe('SCRIPT')
    const { json } = await rig.call('GET', `/bigquery/v2/projects/millpond/jobs?parentJobId=${job.id}`)
    expect((json['jobs'] as object[]).length).toBe(Number(metadata.statistics.numChildJobs))
  })
})

describe('jobs of the Node client', () => {
  test('tell what a dry run costs', async () => {
    const [job] = await client.createQueryJob({ query: 'SELECT 1 AS one', dryRun: true })
    const metadata = job.metadata as { statistics: Record<string, unknown>; status: unknown }
    expect(metadata.statistics).toMatchObject({
      totalBytesProcessed: '0',
      query: { statementType: 'SELECT', schema: { fields: [{ name: 'one', type: 'INTEGER', mode: 'NULLABLE' }] } },
    })
    expect(metadata.status).toEqual({ state: 'DONE' })
  })

  test('page through a job', async () => {
    const [job] = await client.createQueryJob({
      query: 'SELECT n FROM UNNEST(GENERATE_ARRAY(0, 2499)) AS n ORDER BY n',
    })
    expect(job.location).toBe('US')
    const [first, next] = await job.getQueryResults({ maxResults: 1000, autoPaginate: false })
    expect([first.length, next?.pageToken]).toEqual([1000, expect.any(String)])
    const second = await job.getQueryResults({
      maxResults: 2000,
      autoPaginate: false,
      pageToken: next?.pageToken ?? '',
    })
    expect([second[0].length, second[1]]).toEqual([1500, null])
    const all = [...first, ...second[0]] as { readonly n: number }[]
    expect(all.map(({ n }) => n)).toEqual(Array.from({ length: 2500 }, (_, n) => n))
    const [metadata] = await job.getMetadata()
    expect(metadata).toMatchObject({
      status: { state: 'DONE' },
      configuration: { query: { query: expect.stringContaining('UNNEST') } },
    })
  })

  test('are told what is wrong in Google’s words', async () => {
    await expect(client.query('SELECT nothing_here')).rejects.toMatchObject({
      code: 400,
      errors: [{ reason: 'invalidQuery', domain: 'global' }],
    })
    await expect(client.query({ query: 'SELECT 1', useLegacySql: true })).rejects.toThrow(/legacy SQL/)
    await expect(client.dataset('no_such').table('t').get()).rejects.toMatchObject({
      code: 404,
      errors: [{ reason: 'notFound' }],
    })
    await expect(rig.client('mp_wrong').query('SELECT 1')).rejects.toMatchObject({ code: 401 })
  })

  test('with a job id that is taken are told so', async () => {
    await client.createQueryJob({ query: 'SELECT 1', jobId: 'mine' })
    await expect(client.createQueryJob({ query: 'SELECT 2', jobId: 'mine' })).rejects.toMatchObject({
      code: 409,
      message: `Already Exists: Job ${project}:US.mine`,
    })
  })

  test('are cancelled', async () => {
    const [job] = await client.createQueryJob({ query: endlessSql })
    await job.cancel()
    await expect(job.getQueryResults()).rejects.toMatchObject({ errors: [{ reason: 'stopped' }] })
  })
})

describe('datasets and tables of the Node client', () => {
  const schema = [
    { name: 'id', type: 'INT64', mode: 'REQUIRED', description: 'Its "number"' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'price', type: 'NUMERIC' },
    { name: 'tags', type: 'STRING', mode: 'REPEATED' },
    {
      name: 'item',
      type: 'RECORD',
      fields: [
        { name: 'sku', type: 'STRING' },
        { name: 'stock', type: 'INTEGER' },
      ],
    },
  ]

  test('are made, changed and removed', async () => {
    const [dataset] = await client.createDataset('sales', {
      description: 'What "was" sold',
      labels: { team: 'a' },
    } as object)
    expect((await dataset.getMetadata())[0]).toMatchObject({ description: 'What "was" sold', labels: { team: 'a' } })
    await dataset.setMetadata({ description: 'Sold' })
    expect((await dataset.getMetadata())[0]).toMatchObject({ description: 'Sold', labels: { team: 'a' } })
    const [table] = await dataset.createTable('orders', {
      schema,
      timePartitioning: { type: 'DAY', field: 'at' },
      clustering: { fields: ['id'] },
      friendlyName: 'Orders',
    } as object)
    expect(table.metadata).toMatchObject({
      schema: {
        fields: [
          { name: 'id', type: 'INTEGER', mode: 'REQUIRED', description: 'Its "number"' },
          { name: 'at' },
          { name: 'price', type: 'NUMERIC' },
          { name: 'tags', mode: 'REPEATED' },
          { name: 'item', type: 'RECORD' },
        ],
      },
      timePartitioning: { type: 'DAY', field: 'at' },
      clustering: { fields: ['id'] },
      friendlyName: 'Orders',
    })
    await table.setMetadata({
      schema: [
        ...schema.map((field) => ({ ...field, mode: field.name === 'id' ? 'NULLABLE' : (field.mode ?? 'NULLABLE') })),
        { name: 'note', type: 'STRING' },
      ],
    })
    expect((await table.getMetadata())[0]).toMatchObject({
      schema: {
        fields: expect.arrayContaining([
          expect.objectContaining({ name: 'note' }),
          expect.objectContaining({ name: 'id', mode: 'NULLABLE' }),
        ]),
      },
    })
    await client.query(
      `INSERT INTO sales.orders (id, \`at\`, price, tags) VALUES (1, TIMESTAMP '2026-03-01 10:00:00+00', 1.5, ['x']), (2, TIMESTAMP '2026-03-02 10:00:00+00', 2, [])`,
    )
    expect((await table.getRows())[0]).toMatchObject([
      { id: 1, tags: ['x'] },
      { id: 2, tags: [] },
    ])
    const day = await rig.call(
      'GET',
      '/bigquery/v2/projects/millpond/datasets/sales/tables/orders$20260302/data?selectedFields=id',
    )
    expect(day.json['rows']).toEqual([{ f: [{ v: '2' }] }])
    const [view] = await dataset.createTable('big', { view: 'SELECT id FROM sales.orders WHERE price > 1.7' })
    expect((await view.getRows())[0]).toEqual([{ id: 2 }])
    await expect(dataset.createTable('orders', { schema })).rejects.toMatchObject({
      code: 409,
      message: 'Already Exists: Table millpond:sales.orders',
    })
  })

  test('are copied, also onto a day', async () => {
    const orders = client.dataset('sales').table('orders')
    await orders.copy(client.dataset('sales').table('orders_copy'))
    expect((await client.query('SELECT COUNT(*) AS n FROM sales.orders_copy'))[0]).toEqual([{ n: 2 }])
    await client.query(`CREATE TABLE sales.one_day AS SELECT * REPLACE(id + 100 AS id) FROM sales.orders WHERE id = 2`)
    const onto = {
      destinationTable: { projectId: 'millpond', datasetId: 'sales', tableId: 'orders$20260302' },
      sourceTable: { projectId: 'millpond', datasetId: 'sales', tableId: 'one_day' },
      writeDisposition: 'WRITE_TRUNCATE',
    }
    const { json } = await rig.call('POST', '/bigquery/v2/projects/millpond/jobs', {
      configuration: { copy: onto },
      jobReference: { jobId: 'copy-day' },
    })
    expect(json['configuration']).toMatchObject({ jobType: 'COPY' })
    const [job] = await client.job('copy-day').get()
    await job.promise()
    expect((await client.query('SELECT id FROM sales.orders ORDER BY id'))[0]).toEqual([{ id: 1 }, { id: 102 }])
  })

  test('are written by queries', async () => {
    const destination = client.dataset('sales').table('sums')
    const [job] = await client.createQueryJob({
      query: 'SELECT SUM(price) AS price FROM sales.orders',
      destination,
      writeDisposition: 'WRITE_TRUNCATE',
    })
    await job.promise()
    expect((await destination.getRows())[0]).toHaveLength(1)
    const [again] = await client.createQueryJob({ query: 'SELECT 1 AS price', destination })
    await expect(again.promise()).rejects.toThrow(/Already Exists|not empty/i)
  })

  test('tell what DML changed', async () => {
    const { json } = await rig.call('POST', '/bigquery/v2/projects/millpond/queries', {
      query: `UPDATE sales.orders SET note = 'x' WHERE TRUE`,
      useLegacySql: false,
    })
    expect(json).toMatchObject({ numDmlAffectedRows: '2', dmlStats: { updatedRowCount: '2' }, statementType: 'UPDATE' })
  })

  test('have routines', async () => {
    const path = '/bigquery/v2/projects/millpond/datasets/sales/routines'
    const routine = {
      routineReference: { datasetId: 'sales', routineId: 'twice' },
      routineType: 'SCALAR_FUNCTION',
      language: 'SQL',
      arguments: [{ name: 'x', dataType: { typeKind: 'INT64' } }],
      returnType: { typeKind: 'INT64' },
      definitionBody: 'x * 2',
    }
    const made = await rig.call('POST', path, routine)
    expect(made.json).toMatchObject({
      routineType: 'SCALAR_FUNCTION',
      language: 'SQL',
      routineReference: { routineId: 'twice' },
    })
    expect((await client.query('SELECT sales.twice(21) AS n'))[0]).toEqual([{ n: 42 }])
    expect((await rig.call('PUT', `${path}/twice`, { ...routine, definitionBody: 'x * 3' })).status).toBe(200)
    expect((await client.query('SELECT sales.twice(14) AS n'))[0]).toEqual([{ n: 42 }])
    expect((await rig.call('POST', path, routine)).status).toBe(409)
    expect((await rig.call('GET', path)).json).toMatchObject({
      routines: [{ routineReference: { routineId: 'twice' } }],
    })
    expect((await rig.call('DELETE', `${path}/twice`)).status).toBe(204)
    expect((await rig.call('GET', `${path}/twice`)).status).toBe(404)
  })

  test('show members only what they may see', async () => {
    await rig.control.addPrincipal('ann', 'person', 'member')
    const ann = rig.client((await rig.control.createToken('ann', 'ann')).token)
    expect((await ann.getDatasets())[0].map(({ id }) => id)).toEqual([])
    await expect(ann.query('SELECT * FROM sales.orders')).rejects.toMatchObject({
      errors: [{ reason: expect.stringMatching(/notFound|accessDenied/) }],
    })
    await rig.control.addGrant({ grantee: 'ann', dataset: 'sales', table: 'orders', privilege: 'read' })
    expect((await ann.getDatasets())[0].map(({ id }) => id)).toEqual(['sales'])
    expect((await ann.dataset('sales').getTables())[0].map(({ id }) => id)).toEqual(['orders'])
    expect((await ann.dataset('sales').table('orders').getRows())[0]).toHaveLength(2)
    await expect(ann.dataset('sales').table('orders').delete()).rejects.toMatchObject({ code: 403 })
    await expect(ann.createDataset('of_ann')).rejects.toMatchObject({ code: 403 })
  })

  test('go, with what is in them', async () => {
    await expect(client.dataset('sales').delete()).rejects.toThrow(/still in use/)
    await client.dataset('sales').table('big').delete()
    await client.dataset('sales').delete({ force: true })
    expect(await client.dataset('sales').exists()).toEqual([false])
  })
})

describe('rows and files of the Node client', () => {
  beforeAll(async () => {
    await client.createDataset('stream')
    await client.dataset('stream').createTable('rows', { schema: 'id:INTEGER,name:STRING,at:TIMESTAMP' })
  })

  test('are appended with their insert ids', async () => {
    await client
      .dataset('stream')
      .table('rows')
      .insert([{ id: 1, name: 'a\tb', at: client.timestamp('2026-03-01T10:00:00Z') }, { id: 2 }])
    const record = rig.appended.at(-1)
    expect(record).toMatchObject({ kind: 'append', source: 'stream', count: 2 })
    expect(JSON.parse(record?.meta ?? '')).toEqual({ dataset: 'stream', table: 'rows' })
    const lines = Buffer.from(record?.body ?? [])
      .toString()
      .trimEnd()
      .split('\n')
    expect(lines.map((line) => line.split('\t')[1])).toEqual([
      '{"id":"1","name":"a\\tb","at":"2026-03-01 10:00:00.000+00"}',
      '{"id":"2"}',
    ])
    expect(lines[0]).toMatch(/^"[\w-]{36}"\t/)
    await rig.stored()
    expect((await client.query('SELECT id, name FROM stream.`rows` ORDER BY id'))[0]).toEqual([
      { id: 1, name: 'a\tb' },
      { id: 2, name: null },
    ])
  })

  test('with an id that came before are stored once, and become dead letters when their table goes', async () => {
    const table = client.dataset('stream').table('once')
    await client.dataset('stream').createTable('once', { schema: 'id:INTEGER' })
    const rows = [1, 2, 2].map((id) => ({ insertId: `i${id}`, json: { id } }))
    await table.insert(rows, { raw: true })
    await table.insert(rows, { raw: true })
    await rig.stored()
    await table.insert([...rows, { insertId: 'i3', json: { id: 3 } }], { raw: true })
    await rig.stored()
    expect((await client.query('SELECT id FROM stream.once ORDER BY id'))[0]).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
    const [late] = rig.appended.slice(-1)
    await table.delete()
    // An answered row whose table goes before it is stored.
    if (late !== undefined) await rig.append(late)
    await rig.stored()
    expect(rig.letters).toMatchObject([{ kind: 'row', source: 'stream', count: 4 }])
    expect(JSON.parse(rig.letters[0]?.meta ?? '')).toMatchObject({ table: 'stream.once' })
  })

  test('are refused row by row', async () => {
    const before = rig.appended.length
    const inserting = client
      .dataset('stream')
      .table('rows')
      .insert([{ id: 'x' }, { id: 2 }, { nope: 1 }])
    await expect(inserting).rejects.toMatchObject({
      name: 'PartialFailureError',
      errors: [
        { row: { id: 'x' }, errors: [{ reason: 'invalid' }] },
        { row: { id: 2 }, errors: [{ reason: 'stopped' }] },
        { row: { nope: 1 }, errors: [{ reason: 'invalid', message: 'no such field: nope.' }] },
      ],
    })
    expect(rig.appended).toHaveLength(before)
  })

  test('are loaded from a file', async () => {
    const path = join(rig.folder, 'rows.json')
    await writeFile(path, '{"id":1}\n{"id":2}\n')
    const [job] = await client
      .dataset('stream')
      .table('rows')
      .load(path, { sourceFormat: 'NEWLINE_DELIMITED_JSON', writeDisposition: 'WRITE_TRUNCATE' })
    expect(job).toMatchObject({
      status: { state: 'DONE' },
      statistics: { load: { outputRows: '2', inputFileBytes: '18' } },
    })
    expect(rig.loads.at(-1)).toMatchObject({ dataset: 'stream', table: 'rows', format: 'json', write: 'truncate' })
  })
})
