// Whose request this is. X-Forwarded-For can be written by anybody, so it counts only where a configured proxy wrote it.
import type { IncomingMessage } from 'node:http'

import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'

type Address = ipaddr.IPv4 | ipaddr.IPv6
/** Empty only on local sockets, which have no address. */
export type ClientAddress = (request: IncomingMessage) => string

/** `trustedProxies`: addresses or CIDR ranges, checked by config. */
export function createClientAddress(trustedProxies: readonly string[]): ClientAddress {
  const ranges = trustedProxies.map(parseRange)
  // Proxies are few, so whether a hop is one is nearly always known already.
  const known = new LRUCache<string, boolean>({ max: 1_000 })

  function isTrusted(address: string): boolean {
    const before = known.get(address)
    if (before !== undefined) return before
    const parsed = ipaddr.parse(address)
    const trusted = ranges.some(([range, bits]) => parsed.kind() === range.kind() && parsed.match([range, bits]))
    known.set(address, trusted)
    return trusted
  }

  return (request) => {
    const direct = normalizeAddress(request.socket.remoteAddress ?? '')
    if (direct === undefined) return ''
    if (ranges.length === 0 || !isTrusted(direct)) return direct
    // Each proxy appends whom it saw: from the right, the first that is no proxy of ours is the client.
    const forwarded = forwardedHops(request)
    let client = direct
    for (let hop = forwarded.length - 1; hop >= 0; hop--) {
      const address = normalizeAddress(forwarded[hop] ?? '')
      if (address === undefined) break
      client = address
      if (!isTrusted(address)) break
    }
    return client
  }
}

function forwardedHops(request: IncomingMessage): readonly string[] {
  const header = request.headers['x-forwarded-for']
  if (header === undefined) return []
  return (typeof header === 'string' ? header : header.join(',')).split(',')
}

function parseRange(range: string): [Address, number] {
  if (range.includes('/')) return ipaddr.parseCIDR(range)
  const address = ipaddr.process(range)
  return [address, address.kind() === 'ipv4' ? 32 : 128]
}

/** A zone behind % may be any text; addresses stay in memory. */
const addressCharsMax = 64

/** One spelling for each address: IPv4 in IPv6 unwrapped, ports and brackets off. Undefined: no address. */
export function normalizeAddress(text: string): string | undefined {
  if (text.startsWith('::ffff:') && ipaddr.IPv4.isValidFourPartDecimal(text.slice(7))) return text.slice(7)
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return text
  let bare = text.trim()
  if (bare.length > addressCharsMax) return undefined
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(bare)
  if (bracketed?.[1] !== undefined) bare = bracketed[1]
  else if (/^[\d.]+:\d+$/.test(bare)) bare = bare.slice(0, bare.indexOf(':'))
  if (bare.includes(':')) return ipaddr.IPv6.isValid(bare) ? ipaddr.process(bare).toString() : undefined
  return ipaddr.IPv4.isValidFourPartDecimal(bare) ? bare : undefined
}

/** What a rate is counted by: a home or a company has one IPv4 address, but a whole /64 of IPv6. */
export function addressGroup(address: string): string {
  if (!address.includes(':')) return address
  const parsed = ipaddr.parse(address)
  return parsed instanceof ipaddr.IPv6 ? parsed.parts.slice(0, 4).join(':') : address
}
