// The same tables here and in PGlite (Postgres itself): what tools ask of the catalogue must get the same answer.
import { PGlite } from '@electric-sql/pglite'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { fillRealCompany } from './postgres/company.ts'
import { openRealRig, type Rig } from './postgres/rig.ts'
import type { RealRoad } from './postgres/real-road.ts'

let rig: Rig<RealRoad>
let client: Client
let postgres: PGlite

beforeAll(async () => {
  rig = await openRealRig()
  await fillRealCompany(rig.road)
  const grant = (dataset: string, privilege: 'read' | 'write') => ({ grantee: 'bob', dataset, table: '*', privilege })
  rig.road.setPolicies({
    grants: [grant('web', 'read'), grant('Apps', 'read'), grant('desk', 'write')],
    masks: [],
    filters: [],
  })
  client = new Client({ connectionString: rig.url(rig.bob) })
  await client.connect()
  postgres = new PGlite()
  await postgres.exec(`
    CREATE SCHEMA web; CREATE SCHEMA "Apps"; CREATE SCHEMA desk;
    CREATE TABLE web.tracks (id bigint NOT NULL, name text, price numeric(38,9), seen timestamptz, day date, tags text[], props json, flag boolean,
      x double precision, raw bytea, local timestamp, clock time, span interval);
    CREATE TABLE web.pages (id bigint, url text);
    CREATE VIEW web.latest AS SELECT id, name FROM web.tracks;
    CREATE TABLE "Apps"."Odd Table" ("Some Column" text);
    CREATE TABLE desk.notes (id bigint, text text, made_at timestamptz);
    COMMENT ON TABLE web.tracks IS 'Every track'; COMMENT ON COLUMN web.tracks.name IS 'What it is called';
    SET search_path = "Apps", desk, web`)
}, 60_000)

afterAll(async () => {
  await client.end()
  await postgres.close()
  await rig.stop()
})

const ours = `n.nspname IN ('web', 'desk', 'Apps')`

