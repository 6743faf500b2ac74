// Settings from one file (millpond.config.json) with the environment on top, checked by one strict schema. Nothing is
// guessed: an unknown name or a bad value is an error that says what was found, where, and what would be right.
import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'

import { MillpondError, messageOf } from '../core/errors.ts'
import { isErrno } from '../core/files.ts'
import type { Settings } from '../core/settings.ts'
import { nearestName } from './nearest.ts'
import { settingsSchema } from './schema.ts'
import { settingNotes, type SettingNote } from './setting-types.ts'

export const configFileName = 'millpond.config.json'

/** One row of docs/settings.md. */
export interface SettingInfo extends SettingNote {
  /** Name in the file, with its group: `collect.bodyBytesMax`. */
  readonly name: string
  readonly env: string
}

export interface ConfigSources {
  /** MILLPOND_ variables; see config/env.ts. */
  readonly variables: ReadonlyMap<string, string>
  /** Paths are relative to it, and `millpond.config.json` is looked for in it. */
  readonly workingFolder: string
  /** A file that was named on the command line: it must exist. */
  readonly file?: string
  /** The data folder, if named on the command line: wins over everything. */
  readonly data?: string
}

type RawObject = Record<string, unknown>
type Path = readonly string[]

/** All settings, in the order of the docs. */
export function listSettings(): SettingInfo[] {
  return collectSettings(settingsSchema, [])
}

/** Error: setting-invalid, naming the variable or the key, the value, and what is allowed. */
export function loadSettings(sources: ConfigSources): Settings {
  const known = listSettings()
  const file = readConfigFile(sources)
  const raw = structuredClone(file.content)
  const origins = new Map<string, string>()
  for (const [variable, text] of sources.variables) {
    const setting = known.find((candidate) => candidate.env === variable)
    if (setting === undefined) throw unknownVariable(variable, known)
    setAt(raw, setting.name.split('.'), text)
    origins.set(setting.name, variable)
  }
  if (sources.data !== undefined) {
    raw['data'] = sources.data
    origins.set('data', '--data')
  }
  const parsed = settingsSchema.safeParse(raw)
  if (!parsed.success) throw invalid(parsed.error, raw, origins, known, file.path)
  return finish(parsed.data, sources, origins, file.path)
}

/** The table of docs/settings.md. */
export function settingsTable(): string {
  const rows = listSettings().map(
    (setting) =>
      `| \`${setting.name}\` | \`${setting.env}\` | ${setting.default === '' ? '-' : `\`${setting.default}\``} | ${setting.unit} | ${setting.meaning} |`,
  )
  return ['| name | environment | default | unit | meaning |', '|---|---|---|---|---|', ...rows, ''].join('\n')
}

function collectSettings(schema: z.ZodType, path: Path): SettingInfo[] {
  const about = settingNotes.get(schema)
  if (about !== undefined) return [{ name: path.join('.'), env: environmentName(path.at(-1) ?? ''), ...about }]
  const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema
  if (!(inner instanceof z.ZodObject)) throw new MillpondError('bug', `BUG: setting ${path.join('.')} has no note`)
  return Object.entries(inner.shape).flatMap(([name, child]) => collectSettings(child as z.ZodType, [...path, name]))
}

function environmentName(name: string): string {
  return `MILLPOND_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

function readConfigFile(sources: ConfigSources): { path: string; content: RawObject } {
  const path = resolve(sources.workingFolder, sources.file ?? configFileName)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (sources.file === undefined && isErrno(error, 'ENOENT')) return { path, content: {} }
    throw new MillpondError('setting-invalid', `The settings file ${path} cannot be read (${messageOf(error)})`, {
      cause: error,
    })
  }
  try {
    const content: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (isObject(content)) return { path, content }
  } catch (error) {
    throw new MillpondError('setting-invalid', `The settings file ${path} is not JSON (${messageOf(error)})`, {
      cause: error,
    })
  }
  throw new MillpondError('setting-invalid', `The settings file ${path} must hold one JSON object`)
}

/** Google and GitHub send people back to the public address, and nowhere else. Error: setting-invalid. */
function checkProviders({ publicUrl, login }: z.output<typeof settingsSchema>): void {
  for (const [name, id, secret] of [
    ['GOOGLE', login.googleClientId, login.googleClientSecret],
    ['GITHUB', login.githubClientId, login.githubClientSecret],
  ] as const) {
    if (id === undefined && secret === undefined) continue
    const missing =
      id === undefined ? `${name}_CLIENT_ID` : secret === undefined ? `${name}_CLIENT_SECRET` : 'PUBLIC_URL'
    if (missing === 'PUBLIC_URL' && publicUrl !== undefined) continue
    throw new MillpondError(
      'setting-invalid',
      `Signing in with ${name === 'GOOGLE' ? 'Google' : 'GitHub'} needs MILLPOND_${missing} as well`,
    )
  }
}

