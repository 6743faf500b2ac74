// `millpond import` into a real Millpond: each format with real files, and the rows read back by SQL.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { archived, lines, put, runImport, writeTable } from './import-support.ts'

let millpond: Millpond
let folder = ''
let sources = 0
let source = ''
beforeAll(async () => {
  millpond = await startMillpond()
})
afterAll(() => millpond.dispose())
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-import-'))
  source = `history_${++sources}`
  await millpond.addSource(source)
})
afterEach(() => rm(folder, { recursive: true }))

async function importFrom(...words: string[]): ReturnType<typeof runImport> {
  return runImport(millpond.data, ['--source', source, ...words])
}

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, index) => from + index)

describe('archives of Segment', () => {
  test('gzipped files in dated folders, with days long gone', async () => {
    await put(folder, 'logs/1767225600000/a.gz', gzipSync(lines(range(0, 100).map((index) => archived(index)))))
    await put(folder, 'logs/1767312000000/b.gz', gzipSync(lines(range(100, 250).map((index) => archived(index)))))
    await put(folder, 'logs/1767312000000/c.zst', zstdCompressSync(Buffer.from(lines([archived(250)]))))
    await put(folder, 'logs/1767312000000/_SUCCESS', '')
    const run = await importFrom(join(folder, 'logs'))
    expect(run).toMatchObject({ code: 0, stderr: '' })
    expect(run.outcome).toMatchObject({ files: 3, events: 251, skipped: 0, stored: 251, duplicates: 0, quarantined: 0 })

    const rows = await millpond.query(`SELECT count(*), count(DISTINCT id), sum(minutes), min("timestamp")::VARCHAR,
      any_value(recipe), any_value(time_method) FROM ${source}.recipe_cooked`)
    const sum = (250 * 251) / 2
    expect(rows).toEqual([[251, 251, sum, '2026-01-01 00:00:00+00', 'Rösti 🍲', 'sender']])
  })

  test('twice is once, under another name too; --restart sends again and the engine knows the ids', async () => {
    const path = await put(folder, 'a.ndjson', lines(range(0, 50).map((index) => archived(index))))
    expect((await importFrom(path)).outcome).toMatchObject({ events: 50, stored: 50 })
    expect((await importFrom(path)).outcome).toMatchObject({ files: 1, filesDoneBefore: 1, events: 0 })
    expect((await importFrom(path, '--restart')).outcome).toMatchObject({ events: 50, stored: 0, duplicates: 50 })
    await put(folder, 'copy/b.ndjson.gz', gzipSync(lines(range(25, 75).map((index) => archived(index)))))
    expect((await importFrom(join(folder, 'copy'))).outcome).toMatchObject({ events: 50, stored: 25, duplicates: 25 })
    expect(await millpond.queryValue(`SELECT count(*) FROM ${source}.tracks`)).toBe(75)
  })

  test('zstd of many parts: of pzstd, of cat, and with something else behind', async () => {
    const part = (from: number, to: number): Buffer =>
      zstdCompressSync(lines(range(from, to).map((index) => archived(index))))
    // As pzstd writes it: before each frame one that is skipped.
    const skipped = Buffer.from('502a4d1804000000ffffffff', 'hex')
    await put(folder, 'a.zst', Buffer.concat([skipped, part(0, 100), skipped, part(100, 150)]))
    expect((await importFrom(folder)).outcome).toMatchObject({ events: 150, stored: 150, filesUnreadable: 0 })
    const path = await put(
      folder,
      'b.zst',
      Buffer.concat([part(150, 200), part(200, 201), Buffer.from('{"type":"track"}')]),
    )
    const run = await importFrom(folder)
    expect(run).toMatchObject({ code: 1, outcome: { filesDoneBefore: 1, events: 51, filesUnreadable: 1, stored: 51 } })
    expect(run.stderr).toContain(`${path} can't be read behind line 51: Unknown frame descriptor`)
  })

  test('times that the importer alone understands: ids stay, and the moment is the right one', async () => {
    const bare = { type: 'track', event: 'Lid Lifted', userId: 'cook-1' }
    const times = ['1767323045', '1767323046000', '2026-01-02 03:04:07 utc', 1_767_323_048]
    const path = await put(folder, 'a.json', lines(times.map((timestamp) => ({ ...bare, timestamp }))))
    expect((await importFrom(path)).outcome).toMatchObject({ events: 4, stored: 4, eventsWithoutTime: 0 })
    expect((await importFrom(path, '--restart')).outcome).toMatchObject({ events: 4, stored: 0, duplicates: 4 })
    const rows = await millpond.query(
      `SELECT strftime("timestamp", '%H:%M:%S'), id[1:2] FROM ${source}.lid_lifted ORDER BY 1`,
    )
    expect(rows).toEqual(['03:04:05', '03:04:06', '03:04:07', '03:04:08'].map((time) => [time, 'h-']))
  })

  test('events without an id get one that stays: of their content, or of their place if they say no time', async () => {
    const bare = { type: 'track', event: 'Lid Lifted', userId: 'cook-1' }
    const timed = { ...bare, originalTimestamp: '2026-01-02T03:04:05.000Z' }
    const content = lines([timed, timed, bare, bare, { ...bare, receivedAt: '2026-01-02T03:04:06Z' }])
    await put(folder, 'a.json', content)
    expect((await importFrom(folder)).outcome).toMatchObject({
      events: 5,
      stored: 4,
      duplicates: 1,
      eventsWithoutTime: 2,
    })
    await put(folder, 'other/b.json.gz', gzipSync(content))
    expect((await importFrom(folder)).outcome).toMatchObject({
      filesDoneBefore: 1,
      events: 5,
      stored: 0,
      duplicates: 5,
    })
    const times = await millpond.query(
      `SELECT strftime("timestamp", '%Y-%m-%d %H:%M:%S') FROM ${source}.lid_lifted WHERE time_method = 'sender' ORDER BY 1`,
    )
    expect(times).toEqual([['2026-01-02 03:04:05'], ['2026-01-02 03:04:06']])
  })

  test('a time of the far past or future is not clamped, and big numbers keep their digits', async () => {
    await put(
      folder,
      'a.json',
      lines([
        archived(1, { timestamp: '1970-03-01T00:00:00.000Z', originalTimestamp: null }),
        '{"type":"track","event":"Recipe Cooked","userId":9007199254740993,"timestamp":1767225600000,"properties":{"ns":1767225600000000123}}',
      ]),
    )
    expect((await importFrom(folder)).outcome).toMatchObject({ events: 2, stored: 2 })
    const rows = await millpond.query(
      `SELECT strftime("timestamp", '%Y'), user_id, ns::VARCHAR FROM ${source}.recipe_cooked ORDER BY 1`,
    )
    expect(rows).toEqual([
      ['1970', null, null],
      ['2026', '9007199254740993', '1767225600000000123'],
    ])
  })
})