/** As psql, DBeaver, pgJDBC, SQLAlchemy, Metabase, Grafana, Tableau, Superset and Npgsql ask; without oids. */
const questions: readonly string[] = [
  `SELECT n.nspname AS "Schema", c.relname AS "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' END AS "Type" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2`,
  `SELECT n.nspname FROM pg_catalog.pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'public') ORDER BY 1`,
  `SELECT c.relname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relname OPERATOR(pg_catalog.~) '^(tracks)$' COLLATE pg_catalog.default AND n.nspname OPERATOR(pg_catalog.~) '^(web)$' COLLATE pg_catalog.default ORDER BY 1`,
  `SELECT c.relchecks, c.relkind, c.relhasindex, c.relhastriggers, c.relrowsecurity, c.relforcerowsecurity, false AS relhasoids, c.relispartition, c.reltablespace, CASE WHEN c.reloftype = 0 THEN '' ELSE c.reloftype::pg_catalog.regtype::pg_catalog.text END, c.relpersistence, c.relreplident, am.amname FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am am ON (c.relam = am.oid) WHERE c.oid = 'web.tracks'::regclass`,
  `SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid, true) FROM pg_catalog.pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum AND a.atthasdef), a.attnotnull, (SELECT c.collname FROM pg_catalog.pg_collation c, pg_catalog.pg_type t WHERE c.oid = a.attcollation AND t.oid = a.atttypid AND a.attcollation <> t.typcollation) AS attcollation, a.attidentity, a.attgenerated FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'web.tracks'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
  `SELECT a.attname, a.atttypid, a.attlen, a.attnum, a.attndims, a.atttypmod, a.attbyval, a.attalign, a.attstorage, a.attcompression, a.attcollation, a.attislocal, a.attinhcount FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND a.attnum > 0 ORDER BY n.nspname, c.relname, a.attnum`,
  `SELECT count(*) FROM pg_catalog.pg_inherits i WHERE i.inhrelid = 'web.tracks'::regclass`,
  `SELECT c.oid::pg_catalog.regclass FROM pg_catalog.pg_class c, pg_catalog.pg_inherits i WHERE c.oid = i.inhparent AND i.inhrelid = 'web.tracks'::regclass AND c.relkind != 'p' AND c.relkind != 'I' ORDER BY inhseqno`,
  `SELECT pol.polname, pol.polpermissive FROM pg_catalog.pg_policy pol WHERE pol.polrelid = 'web.tracks'::regclass ORDER BY 1`,
  `SELECT pubname FROM pg_catalog.pg_publication p JOIN pg_catalog.pg_publication_namespace pn ON p.oid = pn.pnpubid JOIN pg_catalog.pg_class pc ON pc.relnamespace = pn.pnnspid WHERE pc.oid = 'web.tracks'::regclass ORDER BY 1`,
  `SELECT r.conname, pg_catalog.pg_get_constraintdef(r.oid, true) FROM pg_catalog.pg_constraint r WHERE r.conrelid = 'web.tracks'::regclass AND r.contype = 'f' ORDER BY 1`,
  `SELECT current_schema(), current_schemas(false)`,
  `SELECT obj_description('web.tracks'::regclass, 'pg_class'), col_description('web.tracks'::regclass, 2), col_description('web.tracks'::regclass, 1)`,
  `SELECT d.objsubid, d.description FROM pg_catalog.pg_description d WHERE d.objoid = 'web.tracks'::regclass AND d.classoid = 'pg_catalog.pg_class'::regclass ORDER BY 1`,
  `SELECT c.relname, d.description FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass WHERE ${ours} ORDER BY 1`,
  `SELECT table_schema, table_name, table_type FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1, 2`,
  `SELECT table_name, column_name, ordinal_position, column_default, is_nullable, data_type, character_maximum_length, character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision, interval_type, udt_schema, udt_name, is_identity, is_generated, dtd_identifier FROM information_schema.columns WHERE table_schema IN ('web', 'desk', 'Apps') ORDER BY table_schema, table_name, ordinal_position`,
  `SELECT columns.table_name, columns.column_name FROM information_schema.columns WHERE columns.table_schema = 'web' ORDER BY columns.table_name, columns.ordinal_position`,
  `SELECT schema_name FROM information_schema.schemata WHERE schema_name NOT LIKE 'pg_%' AND schema_name NOT IN ('information_schema', 'public') ORDER BY 1`,
  `SELECT table_name, check_option, is_trigger_updatable FROM information_schema.views WHERE table_schema = 'web'`,
  `SELECT object_name, collection_type_identifier, data_type, udt_name, dtd_identifier FROM information_schema.element_types WHERE object_schema = 'web'`,
  `SELECT * FROM information_schema.key_column_usage WHERE table_schema = 'web'`,
  `SELECT * FROM information_schema.referential_constraints WHERE constraint_schema = 'web'`,
  `SELECT constraint_name FROM information_schema.table_constraints WHERE table_schema = 'web' AND constraint_type = 'PRIMARY KEY'`,
  `SELECT character_set_name, character_repertoire, form_of_use FROM information_schema.character_sets`,
  `SELECT sequence_name FROM information_schema.sequences`,
  `SELECT routine_name FROM information_schema.routines WHERE routine_schema = 'web'`,
  `SELECT trigger_name FROM information_schema.triggers`,
  `SELECT schemaname, tablename, hasindexes, hasrules, hastriggers, rowsecurity FROM pg_catalog.pg_tables WHERE schemaname IN ('web', 'desk', 'Apps') ORDER BY 1, 2`,
  `SELECT schemaname, viewname FROM pg_views WHERE schemaname IN ('web', 'desk')`,
  `SELECT schemaname, matviewname FROM pg_matviews`,
  `SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'web'`,
  `SELECT t.oid, t.typname, t.typlen, t.typbyval, t.typtype, t.typcategory, t.typispreferred, t.typisdefined, t.typdelim, t.typelem, t.typarray, t.typalign, t.typstorage, t.typnotnull, t.typbasetype, t.typtypmod, t.typndims, t.typcollation FROM pg_type t WHERE t.oid IN (16, 17, 18, 19, 20, 21, 23, 25, 26, 114, 700, 701, 1000, 1007, 1009, 1016, 1043, 1082, 1083, 1114, 1184, 1186, 1231, 1700, 2249, 2950, 3802) ORDER BY 1`,
  `SELECT typinput = 'array_in'::regproc AS is_array, typtype, typname FROM pg_catalog.pg_type WHERE oid = 1009`,
  `SELECT typname, format_type(oid, NULL) FROM pg_type WHERE oid IN (16, 20, 23, 25, 700, 701, 1009, 1043, 1114, 1184, 1186, 1231, 1700) ORDER BY 1`,
  `SELECT format_type(1700, 655366), format_type(25, -1), format_type(0, NULL), format_type(NULL, NULL)`,
  `SELECT 'int4'::regtype::oid, 'text[]'::regtype::oid, 'double precision'::regtype::oid, to_regtype('nothing'), 'pg_catalog.timestamptz'::regtype::oid`,
  `SELECT 'web.tracks'::regclass::text, to_regclass('web.nothing') IS NULL AS none, 'pg_class'::regclass::oid, 'pg_catalog.pg_namespace'::regclass::oid`,
  `SELECT atttypid::regtype::text FROM pg_attribute WHERE attrelid = 'web.tracks'::regclass AND attnum > 0 ORDER BY attnum`,
  `SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'web'::regnamespace ORDER BY 1`,
  `SELECT relname, relkind = ANY ('{r,p}'::"char"[]) AS is_table FROM pg_class WHERE oid = 'web.latest'::regclass`,
  `SELECT relname FROM pg_class WHERE relname ~* '^TRACK' ORDER BY 1`,
  `SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ours} AND relname !~* 'odd|notes' ORDER BY 1`,
  `SELECT quote_ident('Odd Table'), quote_ident('plain'), quote_literal('it''s'), quote_nullable(NULL)`,
  `SELECT pg_size_pretty(5::bigint), pg_size_pretty(20480::bigint), pg_size_pretty(50000000::bigint), pg_size_pretty(-1::bigint)`,
  `SELECT pg_is_in_recovery(), pg_encoding_to_char(6), has_table_privilege('web.tracks', 'SELECT'), has_schema_privilege('web', 'USAGE')`,
  `SELECT current_setting('server_encoding'), current_setting('standard_conforming_strings'), current_setting('nothing.here', true)`,
  `SELECT array_upper(current_schemas(false), 1), array_lower(ARRAY[1, 2], 1), array_length(ARRAY[1, 2, 3], 1), array_to_string(ARRAY['a', 'b'], ',')`,
  `SELECT s.r, (current_schemas(false))[s.r] AS nspname FROM generate_series(1, array_upper(current_schemas(false), 1)) AS s(r) ORDER BY 1`,
  `SELECT s FROM generate_series(1, 3) s`,
  `SELECT name, setting FROM pg_settings WHERE name IN ('server_encoding', 'standard_conforming_strings', 'integer_datetimes') ORDER BY 1`,
  `SELECT i.indkey FROM pg_catalog.pg_index i WHERE i.indrelid = 'web.tracks'::regclass AND i.indisprimary`,
  `SELECT result.attname, result.key_seq FROM (SELECT a.attname, (i.keys).n AS key_seq, (i.keys).x AS x, a.attnum FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN (SELECT i.indexrelid, i.indrelid, i.indisprimary, information_schema._pg_expandarray(i.indkey) AS keys FROM pg_catalog.pg_index i) i ON (a.attnum = (i.keys).x AND a.attrelid = i.indrelid) WHERE i.indisprimary AND ct.relname = 'tracks') result`,
  `SELECT conname FROM pg_constraint WHERE contype IN ('p', 'u') AND conrelid = 'web.tracks'::regclass`,
  `SELECT e.enumlabel FROM pg_enum e JOIN pg_type t ON e.enumtypid = t.oid`,
  `SELECT lanname FROM pg_language WHERE lanname = 'sql'`,
  `SELECT extname FROM pg_extension WHERE extname = 'postgis'`,
  `SELECT c.relname, a.attname, t.typname FROM pg_class c INNER JOIN pg_attribute a ON a.attrelid = c.oid INNER JOIN pg_type t ON t.oid = a.atttypid INNER JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'desk' AND a.attnum > 0 ORDER BY a.attnum`,
  `SELECT DISTINCT quote_ident(table_schema) AS s FROM information_schema.tables WHERE table_schema IN ('web', 'Apps') ORDER BY 1`,
  `SELECT CASE WHEN typcategory = 'A' THEN 'array' ELSE 'other' END AS k, count(*) > 5 AS many FROM pg_type WHERE typname IN ('_text', '_int4', '_int8', 'text', 'int4', '_bool', '_float8', '_numeric') GROUP BY 1 ORDER BY 1`,
  `SELECT proc.proname FROM pg_type typ JOIN pg_proc proc ON proc.oid = typ.typreceive WHERE typ.typname IN ('_text', 'int4') ORDER BY 1`,
  `SELECT pg_table_is_visible('web.tracks'::regclass), pg_type_is_visible(25), pg_get_userbyid(0)`,
  `SELECT json_build_object('a', 1, 'b', NULL)::text LIKE '{%a%:%1%' AS ok`,
  `SELECT (SELECT count(*) FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal), c.relname FROM pg_class c WHERE c.oid = 'web.pages'::regclass`,
]

function plain(value: unknown): unknown {
  return typeof value === 'bigint' || typeof value === 'number'
    ? String(value)
    : Array.isArray(value)
      ? value.map(plain)
      : value
}

it('is asked at least 60 questions', () => {
  expect(questions.length).toBeGreaterThanOrEqual(60)
})

it.each(questions)('%s', async (sql) => {
  const theirs = await postgres.query<unknown[]>(sql, [], { rowMode: 'array' })
  const got = await client.query<unknown[]>({ text: sql, rowMode: 'array' })
  expect(got.fields.map(({ name }) => name)).toEqual(theirs.fields.map(({ name }) => name))
  expect(got.rows.map((row) => row.map(plain))).toEqual(theirs.rows.map((row) => row.map(plain)))
})

it('hides what is not theirs, and what is ours', async () => {
  rig.road.setPolicies({
    grants: [{ grantee: 'bob', dataset: 'web', table: '*', privilege: 'read' }],
    masks: [],
    filters: [],
  })
  const other = new Client({ connectionString: rig.url(rig.bob) })
  await other.connect()
  const { rows } = await other.query(
    `SELECT nspname FROM pg_namespace UNION ALL SELECT relname FROM pg_class UNION ALL SELECT rolname FROM pg_roles ORDER BY 1`,
  )
  expect(rows.map((row: { nspname: string }) => row.nspname)).toEqual([
    'bob',
    'information_schema',
    'latest',
    'millpond',
    'pages',
    'pg_catalog',
    'tracks',
    'web',
  ])
  expect((await other.query('SELECT usename, state FROM pg_stat_activity')).rows[0]).toEqual({
    usename: 'bob',
    state: 'active',
  })
  await other.end()
})
