// Docs that can drift are compared with the code: settings, error codes, dead letter reasons, routes, commands, links.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

import { describe, expect, it } from 'vitest'

import { listSettings } from '../src/config/config.ts'
import { errorTable } from '../src/core/errors.ts'
import { quarantineReasons } from '../src/core/event.ts'
import { destinationTypes } from '../src/deliver/destinations/registry.ts'
import type { ApiDeps } from '../src/portal/api/api.ts'
import { buildApi } from '../src/portal/api/api.ts'
import { callsPage } from './contract/spec-calls.ts'
import { matrixPage } from './sql/matrix.ts'

const root = resolve(import.meta.dirname, '..')

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

function markdownFiles(): string[] {
  const inDocs = readdirSync(join(root, 'docs'), { recursive: true }).map((name) => join('docs', String(name)))
  const inRoot = readdirSync(root)
  return [...inRoot, ...inDocs, 'src/README.md'].filter((name) => name.endsWith('.md')).sort()
}

describe('the docs', () => {
  it('list every setting with its variable, default and unit', () => {
    const page = read('docs/settings.md')
    const missing = listSettings().filter((setting) => !page.includes(setting.env))
    expect(missing.map((setting) => setting.env)).toEqual([])
  })

  it('list no setting that is not there', () => {
    const known = new Set(listSettings().map((setting) => setting.env))
    const pages = markdownFiles()
      .map((path) => read(path))
      .join('\n')
    const named = [...new Set(pages.match(/\bMILLPOND_[A-Z0-9_]+\b/g) ?? [])]
    expect(
      named
        .filter((name) => !known.has(name))
        .filter((name) => !known.has(`${name}CERT`) && !known.has(`MILLPOND_TLS${name.slice(8)}`)),
    ).toEqual([])
  })

  it('explain every error code, and none that does not exist', () => {
    const page = read('docs/errors.md')
    const documented = [...page.matchAll(/^\| `([a-z-]+)`/gm)].map((match) => match[1])
    expect(new Set(documented)).toEqual(new Set(Object.keys(errorTable)))
    expect(documented.length).toBe(Object.keys(errorTable).length)
  })

  it('explain every reason of a dead letter', () => {
    const page = read('docs/dead-letters.md')
    expect(quarantineReasons.filter((reason) => !page.includes(`\`${reason}\``))).toEqual([])
  })

  it('have a page for every type of destination, with all of its settings and names', () => {
    expect(destinationTypes.length).toBeGreaterThan(1)
    for (const { type, settings, integrationNames, limits } of destinationTypes) {
      const page = read(`docs/destinations/${type}.md`)
      for (const name of [...settings.map((spec) => spec.name), ...integrationNames]) {
        expect(page, `${type}: ${name}`).toContain(`\`${name}\``)
      }
      expect(limits.lastVerified).toMatch(/^\d{4}-\d\d-\d\d$/)
      expect(page, type).toContain('**Double counting')
      expect(read('docs/guide/destinations.md')).toContain(`../destinations/${type}.md`)
    }
  })

  it('say what becomes of every call (node test/contract/spec-calls.ts > docs/destinations/calls.md)', () => {
    expect(read('docs/destinations/calls.md')).toBe(callsPage())
  })

  it('list every route of the API', () => {
    const page = read('docs/guide/operations.md')
    const routes: string[] = []
    const app = buildApi('admin', {} as ApiDeps, (method, url) => routes.push(`${method} ${url}`))
    void app.close()
    expect(routes.filter((route) => !page.includes(`\`${route}\``))).toEqual([])
    expect(routes.length).toBeGreaterThan(10)
  })

  it('has a sentence of every route under /api, at the route: says(…), of portal/api/says.ts', () => {
    const silent: string[] = []
    const app = buildApi('admin', {} as ApiDeps, (method, url, says) => {
      if (url.startsWith('/api/') && (says?.summary ?? '') === '') silent.push(`${method} ${url}`)
    })
    void app.close()
    expect(silent).toEqual([])
  })

  it('list every function of GoogleSQL (node test/sql/matrix.ts > docs/googlesql.md)', () => {
    expect(read('docs/googlesql.md').trimEnd()).toBe(matrixPage().trimEnd())
  })

  it('describe every command', () => {
    const page = read('docs/guide/command-line.md')
    const commands = [
      'start',
      'status',
      'source add',
      'source list',
      'source rotate',
      'source disable',
      'person add',
      'person list',
      'person change',
      'person remove',
      'user add',
      'user invite',
      'user list',
      'user disable',
      'user enable',
      'token create',
      'token list',
      'token revoke',
      'key create',
      'key list',
      'key revoke',
      'grant add',
      'grant list',
      'grant remove',
      'policy mask',
      'policy filter',
      'policy list',
      'policy remove',
      'query',
      'saved list',
      'saved show',
      'saved run',
      'saved save',
      'schedule add',
      'schedule list',
      'schedule show',
      'schedule pause',
      'schedule resume',
      'schedule run',
      'schedule runs',
      'schedule backfill',
      'schedule remove',
      'storage',
      'destination types',
      'destination add',
      'destination list',
      'destination change',
      'destination disable',
      'destination enable',
      'destination remove',
      'destination why',
      'dead-letters list',
      'dead-letters replay',
      'retype',
      'erase',
      'rebuild',
      'backup',
      'restore',
      'doctor',
    ]
    expect(commands.filter((command) => !page.includes(`millpond ${command}`))).toEqual([])
  })

  it('link only to files that exist', () => {
    const broken: string[] = []
    for (const path of markdownFiles()) {
      for (const [, target] of read(path).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)) {
        if (target === undefined || /^[a-z]+:/.test(target)) continue
        if (!existsSync(join(root, dirname(path), target))) broken.push(`${path}: ${target}`)
      }
    }
    expect(broken).toEqual([])
  })

  it('name no line numbers of code', () => {
    const broken = markdownFiles().filter((path) => /\.ts:\d+/.test(read(path)))
    expect(broken).toEqual([])
  })

  it('give the two commands of the README to npm', () => {
    const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts
    expect(read('README.md')).toContain('npm ci && npm start')
    expect(read('README.md')).toContain('npm ci && npm test')
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test', 'check', 'torture', 'bench']))
    expect(read('.ci/run')).toMatch(/npm ci[\s\S]*npm test/)
  })
})
