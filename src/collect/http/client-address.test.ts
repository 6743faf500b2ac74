import type { IncomingMessage } from 'node:http'

import { describe, expect, test } from 'vitest'

import { addressGroup, createClientAddress, normalizeAddress } from './client-address.ts'

function addressOf(trusted: readonly string[], remoteAddress: string | undefined, forwarded?: string): string {
  const request = { socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }
  return createClientAddress(trusted)(request as unknown as IncomingMessage)
}

describe('clientAddress', () => {
  test.each([
    { name: 'nobody is trusted', trusted: [], remote: '10.0.0.1', forwarded: '1.2.3.4', address: '10.0.0.1' },
    { name: 'no header', trusted: ['10.0.0.0/8'], remote: '10.0.0.1', forwarded: undefined, address: '10.0.0.1' },
    { name: 'one proxy', trusted: ['10.0.0.0/8'], remote: '10.0.0.1', forwarded: '1.2.3.4', address: '1.2.3.4' },
    {
      name: 'a forged first hop',
      trusted: ['10.0.0.1'],
      remote: '10.0.0.1',
      forwarded: '9.9.9.9, 1.2.3.4',
      address: '1.2.3.4',
    },
    {
      name: 'two proxies',
      trusted: ['10.0.0.0/8'],
      remote: '10.0.0.1',
      forwarded: '1.2.3.4, 10.0.0.2',
      address: '1.2.3.4',
    },
    {
      name: 'only proxies',
      trusted: ['10.0.0.0/8'],
      remote: '10.0.0.1',
      forwarded: '10.0.0.3,10.0.0.2',
      address: '10.0.0.3',
    },
    {
      name: 'an untrusted neighbour',
      trusted: ['10.0.0.1'],
      remote: '10.0.0.2',
      forwarded: '1.2.3.4',
      address: '10.0.0.2',
    },
    { name: 'nonsense', trusted: ['10.0.0.1'], remote: '10.0.0.1', forwarded: '1.2.3.4, unknown', address: '10.0.0.1' },
    { name: 'a port', trusted: ['10.0.0.1'], remote: '10.0.0.1', forwarded: '1.2.3.4:5678', address: '1.2.3.4' },
    { name: 'IPv6', trusted: ['::1'], remote: '::1', forwarded: '[2001:DB8::7]:443', address: '2001:db8::7' },
    {
      name: 'IPv4 in IPv6',
      trusted: ['10.0.0.0/8'],
      remote: '::ffff:10.0.0.1',
      forwarded: '::ffff:1.2.3.4',
      address: '1.2.3.4',
    },
    { name: 'a local socket', trusted: [], remote: undefined, forwarded: '1.2.3.4', address: '' },
  ])('$name', ({ trusted, remote, forwarded, address }) => {
    expect(addressOf(trusted, remote, forwarded)).toBe(address)
  })
})

test.each(['', 'x', '1.2.3', '999.1.1.1', '1.2.3.4.5', ':::', '[::1', '<script>'])('%s is no address', (text) => {
  expect(normalizeAddress(text)).toBeUndefined()
})

test('a whole /64 counts as one sender', () => {
  expect(addressGroup('2001:db8:1:2:aaaa::1')).toBe(addressGroup('2001:db8:1:2:ffff::2'))
  expect(addressGroup('2001:db8:1:2::1')).not.toBe(addressGroup('2001:db8:1:3::1'))
  expect(addressGroup('1.2.3.4')).toBe('1.2.3.4')
})

test('a zone of any length is no address: addresses stay in memory', () => {
  expect(normalizeAddress('fe80::1%eth0')).toBeDefined()
  expect(normalizeAddress(`fe80::1%${'x'.repeat(100)}`)).toBeUndefined()
})
