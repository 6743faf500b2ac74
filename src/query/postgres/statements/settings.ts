// The settings of a session (SET, SHOW, pg_settings): a few are honoured, the others are taken because clients send them.
import { PgError, states } from '../sqlstate.ts'
import { type Zone, utcZone, zoneOf } from '../values/time-text.ts'

type Kind = 'text' | 'bool' | 'int' | 'ms' | 'enum'

interface SettingSpec {
  readonly name: string
  readonly initial: string
  readonly kind: Kind
  readonly allowed?: readonly string[]
  /** Can't be set. */
  readonly isFixed?: boolean
  /** Told to the client whenever it changes. */
  readonly isReported?: boolean
}

export const serverVersion = '15.8'
export const serverVersionNumber = '150008'

const onOff = ['on', 'off']
const levels = ['read uncommitted', 'read committed', 'repeatable read', 'serializable']

function text(name: string, initial: string, more: Partial<SettingSpec> = {}): SettingSpec {
  return { name, initial, kind: 'text', ...more }
}
function bool(name: string, initial: 'on' | 'off', more: Partial<SettingSpec> = {}): SettingSpec {
  return { name, initial, kind: 'bool', allowed: onOff, ...more }
}
function int(name: string, initial: string, more: Partial<SettingSpec> = {}): SettingSpec {
  return { name, initial, kind: 'int', ...more }
}
function ms(name: string): SettingSpec {
  return { name, initial: '0', kind: 'ms' }
}
function choice(name: string, initial: string, allowed: readonly string[]): SettingSpec {
  return { name, initial, kind: 'enum', allowed }
}
const fixed = { isFixed: true }
const reported = { isReported: true }
const fixedReported = { isFixed: true, isReported: true }
const messageLevels = ['debug5', 'debug4', 'debug3', 'debug2', 'debug1', 'log', 'notice', 'warning', 'error']

const specs: readonly SettingSpec[] = [
  text('application_name', '', reported),
  text('backslash_quote', 'safe_encoding'),
  choice('bytea_output', 'hex', ['hex']),
  bool('check_function_bodies', 'on'),
  text('client_encoding', 'UTF8', reported),
  choice('client_min_messages', 'notice', messageLevels),
  int('cursor_tuple_fraction', '0.1'),
  text('DateStyle', 'ISO, MDY', reported),
  ms('deadlock_timeout'),
  bool('default_transaction_deferrable', 'off'),
  choice('default_transaction_isolation', 'read committed', levels),
  bool('default_transaction_read_only', 'off', reported),
  text('default_tablespace', ''),
  text('default_text_search_config', 'pg_catalog.english'),
  int('default_statistics_target', '100'),
  bool('enable_hashjoin', 'on'),
  bool('enable_indexscan', 'on'),
  bool('enable_mergejoin', 'on'),
  bool('enable_nestloop', 'on'),
  bool('enable_seqscan', 'on'),
  bool('escape_string_warning', 'on'),
  int('extra_float_digits', '1'),
  int('from_collapse_limit', '8'),
  bool('geqo', 'on'),
  ms('idle_in_transaction_session_timeout'),
  ms('idle_session_timeout'),
  bool('in_hot_standby', 'off', fixedReported),
  bool('integer_datetimes', 'on', fixedReported),
  { ...choice('IntervalStyle', 'postgres', ['postgres']), isReported: true },
  text('is_superuser', 'off', fixedReported),
  bool('jit', 'off'),
  int('join_collapse_limit', '8'),
  text('lc_collate', 'C', fixed),
  text('lc_ctype', 'C.UTF-8', fixed),
  text('lc_messages', 'C'),
  text('lc_monetary', 'C'),
  text('lc_numeric', 'C'),
  text('lc_time', 'C'),
  ms('lock_timeout'),
  int('max_connections', '100', fixed),
  int('max_identifier_length', '63', fixed),
  int('max_index_keys', '32', fixed),
  int('max_parallel_workers_per_gather', '2'),
  int('max_prepared_transactions', '0', fixed),
  choice('password_encryption', 'scram-sha-256', ['scram-sha-256']),
  choice('plan_cache_mode', 'auto', ['auto', 'force_generic_plan', 'force_custom_plan']),
  text('role', 'none'),
  bool('row_security', 'on'),
  text('search_path', ''),
  text('server_encoding', 'UTF8', fixedReported),
  text('server_version', serverVersion, fixedReported),
  int('server_version_num', serverVersionNumber, fixed),
  text('session_authorization', '', fixedReported),
  text('session_replication_role', 'origin'),
  bool('ssl', 'off', fixed),
  bool('standard_conforming_strings', 'on', { allowed: ['on'], ...reported }),
  ms('statement_timeout'),
  bool('synchronize_seqscans', 'on'),
  text('synchronous_commit', 'on'),
  text('temp_buffers', '8MB'),
  text('temp_tablespaces', ''),
  text('TimeZone', 'UTC', reported),
  text('timezone_abbreviations', 'Default'),
  bool('transaction_deferrable', 'off'),
  choice('transaction_isolation', 'read committed', levels),
  bool('transaction_read_only', 'off'),
  bool('transform_null_equals', 'off', { allowed: ['off'] }),
  text('work_mem', '4MB'),
  choice('xmlbinary', 'base64', ['base64', 'hex']),
  choice('xmloption', 'content', ['content', 'document']),
]

