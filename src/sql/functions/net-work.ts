// Hosts, domains and addresses as BigQuery's NET functions read them.
import { isIPv4, isIPv6 } from 'node:net'

import { parse } from 'tldts'

export function hostOf(url: string): string | null {
  const bare = url.replaceAll(/^[ \t\n\v\f\r]+|[ \t\n\v\f\r]+$/g, '')
  const behindScheme = /^(?:[^/\\?#:]*:)?[/\\]{2}([^]*)$/.exec(bare)?.[1] ?? bare
  const authority = /^[^/\\?#]*/.exec(behindScheme)?.[0] ?? ''
  const server = authority.slice(authority.lastIndexOf('@') + 1)
  const host = withoutPort(server).replace(/^\.+/, '').replace(/\.+$/, '.')
  return host === '' ? null : host
}

function withoutPort(server: string): string {
  const from = server.startsWith('[') ? server.indexOf(']') : 0
  if (from === -1) return server
  const colon = server.indexOf(':', from)
  return colon === -1 ? server : server.slice(0, colon)
}

export function publicSuffixOf(url: string): string | null {
  const labels = labelsOf(url)
  if (labels === undefined) return null
  return labels.all.slice(-labels.suffixCount).join('.') + labels.end
}

export function registeredDomainOf(url: string): string | null {
  const labels = labelsOf(url)
  if (labels === undefined) return null
  const own = labels.all.at(-labels.suffixCount - 1)
  if (own === undefined || own === '' || labels.all.length === labels.suffixCount) return null
  return labels.all.slice(-labels.suffixCount - 1).join('.') + labels.end
}

/** undefined: no known public suffix. Private ones (blogspot.com) don't count. */
function labelsOf(
  url: string,
): { readonly all: readonly string[]; readonly suffixCount: number; readonly end: string } | undefined {
  const host = hostOf(url)
  if (host === null || host.startsWith('[')) return undefined
  const end = host.endsWith('.') ? '.' : ''
  const bare = end === '' ? host : host.slice(0, -1)
  if (isIPv4(bare)) return undefined
  const options = { allowPrivateDomains: false, extractHostname: false, validateHostname: false, detectIp: false }
  const { publicSuffix, isIcann } = parse(bare.toLowerCase(), options)
  if (publicSuffix === null || publicSuffix === '' || isIcann !== true) return undefined
  return { all: bare.split('.'), suffixCount: publicSuffix.split('.').length, end }
}

export function addressOf(value: string): Uint8Array | null {
  if (isIPv4(value)) return Uint8Array.from(value.split('.'), Number)
  if (!isIPv6(value) || value.includes('%')) return null
  return Uint8Array.from(groupsOf(value).flatMap((group) => [group >> 8, group & 0xff]))
}

function groupsOf(value: string): number[] {
  const last = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(value)
  const whole =
    last === null
      ? value
      : `${value.slice(0, last.index)}${((Number(last[1]) << 8) | Number(last[2])).toString(16)}:${((Number(last[3]) << 8) | Number(last[4])).toString(16)}`
  const [head = '', tail] = whole.split('::')
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const before = groups(head)
  if (tail === undefined) return before
  const after = groups(tail)
  return [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after]
}

export function strictAddressOf(value: string): Uint8Array {
  const address = addressOf(value)
  if (address === null) throw new Error(`NET.IP_FROM_STRING() encountered an unparseable IP-address: ${value}`)
  return address
}

export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.')
  if (bytes.length !== 16) {
    throw new Error(
      `NET.IP_TO_STRING() encountered an invalid IP address. Expected 4 (for IPv4) or 16 (for IPv6) bytes but got ${bytes.length}`,
    )
  }
  const groups = Array.from(
    { length: 8 },
    (_none, index) => ((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0),
  )
  const isEmbedded =
    groups.slice(0, 5).every((group) => group === 0) && (groups[5] === 0xffff || (groups[5] === 0 && groups[6] !== 0))
  if (isEmbedded) return `${groups[5] === 0 ? '::' : '::ffff:'}${bytes.subarray(12).join('.')}`
  return shortest(groups)
}

/** The longest run of noughts, if there are two or more, is `::`. */
function shortest(groups: readonly number[]): string {
  let start = -1
  let length = 1
  for (let index = 0; index < 8; index += 1) {
    let end = index
    while (end < 8 && groups[end] === 0) end += 1
    if (end - index > length) {
      start = index
      length = end - index
    }
  }
  const shown = groups.map((group) => group.toString(16))
  if (start === -1) return shown.join(':')
  return `${shown.slice(0, start).join(':')}::${shown.slice(start + length).join(':')}`
}

export function netMask(length: bigint, prefix: bigint): Uint8Array {
  if (length !== 4n && length !== 16n) {
    throw new Error(
      `The first argument of NET.IP_NET_MASK() must be either 4 (for IPv4) or 16 (for IPv6); got ${length}`,
    )
  }
  if (prefix < 0n || prefix > length * 8n) {
    throw new Error(
      `The second argument of NET.IP_NET_MASK() must be between 0 and the first argument * 8; got ${prefix}`,
    )
  }
  return maskOf(Number(length), Number(prefix))
}

function maskOf(length: number, prefix: number): Uint8Array {
  return Uint8Array.from({ length }, (_none, index) => {
    const bits = Math.min(8, Math.max(0, prefix - index * 8))
    return (0xff << (8 - bits)) & 0xff
  })
}

export function truncateAddress(bytes: Uint8Array, prefix: bigint): Uint8Array {
  if (bytes.length !== 4 && bytes.length !== 16) {
    throw new Error(
      `The first argument of NET.IP_TRUNC() must have length 4 (for IPv4) or 16 (for IPv6); got ${bytes.length}`,
    )
  }
  if (prefix < 0n || prefix > BigInt(bytes.length * 8)) {
    throw new Error(
      `The second argument of NET.IP_TRUNC() must be between 0 and 8 * LENGTH(first argument); got ${prefix}`,
    )
  }
  const mask = maskOf(bytes.length, Number(prefix))
  return bytes.map((byte, index) => byte & (mask[index] ?? 0))
}

export function addressFromNumber(value: bigint): Uint8Array {
  if (value < -0x80000000n || value > 0xffffffffn) {
    throw new Error(
      `NET.IPV4_FROM_INT64() encountered an invalid integer IP. Expected range: [-0x80000000, 0xFFFFFFFF]; got ${value}`,
    )
  }
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(Number(BigInt.asUintN(32, value)))
  return bytes
}

export function numberFromAddress(bytes: Uint8Array): bigint {
  if (bytes.length !== 4)
    throw new Error(`NET.IPV4_TO_INT64() encountered a non-IPv4 address. Expected 4 bytes but got ${bytes.length}`)
  return BigInt(Buffer.from(bytes).readUInt32BE())
}
