// The rows of pg_catalog. What isn't here is there, and empty.
import type { EngineValue } from '../../../warehouse/session.ts'
import type { JobInfo } from '../../contract.ts'
import type { Identity } from '../rewrite/types.ts'
import type { Settings } from '../statements/settings.ts'
import type { CatalogTable, Snapshot } from './snapshot.ts'
import { systemTables } from './system-oids.ts'
import { functionRows, typeRows } from './types-table.ts'

export interface CatalogInput {
  readonly snapshot: Snapshot
  readonly identity: Identity
  readonly settings: Settings
  readonly jobs: readonly JobInfo[]
  /** The statement that asks. */
  readonly query: string
}

/** Columns that aren't named are NULL. */
export type CatalogRow = Readonly<Record<string, EngineValue>>
export type RowMaker = (input: CatalogInput) => readonly CatalogRow[]

export const ownerOid = 10
export const ownerName = 'millpond'
export const catalogSchemaOid = 11
export const informationSchemaOid = 13_000
export const databaseOid = 5
const heapOid = 2
export const userOid = 16_384

const pageBytes = 8192

/** Reserved here and not in the SQL standard: what drivers add to their own list. */
const keywords =
  'analyse analyze concurrently freeze ilike isnull limit notnull offset placing returning variadic verbose'

export const catalogContent: Readonly<Record<string, RowMaker>> = {
  pg_get_keywords: () =>
    keywords.split(' ').map((word) => ({ word, catcode: 'R', barelabel: true, catdesc: 'reserved' })),
  pg_namespace: ({ snapshot }) => [
    { oid: catalogSchemaOid, nspname: 'pg_catalog', nspowner: ownerOid },
    { oid: informationSchemaOid, nspname: 'information_schema', nspowner: ownerOid },
    ...snapshot.datasets.map((dataset) => ({
      oid: snapshot.schemaOid(dataset) ?? 0,
      nspname: dataset,
      nspowner: ownerOid,
    })),
  ],
  pg_class: ({ snapshot }) => snapshot.tables.map(classRow),
  pg_attribute: ({ snapshot }) => snapshot.tables.flatMap(attributeRows),
  pg_type: () => typeRows.map(typeRow),
  pg_proc: () => functionRows.map(functionRow),
  pg_description: ({ snapshot }) => snapshot.tables.flatMap(descriptionRows),
  pg_database: ({ identity }) => [
    {
      oid: databaseOid,
      datname: identity.database,
      datdba: ownerOid,
      encoding: 6,
      datlocprovider: 'c',
      datistemplate: false,
      datallowconn: true,
      datconnlimit: -1,
      datfrozenxid: 0,
      datminmxid: 1,
      dattablespace: 1663,
      datcollate: 'C',
      datctype: 'C.UTF-8',
    },
  ],
  pg_roles: ({ identity }) => rolesOf(identity).map(roleRow),
  pg_user: ({ identity }) => usersOf(identity),
  pg_shadow: ({ identity }) => usersOf(identity),
  pg_tables: ({ snapshot }) =>
    snapshot.tables
      .filter(({ kind }) => kind === 'r')
      .map(({ dataset, name }) => ({
        schemaname: dataset,
        tablename: name,
        tableowner: ownerName,
        hasindexes: false,
        hasrules: false,
        hastriggers: false,
        rowsecurity: false,
      })),
  pg_views: ({ snapshot }) =>
    snapshot.tables
      .filter(({ kind }) => kind === 'v')
      .map(({ dataset, name, source }) => ({
        schemaname: dataset,
        viewname: name,
        viewowner: ownerName,
        definition: source.viewSql ?? null,
      })),
  pg_matviews: ({ snapshot }) =>
    snapshot.tables
      .filter(({ kind }) => kind === 'm')
      .map(({ dataset, name, source }) => ({
        schemaname: dataset,
        matviewname: name,
        matviewowner: ownerName,
        hasindexes: false,
        ispopulated: true,
        definition: source.viewSql ?? null,
      })),
  pg_settings: ({ settings }) => settingRows(settings),
  pg_am: () => [{ oid: heapOid, amname: 'heap', amhandler: 3, amtype: 't' }],
  pg_language: () => [
    {
      oid: 14,
      lanname: 'sql',
      lanowner: ownerOid,
      lanispl: false,
      lanpltrusted: true,
      lanplcallfoid: 0,
      laninline: 0,
      lanvalidator: 2248,
    },
  ],
  pg_tablespace: () => [
    { oid: 1663, spcname: 'pg_default', spcowner: ownerOid },
    { oid: 1664, spcname: 'pg_global', spcowner: ownerOid },
  ],
  pg_collation: () => [
    { ...collation, oid: 100, collname: 'default', collprovider: 'd' },
    { ...collation, oid: 950, collname: 'C', collprovider: 'c', collcollate: 'C', collctype: 'C' },
    { ...collation, oid: 951, collname: 'POSIX', collprovider: 'c', collcollate: 'POSIX', collctype: 'POSIX' },
  ],
  pg_stat_activity: activityRows,
  pg_stat_database: ({ identity }) => [{ datid: databaseOid, datname: identity.database, numbackends: 1 }],
  pg_stat_user_tables: ({ snapshot }) => snapshot.tables.filter(({ kind }) => kind === 'r').map(tableStatistics),
  pg_stat_all_tables: ({ snapshot }) => snapshot.tables.filter(({ kind }) => kind === 'r').map(tableStatistics),
  pg_statio_user_tables: ({ snapshot }) =>
    snapshot.tables
      .filter(({ kind }) => kind === 'r')
      .map(({ oid, dataset, name }) => ({ relid: oid, schemaname: dataset, relname: name })),
  pg_millpond_relations: ({ snapshot }) =>
    snapshot.tables.map(({ oid, dataset, name, source }) => ({
      oid,
      name: `${quoted(dataset)}.${quoted(name)}`,
      bytes: source.logicalBytes ?? null,
      definition: source.viewSql ?? null,
    })),
  pg_millpond_names: ({ snapshot }) => [
    ...Object.entries(systemTables).flatMap(([name, oid]) => [
      { name, oid },
      { name: `pg_catalog.${name}`, oid },
    ]),
    ...snapshot.tables.flatMap((table) => spellings(table).map((name) => ({ name, oid: table.oid }))),
  ],
}

