// What a request says of its sender before its body is read: address, what of it may be kept, and keys.
import type { IncomingMessage } from 'node:http'

import ipaddr from 'ipaddr.js'

import { keysOutsideBody } from './key.ts'

export interface Sender {
  /** Of the socket, or as a trusted proxy says it. */
  readonly address: string
  /** What of the address may be written down; empty: nothing. */
  readonly keptAddress: string
  /** Keys named outside the body, in the order in which they are asked. */
  readonly keys: readonly string[]
}

export function senderOf(request: IncomingMessage, address: string): Sender {
  return { address, keptAddress: keptAddress(address, request.headers['x-ip-policy']), keys: keysOutsideBody(request) }
}

/** Jitsu's SDK lets a page ask that the address is not kept (`remove`), or not all of it (`stripLastOctet`). */
export function keptAddress(address: string, policy: string | string[] | undefined): string {
  if (policy === undefined || policy === 'keep') return address
  if (policy !== 'stripLastOctet' || !ipaddr.isValid(address)) return ''
  const parsed = ipaddr.process(address)
  const bytes = parsed.toByteArray()
  // What one household holds of the longer addresses is a /64.
  bytes.fill(0, parsed.kind() === 'ipv4' ? 3 : 8)
  return ipaddr.fromByteArray(bytes).toString()
}
