// Postgres' functions about the catalogue and the session: each becomes an expression. What can't be told is NULL, as there.
import { rolesOf } from '../catalog/content.ts'
import { PgError, states } from '../sqlstate.ts'
import { serverVersion } from '../statements/settings.ts'
import { formatTypeSql } from './format-type.ts'
import type { Node } from './tree.ts'
import { stringSql, type Casts } from './type-cast.ts'
import type { RewriteContext } from './types.ts'

export interface CallInput {
  readonly name: string
  /** As SQL. */
  readonly args: readonly string[]
  /** Their nodes, for literals. */
  readonly nodes: readonly (readonly Node[])[]
  readonly context: RewriteContext
  readonly casts: Casts
  readonly relations: Set<string>
  readonly effects: { name: string; value: string; isLocal: boolean }[]
  readonly offset: number
}

export type CallRewriter = (input: CallInput) => string | undefined

export function literalOf(nodes: readonly Node[] | undefined): string | undefined {
  const [only] = nodes ?? []
  return nodes?.length === 1 && only?.kind === 'string' ? only.value : undefined
}

function constant(sql: string): CallRewriter {
  return () => sql
}

const nothing = constant('CAST(NULL AS VARCHAR)')
const zero = constant('CAST(0 AS BIGINT)')
const yes = constant('TRUE')
const no = constant('FALSE')

export const version = `PostgreSQL ${serverVersion} (Millpond)`

