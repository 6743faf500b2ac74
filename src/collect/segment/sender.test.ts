import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { isClientSdk, viaOf } from './library.ts'
import { keptAddress } from './sender.ts'

describe('keptAddress', () => {
  test.each([
    { policy: undefined, address: '203.0.113.7', kept: '203.0.113.7' },
    { policy: 'keep', address: '203.0.113.7', kept: '203.0.113.7' },
    { policy: 'stripLastOctet', address: '203.0.113.7', kept: '203.0.113.0' },
    { policy: 'stripLastOctet', address: '::ffff:203.0.113.7', kept: '203.0.113.0' },
    { policy: 'stripLastOctet', address: '2001:db8:1:2:3:4:5:6', kept: '2001:db8:1:2::' },
    { policy: 'stripLastOctet', address: 'unknown', kept: '' },
    { policy: 'remove', address: '203.0.113.7', kept: '' },
    { policy: 'something newer', address: '203.0.113.7', kept: '' },
  ])('$policy of $address is "$kept"', ({ policy, address, kept }) => {
    expect(keptAddress(address, policy)).toBe(kept)
  })

  test('any header and any address are read without a throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6()), fc.string(), (address, policy) => {
        expect(typeof keptAddress(address, policy)).toBe('string')
        expect(keptAddress(address, 'stripLastOctet').length).toBeLessThanOrEqual(address.length + 40)
      }),
    )
  })
})

describe('viaOf', () => {
  const server = { kind: 'call', call: 'track', via: 'server' } as const
  test.each([
    { route: server, channel: 'web', via: 'client' },
    { route: server, channel: 'mobile', via: 'client' },
    { route: server, channel: 'server', via: 'server' },
    { route: server, channel: undefined, via: 'server' },
    { route: server, channel: { web: true }, via: 'server' },
    { route: { ...server, via: 'client' as const }, channel: 'server', via: 'client' },
    { route: { ...server, import: true as const }, channel: 'web', via: 'server' },
  ])('$channel on the path of a $route.via is a $via', ({ route, channel, via }) => {
    expect(viaOf(route, { channel })).toBe(via)
  })

  test('no event says nothing', () => {
    expect(viaOf(server, undefined)).toBe('server')
  })
})

test('a client of RudderStack is one whose clock may be wrong; its server is not', () => {
  expect(isClientSdk('rudderlabs javascript sdk', 'client')).toBe(true)
  expect(isClientSdk('com.rudderstack.android.sdk.core', 'client')).toBe(true)
  expect(isClientSdk('analytics-node', 'server')).toBe(false)
})
