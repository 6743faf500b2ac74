// The house rules that no linter knows: who may import whom, which library lives where, and what no file may hold.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'src')

/** Besides itself, a folder may import these. A folder that is not here may not exist. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  config: ['core'],
  buffer: ['core'],
  control: ['core'],
  sql: ['core'],
  warehouse: ['core', 'sql'],
  objects: ['core'],
  outgoing: ['core'],
  alerts: ['core', 'control', 'query', 'jobs', 'outgoing'],
  collect: ['core', 'buffer', 'control', 'objects'],
  deliver: ['core', 'buffer', 'warehouse', 'control', 'objects', 'outgoing'],
  query: ['core', 'sql', 'buffer', 'warehouse', 'control'],
  jobs: ['core', 'sql', 'buffer', 'query', 'control'],
  people: ['core', 'sql', 'query', 'control'],
  dashboards: ['core', 'query', 'jobs', 'control', 'charts'],
  reports: ['core', 'query', 'jobs', 'control', 'charts', 'dashboards', 'outgoing'],
  processes: ['core', 'config', 'buffer'],
  charts: [],
  'portal/page': ['core'],
  'portal/web': ['charts'],
  'portal/api': [
    'core',
    'sql',
    'query',
    'people',
    'jobs',
    'dashboards',
    'reports',
    'alerts',
    'charts',
    'deliver',
    'control',
    'warehouse',
    'portal/page',
  ],
  cli: ['core', 'config', 'control', 'buffer', 'processes', 'warehouse'],
}

/** Of these a folder may import types, which leave no trace in what runs. */
const mayImportTypes: Record<string, readonly string[]> = { 'portal/web': ['portal/api'] }

/** Files that build the processes may import everything. */
const builders = new Set([
  'intake.ts',
  'engine.ts',
  'engine-hub.ts',
  'engine-query.ts',
  'engine-status.ts',
  'engine-disk.ts',
  'engine-upkeep.ts',
  'rebuild.ts',
  'rebuild-offline.ts',
  'backup-offline.ts',
  'restore-offline.ts',
  'main.ts',
])