export const catalogFunctions: Readonly<Record<string, CallRewriter>> = {
  version: constant(stringSql(version)),
  current_setting: currentSetting,
  set_config: setConfig,
  format_type: ({ args: [oid = 'NULL', modifier = 'NULL'] }) => formatTypeSql(oid, modifier),
  pg_get_userbyid: ({ args: [oid = 'NULL'], context }) => {
    const roles = rolesOf(context.identity).map((role) => `WHEN ${role.oid} THEN ${stringSql(role.name)}`)
    return `(CASE ${oid} ${roles.join(' ')} ELSE 'unknown (OID=' || ${oid} || ')' END)`
  },
  pg_get_expr: ({ args: [text = 'NULL'] }) => `CAST(${text} AS VARCHAR)`,
  pg_get_viewdef: ({ args: [oid = 'NULL'], nodes, casts, relations }) => {
    const name = literalOf(nodes[0])
    const wanted = name === undefined ? oid : String(casts.resolve('regclass', name) ?? 'NULL')
    return lookup(relations, 'pg_millpond_relations', 'definition', `l."oid" = ${wanted}`)
  },
  pg_get_indexdef: nothing,
  pg_get_constraintdef: nothing,
  pg_get_partkeydef: nothing,
  pg_get_partition_constraintdef: nothing,
  pg_get_ruledef: nothing,
  pg_get_triggerdef: nothing,
  pg_get_functiondef: nothing,
  pg_get_function_sqlbody: nothing,
  pg_get_function_result: nothing,
  pg_get_function_arguments: constant("''"),
  pg_get_function_identity_arguments: constant("''"),
  pg_get_function_arg_default: nothing,
  pg_get_serial_sequence: nothing,
  pg_get_statisticsobjdef: nothing,
  pg_get_statisticsobjdef_columns: nothing,
  pg_tablespace_location: constant("''"),
  pg_relation_filenode: ({ args: [oid = 'NULL'] }) => oid,
  pg_table_is_visible: ({ args: [oid = 'NULL'], context }) => {
    const hidden = context.names.hiddenOids(context.path)
    return hidden.length === 0 ? `(${oid} IS NOT NULL)` : `(${oid} NOT IN (${hidden.join(', ')}))`
  },
  pg_type_is_visible: yes,
  pg_function_is_visible: yes,
  pg_operator_is_visible: yes,
  pg_opclass_is_visible: yes,
  pg_opfamily_is_visible: yes,
  pg_collation_is_visible: yes,
  pg_conversion_is_visible: yes,
  pg_statistics_obj_is_visible: yes,
  pg_ts_config_is_visible: yes,
  pg_ts_dict_is_visible: yes,
  pg_ts_parser_is_visible: yes,
  pg_ts_template_is_visible: yes,
  pg_relation_is_publishable: no,
  pg_relation_is_updatable: zero,
  pg_column_is_updatable: no,
  pg_is_other_temp_schema: no,
  pg_my_temp_schema: constant('CAST(0 AS UINTEGER)'),
  pg_encoding_to_char: ({ args: [encoding = 'NULL'] }) => `(CASE ${encoding} WHEN 6 THEN 'UTF8' ELSE '' END)`,
  pg_char_to_encoding: constant('6'),
  pg_client_encoding: constant("'UTF8'"),
  getdatabaseencoding: constant("'UTF8'"),
  obj_description: ({ args: [oid = 'NULL', relation], nodes, casts, relations }) => {
    const classOid =
      literalOf(nodes[1]) === undefined ? undefined : casts.resolve('regclass', literalOf(nodes[1]) ?? '')
    const ofClass = relation === undefined ? '' : ` AND l."classoid" = ${classOid ?? 0}`
    return lookup(relations, 'pg_description', 'description', `l."objoid" = ${oid} AND l."objsubid" = 0${ofClass}`)
  },
  col_description: ({ args: [oid = 'NULL', number = 'NULL'], relations }) =>
    lookup(
      relations,
      'pg_description',
      'description',
      `l."objoid" = ${oid} AND l."objsubid" = ${number} AND l."classoid" = 1259`,
    ),
  shobj_description: nothing,
  has_database_privilege: privilege,
  has_schema_privilege: privilege,
  has_table_privilege: tablePrivilege,
  has_any_column_privilege: tablePrivilege,
  has_column_privilege: privilege,
  has_function_privilege: yes,
  has_type_privilege: yes,
  has_language_privilege: yes,
  has_tablespace_privilege: no,
  has_sequence_privilege: no,
  has_server_privilege: no,
  has_foreign_data_wrapper_privilege: no,
  pg_has_role: ({ context }) => (context.identity.isAdmin ? 'TRUE' : 'FALSE'),
  row_security_active: no,
  pg_is_in_recovery: no,
  pg_is_wal_replay_paused: no,
  pg_backend_pid: ({ context }) => String(context.identity.pid),
  pg_postmaster_start_time: ({ context }) => `make_timestamptz(${context.identity.startedAtMicros})`,
  pg_conf_load_time: ({ context }) => `make_timestamptz(${context.identity.startedAtMicros})`,
  pg_blocking_pids: constant('CAST([] AS INTEGER[])'),
  pg_cancel_backend: refused(
    'pg_cancel_backend',
    'Cancel a query with `millpond query --cancel`, in the portal, or from its own client.',
  ),
  pg_terminate_backend: refused('pg_terminate_backend', 'Cancel a query in the portal, or from its own client.'),
  pg_stat_get_numscans: zero,
  pg_total_relation_size: relationBytes,
  pg_relation_size: relationBytes,
  pg_table_size: relationBytes,
  pg_indexes_size: zero,
  pg_tablespace_size: zero,
  pg_database_size: ({ context }) => `CAST(${context.names.bytesOfAll()} AS BIGINT)`,
  pg_size_pretty: ({ args: [bytes = 'NULL'] }) => prettySize(bytes),
  pg_column_size: refused('pg_column_size', 'Sizes of single values are not known.'),
  txid_current: constant('CAST(1 AS BIGINT)'),
  pg_current_xact_id: constant('CAST(1 AS BIGINT)'),
  inet_server_addr: nothing,
  inet_server_port: constant('CAST(NULL AS INTEGER)'),
  inet_client_addr: nothing,
  inet_client_port: constant('CAST(NULL AS INTEGER)'),
  pg_jit_available: no,
  pg_index_column_has_property: no,
  pg_index_has_property: no,
  pg_indexam_has_property: no,
  pg_sequence_last_value: constant('CAST(NULL AS BIGINT)'),
  current_database: ({ context }) => stringSql(context.identity.database),
  current_schema: ({ context }) => schemaSql(context),
  current_schemas: ({ args: [implicit = ''], context }) => {
    const names = /^\s*(?:true|'t.*'|'on'|'1')\s*$/i.test(implicit) ? ['pg_catalog', ...context.path] : context.path
    return `CAST([${names.map(stringSql).join(', ')}] AS VARCHAR[])`
  },
  to_regclass: named('regclass'),
  to_regtype: named('regtype'),
  to_regproc: named('regproc'),
  to_regnamespace: named('regnamespace'),
  to_regrole: named('regrole'),
  _pg_expandarray: constant("{'x': CAST(NULL AS SMALLINT), 'n': CAST(NULL AS INTEGER)}"),
  aclexplode: refused('aclexplode', 'Rights are granted with `millpond grant`, and shown there.'),
  pg_notify: refused('pg_notify', 'Nothing is notified here.'),
  pg_sleep: refused('pg_sleep', 'Nothing waits here.'),
  pg_advisory_lock: refused('pg_advisory_lock', 'Nothing is locked here.'),
  pg_try_advisory_lock: refused('pg_try_advisory_lock', 'Nothing is locked here.'),
  pg_export_snapshot: refused('pg_export_snapshot', 'Each session reads its own state.'),
}