const byName: ReadonlyMap<string, SettingSpec> = new Map(specs.map((spec) => [spec.name.toLowerCase(), spec]))
const valueLettersMax = 10_000
/** Settings of extensions that people make up: `myapp.user`. */
const customMax = 200

export interface SettingRow {
  readonly name: string
  readonly value: string
  readonly initial: string
  readonly kind: Kind
  readonly allowed: readonly string[] | undefined
  readonly isFixed: boolean
}

/** Values of one session. SET in a transaction that is rolled back never happened: whoever runs it takes `snapshot` first. */
export class Settings {
  readonly #initial = new Map<string, string>()
  #values = new Map<string, string>()
  #zone: Zone = utcZone
  readonly #changed: (name: string, value: string) => void

  /** `changed` is told of reported settings, by the name that clients know. */
  constructor(changed: (name: string, value: string) => void) {
    this.#changed = changed
  }

  /** What a session begins with: RESET goes back to it. Fixed ones too. */
  start(name: string, value: string): void {
    const lower = name.toLowerCase()
    this.#initial.set(lower, value)
    this.#values.delete(lower)
    if (lower === 'timezone') this.#zone = zoneOf(value) ?? utcZone
  }

  get zone(): Zone {
    return this.#zone
  }

  /** undefined: there is no such setting. */
  get(name: string): string | undefined {
    const lower = name.toLowerCase()
    return this.#values.get(lower) ?? this.#initial.get(lower) ?? byName.get(lower)?.initial
  }

  /** Milliseconds; 0: none. */
  milliseconds(name: string): number {
    return Number(this.get(name) ?? 0)
  }

  isOn(name: string): boolean {
    return this.get(name) === 'on'
  }

  /** Errors: no such setting, or a value that it doesn't take. */
  set(name: string, value: string): void {
    const lower = name.toLowerCase()
    const checked = checkedValue(lower, value)
    if (!byName.has(lower) && !this.#values.has(lower) && this.#values.size > customMax) {
      throw new PgError(states.limit, 'Too many settings of your own')
    }
    this.#put(lower, checked)
  }

  reset(name: string): void {
    const lower = name.toLowerCase()
    if (this.get(name) === undefined) throw unknown(name)
    this.#remove(lower)
  }

