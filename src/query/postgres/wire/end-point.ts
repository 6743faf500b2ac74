// tls-server-end-point (RFC 5929): the hash of the server's own certificate, by which a client knows that nobody stands between.
import { createHash, X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'

/** undefined: the certificate's signature has no hash that we know; then the channel can't be bound. */
export function endPointOf(socket: TLSSocket): Buffer | undefined {
  const own = socket.getCertificate()
  if (own === null || !('raw' in own) || own.raw === undefined) return undefined
  const hash = hashOf(new X509Certificate(own.raw).signatureAlgorithm)
  return hash === undefined ? undefined : createHash(hash).update(own.raw).digest()
}

/** MD5 and SHA-1 are too weak: the RFC takes SHA-256 in their place. */
function hashOf(algorithm: string | undefined): string | undefined {
  const found = /(?:md5|sha-?(\d+))/i.exec(algorithm ?? '')
  if (found === null) return undefined
  const bits = found[1] ?? '1'
  return bits === '384' || bits === '512' || bits === '224' ? `sha${bits}` : 'sha256'
}