function refused(name: string, hint: string): CallRewriter {
  return ({ offset }) => {
    throw new PgError(states.unsupported, `${name} is not supported`, { hint, offset })
  }
}

function lookup(relations: Set<string>, relation: string, column: string, where: string): string {
  relations.add(relation)
  return `(SELECT any_value(l."${column}") FROM ${relation} AS l WHERE ${where})`
}

export function schemaSql({ path }: RewriteContext): string {
  const [first] = path
  return first === undefined ? 'CAST(NULL AS VARCHAR)' : stringSql(first)
}

function named(kind: string): CallRewriter {
  return ({ args: [text = 'NULL'], nodes, casts }) => {
    const literal = literalOf(nodes[0])
    if (literal === undefined) return casts.oidByName(kind, text).text
    return String(casts.resolve(kind, literal) ?? 'CAST(NULL AS UINTEGER)')
  }
}

function currentSetting({ args: [name = 'NULL'], nodes, context, relations, offset }: CallInput): string {
  const literal = literalOf(nodes[0])
  if (literal === undefined) return lookup(relations, 'pg_settings', 'setting', `lower(l."name") = lower(${name})`)
  const isPath = literal.toLowerCase() === 'search_path'
  const value = isPath ? context.path.join(', ') : context.settings.get(literal)
  if (value !== undefined) return stringSql(value)
  if (nodes[1] !== undefined) return 'CAST(NULL AS VARCHAR)'
  throw new PgError(states.unknownObject, `unrecognized configuration parameter "${literal}"`, { offset })
}

function setConfig({ args: [, value = 'NULL', isLocal = ''], nodes, effects, offset }: CallInput): string {
  const [name, wanted] = [literalOf(nodes[0]), literalOf(nodes[1])]
  if (name === undefined || wanted === undefined) {
    throw new PgError(states.unsupported, 'set_config needs its name and value written out', { offset })
  }
  effects.push({ name, value: wanted, isLocal: /true|'t/i.test(isLocal) })
  return value
}

/** Whoever sees a thing may read it. */
function privilege({ nodes }: CallInput): string {
  const wanted = literalOf(nodes.at(-1))?.toUpperCase() ?? ''
  return /SELECT|USAGE|CONNECT|EXECUTE/.test(wanted) ? 'TRUE' : 'FALSE'
}

function tablePrivilege(input: CallInput): string {
  const { args, nodes, context, casts } = input
  const wanted = literalOf(nodes.at(-1))?.toUpperCase() ?? ''
  if (/SELECT/.test(wanted)) return 'TRUE'
  if (!/INSERT|UPDATE|DELETE|TRUNCATE/.test(wanted)) return 'FALSE'
  const table = nodes.at(-2)
  const literal = literalOf(table)
  const oid = literal === undefined ? (args.at(-2) ?? 'NULL') : String(casts.resolve('regclass', literal) ?? 0)
  const writable = context.names.writableOids()
  return writable.length === 0 ? 'FALSE' : `(${oid} IN (${writable.join(', ')}))`
}

function relationBytes({ args: [oid = 'NULL'], nodes, casts, relations }: CallInput): string {
  const literal = literalOf(nodes[0])
  const wanted = literal === undefined ? oid : String(casts.resolve('regclass', literal) ?? 'NULL')
  return lookup(relations, 'pg_millpond_relations', 'bytes', `l."oid" = ${wanted}`)
}

/** As Postgres rounds them: `8192 bytes`, `16 kB`. */
function prettySize(bytes: string): string {
  const units = ['kB', 'MB', 'GB', 'TB', 'PB']
  const cases = units.map((unit, index) => {
    const size = 1024 ** (index + 1)
    const isLast = index === units.length - 1
    const when = isLast ? 'ELSE' : `WHEN abs(${bytes}) < ${10_240 * size} - ${size / 2} THEN`
    return `${when} CAST(CAST(round((${bytes}) / ${size}.0) AS BIGINT) AS VARCHAR) || ' ${unit}'`
  })
  return `(CASE WHEN abs(${bytes}) < 10240 THEN (${bytes}) || ' bytes' ${cases.join(' ')} END)`
}