describe('lines that are no events', () => {
  test('are named by file and line, counted, and left out', async () => {
    const good = archived(1)
    const path = await put(
      folder,
      'odd.ndjson',
      `\uFEFF${JSON.stringify(good)}\r\n\r\nnot json\n[1,2]\nnull\n{"type":"track","userId":"u"}\n{"type":"shout","userId":"u"}\n` +
        `{"type":"track","event":"x"}\n${JSON.stringify(archived(2))}`,
    )
    const run = await importFrom(path)
    expect(run.code).toBe(0)
    expect(run.outcome).toMatchObject({ events: 2, skipped: 6, stored: 2 })
    expect(run.stderr.split('\n').filter((line) => line !== '')).toEqual([
      `Skipped ${path}:3: it is no JSON object.`,
      `Skipped ${path}:4: it is no JSON object.`,
      `Skipped ${path}:5: it is no JSON object.`,
      `Skipped ${path}:6: the event has no name.`,
      `Skipped ${path}:7: its type is none of track, identify, page, screen, group, alias.`,
      `Skipped ${path}:8: it has neither userId nor anonymousId.`,
    ])
  })

  test('a damaged archive gives what can be read, and the others come in', async () => {
    const whole = gzipSync(lines(range(0, 20_000).map((index) => archived(index))))
    const path = await put(folder, 'a.gz', whole.subarray(0, whole.length / 2))
    await put(folder, 'b.gz', gzipSync(lines([archived(50_000)])))
    const run = await importFrom(folder)
    expect(run.code).toBe(1)
    expect(run.outcome?.filesUnreadable).toBe(1)
    expect(run.outcome?.events).toBeGreaterThan(5_000)
    expect(run.stderr).toContain(`${path} can't be read behind line `)
    expect(await millpond.queryValue(`SELECT count(*) FROM ${source}.tracks WHERE id = 'ajs-50000'`)).toBe(1)

    // Whole at last, it is another file: read from its beginning, and nothing doubles.
    await writeFile(path, whole)
    expect((await importFrom(folder)).outcome).toMatchObject({ events: 20_000, duplicates: run.outcome!.events - 1 })
    expect(await millpond.queryValue(`SELECT count(*) FROM ${source}.tracks`)).toBe(20_001)
  })

  test.each([
    { name: 'noise.bin', content: Buffer.alloc(5000, 0x9c), says: 'is none of segment, mixpanel' },
    { name: 'prose.txt', content: 'Dear diary\ntoday nothing happened\n', says: 'is none of segment, mixpanel' },
    { name: 'array.json', content: '[{"type":"track"}]', says: 'is an array of JSON' },
    {
      name: 'logs.ndjson',
      content: lines([{ level: 'info', msg: 'x' }]),
      says: 'no column says what the events are called',
    },
    { name: 'table.csv', content: 'a,b\n1,2\n', says: 'no column says what the events are called' },
    { name: 'half.parquet', content: 'PAR1 and then nothing', says: "can't be read" },
  ])('$name alone is an error that says what is wrong', async ({ name, content, says }) => {
    await put(folder, name, content)
    const run = await importFrom(folder)
    expect(run).toMatchObject({ code: 1 })
    expect(run.stderr).toContain(says)
    expect(run.stderr).toContain('Nothing could be read')
  })

  test('a file of the wrong format is given up after its first thousand lines', async () => {
    await put(folder, 'a.ndjson', lines(range(0, 3000).map((index) => ({ event: 'x', index }))))
    const run = await importFrom('--format', 'segment', folder)
    expect(run).toMatchObject({ code: 1 })
    expect(run.stderr).toContain('not one of its first 1000 lines is an event of format segment')
    expect(run.stderr).toContain('Further skipped lines are counted only.')
  })

  test('an empty file is nothing, an absent one an error', async () => {
    await put(folder, 'empty.ndjson', '')
    await put(folder, 'empty.gz', gzipSync(''))
    await put(folder, 'blank.ndjson', '\n\n')
    expect((await importFrom(folder)).outcome).toMatchObject({ files: 3, events: 0, skipped: 0 })
    const run = await importFrom(join(folder, 'absent.gz'))
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no file or folder') })
  })

  test('a source that is not there', async () => {
    const path = await put(folder, 'a.ndjson', lines([archived(1)]))
    const run = await runImport(millpond.data, ['--source', 'nowhere', path])
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no source `nowhere`') })
  })
})

