// Settings from file and environment: real files in temp folders, no process started.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { MillpondError } from '../core/errors.ts'
import type { Settings } from '../core/settings.ts'
import { configFileName, listSettings, loadSettings, settingsTable } from './config.ts'
import { formatBytes, parseBytes } from './setting-types.ts'

const settings = listSettings()
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'millpond-config-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true })
})

function load(variables: Record<string, string> = {}, file?: unknown, named?: string): Settings {
  if (file !== undefined) {
    writeFileSync(join(folder, named ?? configFileName), typeof file === 'string' ? file : JSON.stringify(file))
  }
  return loadSettings({
    variables: new Map(Object.entries(variables)),
    workingFolder: folder,
    ...(named === undefined ? {} : { file: named }),
  })
}

function messageOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    expect(error).toBeInstanceOf(MillpondError)
    expect((error as MillpondError).code).toBe('setting-invalid')
    return (error as MillpondError).message
  }
  throw new Error('It was accepted.')
}

/** A good value that is not the default, as somebody would write it. */
function otherValue(setting: (typeof settings)[number]): string {
  const special: Record<string, string> = {
    data: 'elsewhere',
    host: '0.0.0.0',
    publicUrl: 'https://events.example.com',
    tlsCert: 'cert.pem',
    tlsKey: 'key.pem',
    trustedProxies: '10.0.0.0/8',
    logLevel: 'warn',
    forwardUsers: 'backend:secret',
    forwardTables: '**=ai.inferences',
    mediaKey: Buffer.alloc(32, 7).toString('base64'),
    archiveRetentionDays: '30',
    retentionDays: 'logs=90',
    project: 'little-lantern',
    googleClientId: 'google-id',
    googleClientSecret: 'google-secret',
    githubClientId: 'github-id',
    githubClientSecret: 'github-secret',
  }
  const value = special[setting.name.split('.').at(-1) ?? '']
  if (value !== undefined) return value
  return setting.unit === 'bytes' ? '128MiB' : String(Number(setting.default) + (setting.name === 'httpPort' ? 1 : -1))
}

function valueOf(loaded: Settings, name: string): unknown {
  return name.split('.').reduce<unknown>((value, part) => (value as Record<string, unknown>)[part], loaded)
}

function nested(name: string, value: unknown): Record<string, unknown> {
  return name.split('.').reduceRight<unknown>((inner, part) => ({ [part]: inner }), value) as Record<string, unknown>
}

/** Settings that a setting can't be without. */
function companionsOf(name: string): (typeof settings)[number][] {
  const provider = /^login\.(google|github)/.exec(name)?.[1]
  if (name.startsWith('tls')) return settings.filter((one) => one.name.startsWith('tls'))
  if (provider === undefined) return []
  return settings.filter((one) => one.name === 'publicUrl' || one.name.startsWith(`login.${provider}`))
}

function inFileWithCompanions(setting: (typeof settings)[number]): Record<string, unknown> {
  const all = [...companionsOf(setting.name), setting].map((one) => nested(one.name, otherValue(one)))
  const groups = all.map((one) => one['login'] ?? {})
  return Object.assign(
    {},
    ...all,
    setting.name.startsWith('login.') ? { login: Object.assign({}, ...groups) } : {},
  ) as Record<string, unknown>
}

test('without anything every setting has its default', () => {
  const loaded = load()
  expect(loaded).toMatchObject({
    data: join(folder, 'millpond-data'),
    host: '127.0.0.1',
    httpPort: 8080,
    logLevel: 'info',
  })
  expect(loaded.publicUrl).toBeUndefined()
  expect(loaded.trustedProxies).toEqual([])
  expect(loaded.collect.bodyBytesMax).toBe(10 * 1024 * 1024)
  expect(loaded.screen.dedupeWindowHours).toBe(168)
  for (const { name, default: text } of settings) {
    if (text === '' || name === 'data') continue
    const value = valueOf(loaded, name)
    expect([name, String(value)]).toEqual([name, String(parseBytes(text) ?? text)])
  }
})

