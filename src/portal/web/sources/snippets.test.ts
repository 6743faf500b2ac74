// Snippets are pasted as they stand: each names the real key and address, and those that send elsewhere by default say how not to.
import { expect, test } from 'vitest'

import { platforms } from './platforms.ts'
import { readSourceSearch } from './search.ts'
import { snippetOf } from './snippets.ts'

const sender = { address: 'https://events.example.com:8443', writeKey: 'mp_key' }
const logs = new Set<string>(['Fluent Bit', 'Docker'])

test.each(platforms.filter((platform) => !logs.has(platform)))('%s: key and address are the real ones', (platform) => {
  const { code } = snippetOf(platform, sender)
  expect(code).toContain('mp_key')
  expect(code).toContain('events.example.com:8443')
  expect(code).not.toMatch(/undefined|WRITE_KEY|segment\.io/)
})

test.each(platforms.filter((platform) => logs.has(platform)))('%s: goes to the port of Fluent Forward', (platform) => {
  const { code, traps } = snippetOf(platform, sender)
  expect(code).toMatch(/events\.example\.com[\s\S]*24224/)
  expect(code).not.toContain('8443')
  expect(traps).toContain('logs')
})

test('Kotlin names our host three times, and its default settings too: without them it sends to Segment', () => {
  const { code, traps } = snippetOf('Kotlin', sender)
  expect(code.match(/events\.example\.com:8443\/v1/g)).toHaveLength(3)
  expect(code).toContain('defaultSettings')
  expect(traps).toEqual(['kotlin'])
})

test('SDKs that speak only https warn while the address does not', () => {
  const plain = { ...sender, address: 'http://127.0.0.1:8080' }
  expect(snippetOf('Swift', plain).traps).toContain('https')
  expect(snippetOf('Swift', sender).traps).not.toContain('https')
  expect(snippetOf('Node', plain).traps).not.toContain('https')
})

test('an address that somebody wrote by hand holds only what there is', () => {
  expect(readSourceSearch({ tab: 'nothing', platform: 'COBOL', table: 7 })).toEqual({})
  expect(readSourceSearch({ tab: 'schema', platform: 'Go', table: 'a', more: 1 })).toEqual({
    tab: 'schema',
    platform: 'Go',
    table: 'a',
  })
})