test('a Mixpanel export: seconds and milliseconds, devices and users, $insert_id', async () => {
  const time = 1_767_312_000
  const path = await put(
    folder,
    'mixpanel.json',
    lines([
      {
        event: 'Signed Up',
        properties: { time, distinct_id: 'cook-1', $insert_id: 'i1', plan: 'plus', $city: 'Köln' },
      },
      {
        event: 'Signed Up',
        properties: { time: time * 1000 + 250, distinct_id: '$device:d2', $insert_id: 'i2', plan: 'free' },
      },
      {
        event: 'Signed Up',
        properties: { time, distinct_id: 'cook-3', $user_id: 'cook-3', $device_id: 'd3', $insert_id: 'i3' },
      },
      { event: 'Signed Up', properties: { time, distinct_id: 'd4', $device_id: 'd4' } },
      { event: 'Signed Up', properties: { time, distinct_id: '' } },
      { event: 'Signed Up', properties: { distinct_id: 'cook-5' } },
    ]),
  )
  const run = await importFrom(path)
  expect(run.outcome).toMatchObject({ events: 4, skipped: 2, stored: 4 })
  expect(run.stderr).toContain(`${path}:5: its \`distinct_id\` is empty`)
  const rows = await millpond.query(`SELECT CASE WHEN id LIKE 'h-%' THEN 'h' ELSE id END AS name, user_id, anonymous_id,
    epoch_ms("timestamp"), plan, city FROM ${source}.signed_up ORDER BY name`)
  expect(rows).toEqual([
    ['h', null, 'd4', time * 1000, null, null],
    ['i1', 'cook-1', null, time * 1000, 'plus', 'Köln'],
    ['i2', null, 'd2', time * 1000 + 250, 'free', null],
    ['i3', 'cook-3', 'd3', time * 1000, null, null],
  ])
  expect((await importFrom(path, '--restart')).outcome).toMatchObject({ stored: 0, duplicates: 4 })
})