/** A library lives in one room (tests and benchmarks may use it anywhere). */
const fences: readonly { readonly library: RegExp; readonly room: string }[] = [
  { library: /^@duckdb\//, room: 'warehouse/duckdb' },
  { library: /^@google-cloud\/bigquery/, room: 'warehouse/bigquery' },
  { library: /^node:sqlite$/, room: 'control' },
  { library: /^@google-cloud\/storage|^@aws-sdk\//, room: 'objects' },
  { library: /^croner$/, room: 'jobs' },
  { library: /^commander$|^cli-progress$/, room: 'cli' },
  { library: /^zod$/, room: 'config|portal/api|query/bigquery-api' },
  { library: /^quickjs-emscripten/, room: 'core' },
  { library: /^farmhash-modern$|^tldts$/, room: 'sql/functions' },
  { library: /^apache-arrow$/, room: 'query' },
  { library: /^react(?:-dom)?(?:\/|$)|^@tanstack\/|^@codemirror\/|^@lezer\//, room: 'portal/web' },
  { library: /^(?:@better-auth\/|better-auth|kysely)/, room: 'control' },
  { library: /^nodemailer$/, room: 'outgoing' },
  { library: /^aws4$|^hyparquet/, room: 'deliver/destinations' },
  { library: /^ajv/, room: 'deliver/screen' },
  { library: /^jose$/, room: 'query/bigquery-api|control|portal/api' },
]

function filesBelow(folder: string, pattern: RegExp): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && pattern.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('/node_modules/'))
    .sort()
}

function roomOf(path: string): string {
  const inside = relative(source, path)
  const rooms = Object.keys(mayImport).sort((a, b) => b.length - a.length)
  return rooms.find((room) => inside.startsWith(`${room}/`)) ?? inside
}

function importsOf(text: string): string[] {
  return [...text.matchAll(/(?:from|import|import\()\s*'([^']+)'/g)].map((match) => match[1] ?? '')
}

/** Without those that import nothing but types. */
function withoutTypes(text: string): string {
  return text.replaceAll(/^import type [^;]*? from '[^']+'$/gms, '')
}

const sourceFiles = filesBelow(source, /\.tsx?$/)
const ourFiles = [
  ...sourceFiles,
  ...filesBelow(join(root, 'test'), /\.ts$/),
  ...filesBelow(join(root, 'bench'), /\.ts$/),
  ...filesBelow(join(root, 'demo'), /\.ts$/),
]

describe('the house', () => {
  it('has no folder that the table does not know', () => {
    const unknown = sourceFiles.filter((path) => {
      const inside = relative(source, path)
      return inside.includes('/') && mayImport[roomOf(path)] === undefined
    })
    expect(unknown.map((path) => relative(root, path))).toEqual([])
  })

  it('keeps its table of rooms true: every room exists', () => {
    const missing = Object.keys(mayImport).filter(
      (room) => !statSync(join(source, room), { throwIfNoEntry: false })?.isDirectory(),
    )
    expect(missing).toEqual([])
  })

  it('imports only along the table', () => {
    const broken: string[] = []
    for (const path of sourceFiles) {
      if (builders.has(relative(source, path)) || path.endsWith('.test.ts')) continue
      const room = roomOf(path)
      const text = readFileSync(path, 'utf8')
      const atRun = new Set(importsOf(withoutTypes(text)))
      for (const target of importsOf(text)) {
        if (!target.startsWith('.')) continue
        const other = roomOf(resolve(dirname(path), target))
        const allowed = [...(mayImport[room] ?? []), ...(atRun.has(target) ? [] : (mayImportTypes[room] ?? []))]
        if (other !== room && !allowed.includes(other) && !isEntry(path, other)) {
          broken.push(`${relative(root, path)} imports ${other}`)
        }
      }
    }
    expect(broken).toEqual([])
  })

  it('keeps libraries in their rooms', () => {
    const broken: string[] = []
    for (const path of sourceFiles) {
      if (path.endsWith('.test.ts')) continue
      for (const target of importsOf(readFileSync(path, 'utf8'))) {
        const fence = fences.find(({ library }) => library.test(target))
        if (fence !== undefined && !new RegExp(`^(${fence.room})(/|$)`).test(relative(source, dirname(path)))) {
          broken.push(`${relative(root, path)} imports ${target}`)
        }
      }
    }
    expect(broken).toEqual([])
  })

  it('reads the environment in one file', () => {
    const readers = sourceFiles.filter(
      (path) => !path.endsWith('.test.ts') && readFileSync(path, 'utf8').includes('process.env'),
    )
    expect(readers.map((path) => relative(root, path)).filter((path) => path !== 'src/config/env.ts')).toEqual([])
  })
})

/** The command line starts processes: cli/start.ts may reach the builder it runs. */
function isEntry(path: string, other: string): boolean {
  return relative(source, path).startsWith('cli/') && builders.has(other)
}

describe('every file', () => {
  it('has at most 400 lines of code', () => {
    const long = ourFiles.filter((path) => codeLines(readFileSync(path, 'utf8')) > 400)
    expect(long.map((path) => relative(root, path))).toEqual([])
  })

  it('opens with what it is, unless its name says it all (tests)', () => {
    const silent = sourceFiles.filter(
      (path) => !path.endsWith('.test.ts') && !/^(\/\/|\/\*\*)/.test(readFileSync(path, 'utf8')),
    )
    expect(silent.map((path) => relative(root, path))).toEqual([])
  })

  it('holds no loose marker, skipped test or real sleep', () => {
    const forbidden = [/\bFIXME\b/, /\bXXX\b/, /\bTODO(?!\(#\d+\))/, /\b(?:it|describe|test)\.(?:only|skip)\(/]
    const self = import.meta.filename
    const broken = ourFiles.filter(
      (path) => path !== self && forbidden.some((pattern) => pattern.test(readFileSync(path, 'utf8'))),
    )
    expect(broken.map((path) => relative(root, path))).toEqual([])
  })

  it('keeps `any` and suppressions out of the source', () => {
    const broken = sourceFiles.filter((path) =>
      /@ts-(?:ignore|nocheck)|\bas any\b|: any\b/.test(readFileSync(path, 'utf8')),
    )
    expect(broken.map((path) => relative(root, path))).toEqual([])
  })

  it('retries only through the bounded places', () => {
    const broken = sourceFiles.filter((path) => /while \(true\)/.test(readFileSync(path, 'utf8')))
    expect(broken.map((path) => relative(root, path))).toEqual([])
  })

  it('is named in kebab-case', () => {
    const odd = ourFiles.filter(
      (path) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.tsx?$/.test(relative(dirname(path), path)),
    )
    expect(odd.map((path) => relative(root, path))).toEqual([])
  })
})

function codeLines(text: string): number {
  return text.split('\n').filter((line) => line.trim() !== '' && !/^\s*(?:\/\/|\/\*|\*)/.test(line)).length
}