test.each(settings)('$name is read from the environment as $env', (setting) => {
  const variables = [...companionsOf(setting.name), setting].map((one) => [one.env, otherValue(one)] as const)
  const loaded = load(Object.fromEntries(variables))
  expect(valueOf(loaded, setting.name)).not.toEqual(valueOf(load(), setting.name))
})

test.each(settings)('$name is read from the file, and the environment wins over it', (setting) => {
  const inFile = inFileWithCompanions(setting)
  const loaded = load({}, inFile)
  expect(valueOf(loaded, setting.name)).not.toEqual(
    valueOf(loadSettings({ variables: new Map(), workingFolder: tmpdir() }), setting.name),
  )
  if (setting.default === '' || setting.name === 'data') return
  expect(String(valueOf(load({ [setting.env]: setting.default }, inFile), setting.name))).toBe(
    String(parseBytes(setting.default) ?? setting.default),
  )
})

test.each(settings)('$env refuses what is not allowed, naming itself, the value and what is', (setting) => {
  // Any text is a path, or a shared key.
  if (setting.unit === 'path' || setting.name === 'forward.forwardSharedKey') return
  const message = messageOf(() => load({ [setting.env]: '~ nonsense ~' }))
  const value = setting.unit === 'secret' ? 'something else' : '"~ nonsense ~"'
  expect(message).toContain(`${setting.env} is ${value}, but must be ${setting.allowed}`)
})

test.each([
  [{ MILLPOND_GOOGLE_CLIENT_ID: 'x' }, 'Google needs MILLPOND_GOOGLE_CLIENT_SECRET'],
  [{ MILLPOND_GITHUB_CLIENT_SECRET: 'x' }, 'GitHub needs MILLPOND_GITHUB_CLIENT_ID'],
  [{ MILLPOND_GITHUB_CLIENT_ID: 'x', MILLPOND_GITHUB_CLIENT_SECRET: 'y' }, 'GitHub needs MILLPOND_PUBLIC_URL'],
])('%j is half of a way to sign in', (variables, said) => {
  expect(messageOf(() => load(variables))).toContain(said)
})

test('names in the environment are all different', () => {
  expect(new Set(settings.map((setting) => setting.env)).size).toBe(settings.length)
})

test.each([
  ['MILLPOND_PORT', 'MILLPOND_HTTP_PORT'],
  ['MILLPOND_LOGLEVEL', 'MILLPOND_LOG_LEVEL'],
  ['MILLPOND_MEMORY_BYTES', 'MILLPOND_MEMORY_BYTES_MAX'],
])('an unknown variable %s stops the start and proposes %s', (variable, nearest) => {
  expect(messageOf(() => load({ [variable]: '1' }))).toBe(`There is no setting ${variable}. Did you mean ${nearest}?`)
})

test.each([
  [{ htpPort: 1 }, 'There is no setting htpPort', 'Did you mean httpPort?'],
  [{ collect: { bodyByteMax: 1 } }, 'There is no setting collect.bodyByteMax', 'Did you mean collect.bodyBytesMax?'],
  [{ bodyBytesMax: 1 }, 'There is no setting bodyBytesMax', 'Did you mean collect.bodyBytesMax?'],
  [{ colour: 'red' }, 'There is no setting colour', 'docs/settings.md'],
  [{ collect: 5 }, 'collect in', 'is 5, but must be an object of settings'],
  [{ httpPort: 80.5 }, 'httpPort in', 'is 80.5, but must be a whole number from 0 to 65535'],
  [{ httpPort: null }, 'httpPort in', 'is null, but must be a whole number'],
  [{ trustedProxies: ['10.0.0.0/8', 'me'] }, 'trustedProxies in', 'must be IP addresses or CIDR ranges'],
  ['{', 'is not JSON', configFileName],
  ['[]', 'must hold one JSON object', configFileName],
])('the file %j is refused', (file, first, second) => {
  const message = messageOf(() => load({}, file))
  expect(message).toContain(first)
  expect(message).toContain(second)
})