const collation = { collnamespace: catalogSchemaOid, collowner: ownerOid, collisdeterministic: true, collencoding: -1 }

function classRow({ oid, schemaOid, name, kind, columns, source }: CatalogTable): CatalogRow {
  const isTable = kind === 'r'
  return {
    oid,
    relname: name,
    relnamespace: schemaOid,
    reltype: 0,
    reloftype: 0,
    relowner: ownerOid,
    relam: kind === 'v' ? 0 : heapOid,
    relfilenode: kind === 'v' ? 0 : oid,
    reltablespace: 0,
    relpages: isTable ? Math.min(2 ** 31 - 1, Math.ceil((source.logicalBytes ?? 0) / pageBytes)) : 0,
    reltuples: kind === 'v' ? -1 : (source.rows ?? -1),
    relallvisible: 0,
    reltoastrelid: 0,
    relhasindex: false,
    relisshared: false,
    relpersistence: 'p',
    relkind: kind,
    relnatts: columns.length,
    relchecks: 0,
    relhasrules: !isTable,
    relhastriggers: false,
    relhassubclass: false,
    relrowsecurity: false,
    relforcerowsecurity: false,
    relispopulated: true,
    relreplident: kind === 'v' ? 'n' : 'd',
    relispartition: false,
    relrewrite: 0,
    relfrozenxid: 0,
    relminmxid: 0,
  }
}

function attributeRows({ oid, columns }: CatalogTable): CatalogRow[] {
  return columns.map(({ name, number, type, modifier, isRequired }) => ({
    attrelid: oid,
    attname: name,
    atttypid: type.oid,
    attstattarget: -1,
    attlen: type.length,
    attnum: number,
    attndims: type.element === 0 || type.category !== 'A' ? 0 : 1,
    attcacheoff: -1,
    atttypmod: modifier,
    attbyval: type.isByValue,
    attalign: type.align,
    attstorage: type.storage,
    attcompression: '',
    attnotnull: isRequired,
    atthasdef: false,
    atthasmissing: false,
    attidentity: '',
    attgenerated: '',
    attisdropped: false,
    attislocal: true,
    attinhcount: 0,
    attcollation: type.collation,
  }))
}

function typeRow(type: (typeof typeRows)[number]): CatalogRow {
  const [input = 0, output = 0, receive = 0, send = 0, modifierIn = 0, modifierOut = 0, analyze = 0, subscript = 0] =
    type.functions
  return {
    oid: type.oid,
    typname: type.name,
    typnamespace: catalogSchemaOid,
    typowner: ownerOid,
    typlen: type.length,
    typbyval: type.isByValue,
    typtype: type.kind,
    typcategory: type.category,
    typispreferred: type.isPreferred,
    typisdefined: true,
    typdelim: ',',
    typrelid: 0,
    typsubscript: subscript,
    typelem: type.element,
    typarray: type.array,
    typinput: input,
    typoutput: output,
    typreceive: receive,
    typsend: send,
    typmodin: modifierIn,
    typmodout: modifierOut,
    typanalyze: analyze,
    typalign: type.align,
    typstorage: type.storage,
    typnotnull: false,
    typbasetype: 0,
    typtypmod: -1,
    typndims: 0,
    typcollation: type.collation,
  }
}

function functionRow({ oid, name, result, parameters }: (typeof functionRows)[number]): CatalogRow {
  return {
    oid,
    proname: name,
    pronamespace: catalogSchemaOid,
    proowner: ownerOid,
    prolang: 12,
    procost: 1,
    prorows: 0,
    provariadic: 0,
    prosupport: 0,
    prokind: 'f',
    prosecdef: false,
    proleakproof: false,
    proisstrict: true,
    proretset: false,
    provolatile: 'i',
    proparallel: 's',
    pronargs: parameters.length,
    pronargdefaults: 0,
    prorettype: result,
    proargtypes: parameters,
    prosrc: name,
  }
}