/** Relative paths are meant from where they were written: the file's folder or the working folder. */
function finish(
  parsed: z.output<typeof settingsSchema>,
  sources: ConfigSources,
  origins: ReadonlyMap<string, string>,
  filePath: string,
): Settings {
  const { publicUrl, tlsCert, tlsKey, ...rest } = parsed
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const [present, absent] = tlsCert === undefined ? ['TLS_KEY', 'TLS_CERT'] : ['TLS_CERT', 'TLS_KEY']
    throw new MillpondError(
      'setting-invalid',
      `MILLPOND_${present} is set, but MILLPOND_${absent} is not. Set both, or none`,
    )
  }
  checkProviders(parsed)
  const folderOf = (name: string): string =>
    origins.has(name) || (name === 'data' && parsed.data === './millpond-data')
      ? sources.workingFolder
      : dirname(filePath)
  return {
    ...rest,
    data: resolve(folderOf('data'), parsed.data),
    publicUrl,
    tlsCert: tlsCert === undefined ? undefined : resolve(folderOf('tlsCert'), tlsCert),
    tlsKey: tlsKey === undefined ? undefined : resolve(folderOf('tlsKey'), tlsKey),
  }
}

function unknownVariable(variable: string, known: readonly SettingInfo[]): MillpondError {
  const nearest = nearestName(
    variable,
    known.map((setting) => setting.env),
  )
  return new MillpondError('setting-invalid', `There is no setting ${variable}.${advice(nearest)}`)
}

function invalid(
  error: z.ZodError,
  raw: RawObject,
  origins: ReadonlyMap<string, string>,
  known: readonly SettingInfo[],
  filePath: string,
): MillpondError {
  const problems = error.issues.map((issue) => {
    const path = issue.path.map(String)
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownKey([...path, key].join('.'), known, filePath)).join(' ')
    }
    // A union or a list reports deeper than the setting: the setting is the longest known beginning of the path.
    const setting = known.find(({ name }) => path.join('.') === name || path.join('.').startsWith(`${name}.`))
    const name = setting?.name ?? path.join('.')
    const where = origins.get(name) ?? `${name} in ${filePath}`
    const value = setting?.unit === 'secret' ? 'something else' : shown(valueAt(raw, name.split('.')))
    return `${where} is ${value}, but must be ${setting?.allowed ?? 'an object of settings'}.`
  })
  return new MillpondError('setting-invalid', [...new Set(problems)].join(' ').replace(/\.$/, ''))
}

function unknownKey(name: string, known: readonly SettingInfo[], filePath: string): string {
  const leaf = name.split('.').at(-1) ?? name
  const exact = known.find((setting) => setting.name.split('.').at(-1) === leaf)?.name
  const nearest =
    exact ??
    nearestName(
      name,
      known.map((setting) => setting.name),
    ) ??
    nearestLeaf(leaf, known)
  return `There is no setting ${name} (${filePath}).${advice(nearest)}.`.replace('?.', '?')
}

function nearestLeaf(leaf: string, known: readonly SettingInfo[]): string | undefined {
  const byLeaf = new Map(known.map((setting) => [setting.name.split('.').at(-1) ?? '', setting.name]))
  const nearest = nearestName(leaf, byLeaf.keys())
  return nearest === undefined ? undefined : byLeaf.get(nearest)
}

function advice(nearest: string | undefined): string {
  return nearest === undefined ? ' docs/settings.md lists all' : ` Did you mean ${nearest}?`
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'not set'
  return text.length > 80 ? `${text.slice(0, 80)}…` : text
}

function isObject(value: unknown): value is RawObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function setAt(target: RawObject, path: Path, value: unknown): void {
  const [first, ...rest] = path
  if (first === undefined) return
  if (rest.length === 0) {
    target[first] = value
    return
  }
  // Not an object: left as it is, the schema will name it.
  const next = (target[first] ??= {})
  if (isObject(next)) setAt(next, rest, value)
}

function valueAt(source: unknown, path: Path): unknown {
  let value = source
  for (const name of path) {
    if (!isObject(value)) return value
    value = value[name]
  }
  return value
}