test('lines of Python, every one with a NaN', async () => {
  const line = (index: number): string =>
    JSON.stringify({ userId: 'u', event: 'Cooked', index }).replace('}', ',"x":NaN}')
  const path = await put(folder, 'python.ndjson', lines([line(1), line(2)]))
  expect((await importFrom(path)).outcome).toMatchObject({ events: 2, skipped: 0, stored: 2 })
  const sent = lines(
    range(0, 3).map((index) => JSON.stringify(archived(index)).replace('"minutes":', '"ratio":NaN,$&')),
  )
  const segment = await put(folder, 'segment.ndjson', sent)
  expect((await importFrom(segment)).outcome).toMatchObject({ events: 3, stored: 3, quarantined: 0 })
})

test('NDJSON of any shape, with a mapping that reaches inside', async () => {
  const path = await put(
    folder,
    'orders.ndjson',
    lines(
      range(0, 3).map((index) => ({
        order: index,
        customer: { id: `c${index}`, city: 'Zürich' },
        paid_at: 1_767_312_000_000_000 + index,
        total: 9.5,
      })),
    ),
  )
  const words = ['--event', 'Order Completed', '--map', 'userId=customer.id', 'timestamp=paid_at', 'messageId=order']
  expect((await importFrom(path, ...words)).outcome).toMatchObject({ events: 3, stored: 3 })
  const rows = await millpond.query(
    `SELECT id, user_id, epoch_us("timestamp"), total, customer_city FROM ${source}.order_completed ORDER BY id LIMIT 1`,
  )
  expect(rows).toEqual([['0', 'c0', 1_767_312_000_000_000, 9.5, 'Zürich']])
})