function descriptionRows({ oid, columns, source }: CatalogTable): CatalogRow[] {
  const whole = source.description ?? ''
  const described = columns.flatMap(({ number, description }) =>
    description === undefined ? [] : [{ objoid: oid, classoid: 1259, objsubid: number, description }],
  )
  return whole === '' ? described : [{ objoid: oid, classoid: 1259, objsubid: 0, description: whole }, ...described]
}

export interface Role {
  readonly oid: number
  readonly name: string
  readonly isSuper: boolean
  readonly canLogIn: boolean
}

export function rolesOf({ handle, isAdmin }: Identity): Role[] {
  const owner = { oid: ownerOid, name: ownerName, isSuper: true, canLogIn: handle === ownerName }
  return owner.canLogIn ? [owner] : [owner, { oid: userOid, name: handle, isSuper: isAdmin, canLogIn: true }]
}

function roleRow({ oid, name, isSuper, canLogIn }: Role): CatalogRow {
  return {
    oid,
    rolname: name,
    rolsuper: isSuper,
    rolinherit: true,
    rolcreaterole: isSuper,
    rolcreatedb: isSuper,
    rolcanlogin: canLogIn,
    rolreplication: false,
    rolconnlimit: -1,
    rolpassword: '********',
    rolbypassrls: isSuper,
  }
}

function usersOf(identity: Identity): CatalogRow[] {
  return rolesOf(identity)
    .filter(({ canLogIn }) => canLogIn)
    .map(({ oid, name, isSuper }) => ({
      usename: name,
      usesysid: oid,
      usecreatedb: isSuper,
      usesuper: isSuper,
      userepl: false,
      usebypassrls: isSuper,
      passwd: '********',
    }))
}

const variableTypes = { text: 'string', bool: 'bool', int: 'integer', ms: 'integer', enum: 'enum' } as const

function settingRows(settings: Settings): CatalogRow[] {
  return settings.rows().map(({ name, value, initial, kind, allowed, isFixed }) => ({
    name,
    setting: value,
    unit: kind === 'ms' ? 'ms' : null,
    category: 'Settings',
    short_desc: '',
    context: isFixed ? 'internal' : 'user',
    vartype: variableTypes[kind],
    source: value === initial ? 'default' : 'session',
    min_val: kind === 'ms' ? '0' : null,
    max_val: kind === 'ms' ? '2147483647' : null,
    enumvals: kind === 'enum' ? [...(allowed ?? [])] : null,
    boot_val: initial,
    reset_val: initial,
    pending_restart: false,
  }))
}

/** Of everybody only for admins: as the road tells it. */
function activityRows({ identity, jobs, settings, query }: CatalogInput): CatalogRow[] {
  const base = { datid: databaseOid, datname: identity.database, backend_type: 'client backend' }
  const own: CatalogRow = {
    ...base,
    pid: identity.pid,
    usesysid: userOid,
    usename: identity.handle,
    application_name: settings.get('application_name') ?? '',
    backend_start: BigInt(identity.startedAtMicros),
    state: 'active',
    query,
  }
  const others = jobs
    .filter(({ state }) => state !== 'done')
    .map((job): CatalogRow => ({
      ...base,
      usename: job.owner,
      application_name: job.port,
      query_start: job.startedAtMicros === undefined ? null : BigInt(job.startedAtMicros),
      state: 'active',
      wait_event_type: job.state === 'waiting' ? 'Queue' : null,
      query: job.sql,
    }))
  return [own, ...others]
}

function tableStatistics({ oid, dataset, name, source }: CatalogTable): CatalogRow {
  return {
    relid: oid,
    schemaname: dataset,
    relname: name,
    seq_scan: 0,
    seq_tup_read: 0,
    n_tup_ins: 0,
    n_tup_upd: 0,
    n_tup_del: 0,
    n_tup_hot_upd: 0,
    n_live_tup: source.rows ?? null,
    n_dead_tup: 0,
    n_mod_since_analyze: 0,
    n_ins_since_vacuum: 0,
    vacuum_count: 0,
    autovacuum_count: 0,
    analyze_count: 0,
    autoanalyze_count: 0,
  }
}

/** As SQL must write it. */
export function quoted(name: string): string {
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** The ways in which clients write a table's name for ::regclass, with its dataset. */
function spellings({ dataset, name }: CatalogTable): string[] {
  const hard = (text: string): string => `"${text.replaceAll('"', '""')}"`
  return [
    ...new Set([
      `${dataset}.${name}`,
      `${quoted(dataset)}.${quoted(name)}`,
      `${hard(dataset)}.${hard(name)}`,
      `${quoted(dataset)}.${hard(name)}`,
      `${hard(dataset)}.${quoted(name)}`,
    ]),
  ]
}