test('several bad values are told at once', () => {
  const message = messageOf(() => load({ MILLPOND_HTTP_PORT: 'x', MILLPOND_THREADS: '0' }))
  expect(message).toContain('MILLPOND_HTTP_PORT')
  expect(message).toContain('MILLPOND_THREADS')
})

test('a file that was named must be there; the usual one need not', () => {
  expect(messageOf(() => loadSettings({ variables: new Map(), workingFolder: folder, file: 'absent.json' }))).toContain(
    'absent.json',
  )
  expect(load({}, { httpPort: 1 }, 'other.json').httpPort).toBe(1)
})

test('paths are meant from where they were written', () => {
  mkdirSync(join(folder, 'etc'))
  const loaded = load({}, { data: 'd', tlsCert: 'c.pem', tlsKey: '/k.pem' }, 'etc/millpond.json')
  expect([loaded.data, loaded.tlsCert, loaded.tlsKey]).toEqual([
    join(folder, 'etc', 'd'),
    join(folder, 'etc', 'c.pem'),
    '/k.pem',
  ])
  expect(load({ MILLPOND_DATA: 'd' }, {}, 'etc/millpond.json').data).toBe(join(folder, 'd'))
  expect(load({}, {}, 'etc/millpond.json').data).toBe(join(folder, 'millpond-data'))
})

test('--data wins over the environment', () => {
  const variables = new Map([['MILLPOND_DATA', '/env']])
  expect(loadSettings({ variables, workingFolder: folder, data: 'flag' }).data).toBe(join(folder, 'flag'))
})

test('certificate and key come together or not at all', () => {
  expect(messageOf(() => load({ MILLPOND_TLS_CERT: 'c' }))).toContain(
    'MILLPOND_TLS_CERT is set, but MILLPOND_TLS_KEY is not',
  )
})

test.each([
  ['https://events.example.com/', 'https://events.example.com'],
  ['http://10.0.0.1:9000/pond//', 'http://10.0.0.1:9000/pond'],
])('the public address %s becomes %s', (typed, address) => {
  expect(load({ MILLPOND_PUBLIC_URL: typed }).publicUrl).toBe(address)
})

test.each(['ftp://x', 'events.example.com', 'https://x?y=1', 'javascript:alert(1)'])(
  'the public address %s is refused',
  (typed) => {
    expect(messageOf(() => load({ MILLPOND_PUBLIC_URL: typed }))).toContain('MILLPOND_PUBLIC_URL')
  },
)

test('trusted proxies are a comma list in the environment', () => {
  expect(load({ MILLPOND_TRUSTED_PROXIES: '10.0.0.0/8, ::1,' }).trustedProxies).toEqual(['10.0.0.0/8', '::1'])
})

test.each([
  ['1024', 1024],
  ['512KiB', 512 * 1024],
  ['8 MiB', 8 * 1024 * 1024],
  ['1.5GiB', 1.5 * 1024 ** 3],
  ['1gb', 1e9],
  [7, 7],
  ['', undefined],
  ['-1', undefined],
  ['1e9', undefined],
  ['10XB', undefined],
  ['0.3', undefined],
  [-1, undefined],
  [0.5, undefined],
])('the size %j is %s bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes)
})

test('every size that we write is read back as itself', () => {
  fc.assert(fc.property(fc.maxSafeNat(), (bytes) => parseBytes(formatBytes(bytes)) === bytes))
})

test('docs/settings.md holds the table of all settings', () => {
  const page = readFileSync(new URL('../../docs/settings.md', import.meta.url), 'utf8')
  expect(page).toContain(settingsTable())
})