  resetAll(): void {
    for (const name of this.#values.keys()) this.#remove(name)
  }

  snapshot(): ReadonlyMap<string, string> {
    return new Map(this.#values)
  }

  restore(values: ReadonlyMap<string, string>): void {
    for (const name of this.#values.keys()) if (!values.has(name)) this.#remove(name)
    for (const [name, value] of values) if (this.#values.get(name) !== value) this.#put(name, value)
  }

  rows(): SettingRow[] {
    return specs.map((spec) => ({
      name: spec.name,
      value: this.get(spec.name) ?? '',
      initial: this.#initial.get(spec.name.toLowerCase()) ?? spec.initial,
      kind: spec.kind,
      allowed: spec.allowed,
      isFixed: spec.isFixed ?? false,
    }))
  }

  /** What a client is told when it comes in. */
  reported(): [string, string][] {
    return specs.filter((spec) => spec.isReported).map((spec) => [spec.name, this.get(spec.name) ?? ''])
  }

  #put(lower: string, value: string): void {
    this.#values.set(lower, value)
    this.#tell(lower)
  }

  #remove(lower: string): void {
    this.#values.delete(lower)
    this.#tell(lower)
  }

  #tell(lower: string): void {
    const spec = byName.get(lower)
    if (lower === 'timezone') this.#zone = zoneOf(this.get(lower) ?? 'UTC') ?? utcZone
    if (spec?.isReported === true) this.#changed(spec.name, this.get(lower) ?? '')
  }
}

function checkedValue(lower: string, value: string): string {
  if (value.length > valueLettersMax) throw new PgError(states.invalidParameter, 'The value of a setting is too long')
  const spec = byName.get(lower)
  if (spec === undefined) {
    if (/^[a-z_][a-z0-9_$]*\.[a-z_][a-z0-9_$.]*$/.test(lower)) return value
    throw unknown(lower)
  }
  if (spec.isFixed === true) {
    throw new PgError('55P02', `parameter "${spec.name}" cannot be changed`)
  }
  const special = specialValue(spec, value)
  if (special !== undefined) return special
  if (spec.kind === 'bool') return boolValue(spec, value)
  if (spec.kind === 'int') return intValue(spec, value)
  if (spec.kind === 'ms') return millisValue(spec, value)
  const found = spec.allowed === undefined ? value : spec.allowed.find((allowed) => allowed === value.toLowerCase())
  if (found === undefined) throw invalid(spec, value)
  return found
}

/** Those that are honoured, and take only what we can keep. */
function specialValue(spec: SettingSpec, value: string): string | undefined {
  if (spec.name === 'TimeZone') {
    const zone = zoneOf(value)
    if (zone === undefined) throw invalid(spec, value)
    return zone.name
  }
  if (spec.name === 'client_encoding') {
    if (/^(?:utf-?8|unicode)$/i.test(value)) return 'UTF8'
    throw new PgError(states.invalidParameter, `The client encoding ${value} is not supported: only UTF8 is`)
  }
  if (spec.name === 'DateStyle') {
    const words = value.toUpperCase().split(/[\s,]+/)
    if (words.every((word) => /^(?:ISO|MDY|DMY|YMD|US|EURO(?:PEAN)?)$/.test(word))) return 'ISO, MDY'
    throw new PgError(states.invalidParameter, `The DateStyle ${value} is not supported: dates are written as ISO`)
  }
  return undefined
}

function boolValue(spec: SettingSpec, value: string): string {
  const lower = value.toLowerCase()
  const on = /^(?:on|t|tr|tru|true|y|ye|yes|1)$/.test(lower)
  if (!on && !/^(?:of|off|f|fa|fal|fals|false|n|no|0)$/.test(lower)) throw invalid(spec, value)
  const meant = on ? 'on' : 'off'
  if (spec.allowed?.includes(meant) === false) throw invalid(spec, value)
  return meant
}

function intValue(spec: SettingSpec, value: string): string {
  if (!/^-?\d{1,10}(?:\.\d{1,10})?$/.test(value.trim())) throw invalid(spec, value)
  return value.trim()
}

const unitMs: Record<string, number> = { us: 0.001, ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000, '': 1 }

function millisValue(spec: SettingSpec, value: string): string {
  const match = /^(\d{1,10}(?:\.\d{1,6})?)\s*(us|ms|s|min|h|d|)$/.exec(value.trim())
  const result = Math.round(Number(match?.[1] ?? Number.NaN) * (unitMs[match?.[2] ?? ''] ?? 1))
  if (!Number.isFinite(result) || result > 2_147_483_647) throw invalid(spec, value)
  return String(result)
}

/** As SHOW writes them. */
export function shownValue(name: string, value: string): string {
  if (byName.get(name.toLowerCase())?.kind !== 'ms' || value === '0') return value
  const millis = Number(value)
  for (const [unit, size] of [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
  ] as const) {
    if (millis % size === 0) return `${millis / size}${unit}`
  }
  return `${value}ms`
}

export function knownName(name: string): string | undefined {
  return byName.get(name.toLowerCase())?.name
}

function unknown(name: string): PgError {
  return new PgError(states.unknownObject, `unrecognized configuration parameter "${name}"`)
}

function invalid(spec: SettingSpec, value: string): PgError {
  return new PgError(states.invalidParameter, `invalid value for parameter "${spec.name}": "${value.slice(0, 100)}"`)
}