describe('tables', () => {
  test('CSV: quotes, other scripts, numbers, leading zeros, bad lines', async () => {
    const path = await put(
      folder,
      'orders.csv',
      [
        'user_id;event;timestamp;amount;zip;gift;note',
        'u1;"Order; Completed";2026-01-02 08:00:00;19.50;00741;true;"two\nlines, ""quoted"""',
        '张三;"Order; Completed";2026-01-02T08:00:01+01:00;7;80331;FALSE;你好 🍲',
        'u3;too;few',
        'u4;"Order; Completed";yesterday;1;1;true;x',
        'u5;"Order; Completed";2026-01-03;;04109;true;',
        '',
      ].join('\n'),
    )
    const run = await importFrom(path)
    expect(run.outcome).toMatchObject({ events: 3, skipped: 2, stored: 3 })
    expect(run.stderr).toContain("its time can't be read: yesterday")
    expect(run.stderr).toContain('Expected Number of Columns: 7 Found: 3')
    const rows =
      await millpond.query(`SELECT user_id, event_text, strftime("timestamp", '%d %H:%M:%S'), amount, zip, gift, note
      FROM ${source}.order_completed ORDER BY "timestamp"`)
    expect(rows).toEqual([
      ['张三', 'Order; Completed', '02 07:00:01', 7, '80331', false, '你好 🍲'],
      ['u1', 'Order; Completed', '02 08:00:00', 19.5, '00741', true, 'two\nlines, "quoted"'],
      ['u5', 'Order; Completed', '03 00:00:00', null, '04109', true, null],
    ])
    await put(folder, 'again/orders.csv.gz', gzipSync(lines(['user_id,event,timestamp', 'u9,Order,2026-01-02'])))
    expect((await importFrom(join(folder, 'again'))).outcome).toMatchObject({ events: 1, stored: 1 })
  })

  test('CSV: of thousands of bad lines each is counted', async () => {
    const bad = range(0, 3000).map((index) => `u${index},too,many,columns`)
    const path = await put(folder, 'a.csv', lines(['userId,event', 'u1,Cooked', ...bad, 'u2,Cooked', 'u3']))
    const run = await importFrom(path)
    expect(run.outcome).toMatchObject({ events: 2, skipped: 3001, stored: 2 })
    expect(run.stderr).toContain(`Skipped ${path}:3: Expected Number of Columns: 2 Found: 3.`)
  })

  test('CSV: packed in parts, and cut off', async () => {
    const rows = (from: number, to: number): string =>
      lines(range(from, to).map((index) => `u${index},Cooked,${index}`))
    const head = 'userId,event,n\n'
    await put(
      folder,
      'a.csv.zst',
      Buffer.concat([zstdCompressSync(head + rows(0, 10)), zstdCompressSync(rows(10, 20))]),
    )
    const cut = gzipSync(head + rows(20, 20_000))
    const path = await put(folder, 'b.csv.gz', cut.subarray(0, cut.length / 2))
    const run = await importFrom(folder)
    expect(run).toMatchObject({ code: 1, outcome: { files: 2, filesUnreadable: 1 } })
    expect(run.stderr).toContain(`${path} can't be read to its end: unexpected end of file`)
    expect(
      await millpond.queryValue(`SELECT count(*) FROM ${source}.tracks WHERE user_id IN ('u0', 'u19', 'u21')`),
    ).toBe(3)
  })

  test('Parquet: a row that is too large is left out, and NaN inside of a list is null', async () => {
    const path = join(folder, 'a.parquet')
    await writeTable(
      path,
      `SELECT 'u' || i AS user_id, 'Cooked' AS event, CASE WHEN i = 2 THEN repeat('é', 4500000) ELSE 'short' END AS note,
        [1.5, CASE WHEN i = 1 THEN 'nan'::DOUBLE ELSE 2 END] AS list, {'f': CASE WHEN i = 1 THEN '-inf'::FLOAT ELSE 0.5 END, 'g': 1} AS inside
        FROM range(4) t(i)`,
      '(FORMAT parquet)',
    )
    const run = await importFrom(path)
    expect(run).toMatchObject({ code: 0, outcome: { events: 3, skipped: 1, stored: 3, quarantined: 0 } })
    expect(run.stderr).toContain(`Skipped ${path}:3: it is longer than 4194304 bytes.`)
    const found = await millpond.query(
      `SELECT user_id, list::VARCHAR, inside_f, inside_g FROM ${source}.cooked WHERE user_id <> 'u3' ORDER BY user_id`,
    )
    expect(found).toEqual([
      ['u0', '[1.5,2]', 0.5, 1],
      ['u1', '[1.5,null]', null, 1],
    ])
  })

  test('Parquet: types, nested columns, names that are patterns to the engine', async () => {
    const path = join(folder, 'plan [2026]*.parquet')
    await writeTable(
      path,
      `SELECT 'm' || i AS id, 'u' || i AS user_id, TIMESTAMP '2026-01-02 00:00:00.123456' + INTERVAL (i) SECOND AS "timestamp",
        TIMESTAMP '2026-01-03' AS received_at, 'Plan Chosen' AS event_text, 'plan_chosen' AS event, i AS seats,
        9007199254740993 + i AS big, {'city': 'Genève'} AS address, 'analytics.js' AS context_library_name,
        CASE WHEN i = 1 THEN 'nan'::DOUBLE ELSE 0.5 END AS ratio, NULL::VARCHAR AS nothing FROM range(5000) t(i)`,
      '(FORMAT parquet)',
    )
    expect((await importFrom(path)).outcome).toMatchObject({ events: 5000, stored: 5000, skipped: 0 })
    const rows = await millpond.query(`SELECT id, user_id, epoch_us("timestamp"), seats, big::VARCHAR, address_city,
      context_library_name, ratio, event_text FROM ${source}.plan_chosen WHERE id IN ('m1', 'm4999') ORDER BY id`)
    const atMicros = Date.UTC(2026, 0, 2) * 1000 + 123_456
    expect(rows).toEqual([
      ['m1', 'u1', atMicros + 1_000_000, 1, '9007199254740994', 'Genève', 'analytics.js', null, 'Plan Chosen'],
      [
        'm4999',
        'u4999',
        atMicros + 4_999_000_000,
        4999,
        '9007199254745992',
        'Genève',
        'analytics.js',
        0.5,
        'Plan Chosen',
      ],
    ])
    expect((await importFrom(path, '--restart')).outcome).toMatchObject({ stored: 0, duplicates: 5000 })
  })

  test('--dry-run needs no Millpond, shows events and sends nothing', async () => {
    const path = await put(folder, 'a.csv', 'userId,when,what\nu1,2026-01-02,Cooked\n')
    const words = ['--source', source, '--dry-run', '--event', 'what', '--map', 'timestamp=when', '--', path]
    const run = await runImport(join(folder, 'no-data'), words)
    expect(run.outcome).toMatchObject({ events: 1, skipped: 0 })
    expect(run.stderr).toContain('Reading csv: timestamp = when, userId = userId, event = what')
    expect(await millpond.query(`SELECT 1 FROM millpond.source_counts WHERE source = '${source}'`)).toEqual([])
  })
})
