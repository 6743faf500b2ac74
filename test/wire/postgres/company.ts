// A small company in the small road: tables of several kinds, and what the catalogue should say of them.
import type { VisibleTable } from '../../../src/query/contract.ts'
import type { SqlType } from '../../../src/sql/types.ts'
import { visible } from './rig.ts'
import type { RealRoad } from './real-road.ts'
import type { SmallRoad } from './small-road.ts'

type Column = VisibleTable['columns'][number]

function column(
  name: string,
  kind: Exclude<SqlType['kind'], 'ARRAY' | 'STRUCT' | 'RANGE'>,
  more: Partial<Column> = {},
): Column {
  return { name, sqlType: { kind }, mode: 'NULLABLE', ...more }
}

export const companyTables: readonly VisibleTable[] = [
  visible(
    'web',
    'tracks',
    [
      column('id', 'INT64', { mode: 'REQUIRED' }),
      column('name', 'STRING', { description: 'What it is called' }),
      column('price', 'NUMERIC'),
      column('seen', 'TIMESTAMP'),
      column('day', 'DATE'),
      { name: 'tags', sqlType: { kind: 'ARRAY', element: { kind: 'STRING' } }, mode: 'REPEATED' },
      column('props', 'JSON'),
      column('flag', 'BOOL'),
      column('x', 'FLOAT64'),
      column('raw', 'BYTES'),
      column('local', 'DATETIME'),
      column('clock', 'TIME'),
      column('span', 'INTERVAL'),
    ],
    { description: 'Every track' },
  ),
  visible('web', 'pages', [column('id', 'INT64'), column('url', 'STRING')]),
  visible('web', 'latest', [column('id', 'INT64'), column('name', 'STRING')], {
    kind: 'view',
    viewSql: 'SELECT id, name FROM web.tracks',
  }),
  visible('Apps', 'Odd Table', [column('Some Column', 'STRING')]),
  visible('desk', 'notes', [column('id', 'INT64'), column('text', 'STRING'), column('made_at', 'TIMESTAMP')], {
    isWritable: true,
  }),
]

export async function fillCompany(road: SmallRoad): Promise<void> {
  road.tables = [...companyTables]
  await road.execute(`
    CREATE SCHEMA web; CREATE SCHEMA "Apps"; CREATE SCHEMA desk;
    CREATE TABLE web.tracks (id BIGINT NOT NULL, name VARCHAR, price DECIMAL(38,9), seen TIMESTAMPTZ, day DATE, tags VARCHAR[], props JSON,
      flag BOOLEAN, x DOUBLE, raw BLOB, local TIMESTAMP, clock TIME, span INTERVAL);
    INSERT INTO web.tracks VALUES ${tracksRows};
    CREATE TABLE web.pages AS SELECT range AS id, '/page/' || range AS url FROM range(10000);
    CREATE VIEW web.latest AS SELECT id, name FROM web.tracks;
    CREATE TABLE "Apps"."Odd Table" ("Some Column" VARCHAR);
    CREATE TABLE desk.notes (id BIGINT, text VARCHAR, made_at TIMESTAMPTZ);
  `)
}

const tracksRows = `
      (1, 'one', 1.5, '2026-03-01 10:00:00.25+00', '2026-03-01', ['a', 'b c', NULL], '{"k":1}', true, 0.1, '\\x00\\xFF', '2026-03-01 10:00:00', '10:00:01.5', INTERVAL '1 month 2 days 03:04:05'),
      (2, NULL, -0.000000001, '1969-12-31 23:59:59.999999+00', '0044-03-15 (BC)', [], 'null', false, 'Infinity', '', '1999-01-01', '00:00:00', INTERVAL '-1 day'),
      (3, 'three ''quoted'', "x"', 12345678901234567890.123456789, 'infinity', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`

/** The same in the real warehouse; values that GoogleSQL has no words for are put there by the engine. */
export async function fillRealCompany(road: RealRoad): Promise<void> {
  const made = [
    'CREATE SCHEMA web',
    'CREATE SCHEMA Apps',
    'CREATE SCHEMA desk',
    `CREATE TABLE web.tracks (id INT64 NOT NULL, name STRING OPTIONS (description = 'What it is called'), price NUMERIC, seen TIMESTAMP,
      day DATE, tags ARRAY<STRING>, props JSON, flag BOOL, x FLOAT64, raw BYTES, local DATETIME, clock TIME, span INTERVAL)
      OPTIONS (description = 'Every track')`,
    'CREATE TABLE web.pages (id INT64, url STRING)',
    'CREATE VIEW web.latest AS SELECT id, name FROM web.tracks',
    'CREATE TABLE Apps.`Odd Table` (`Some Column` STRING)',
    'CREATE TABLE desk.notes (id INT64, text STRING, made_at TIMESTAMP)',
  ]
  for (const sql of made) await road.change(sql)
  await road.execute(`INSERT INTO "made"."web"."tracks" VALUES ${tracksRows}`)
  await road.execute(`INSERT INTO "made"."web"."pages" SELECT range, '/page/' || range FROM range(10000)`)
}
