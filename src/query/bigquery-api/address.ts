// Under which address a client reached us: it is told to come back there.
import type { FastifyRequest } from 'fastify'

import { clientSchemeHeader } from '../../core/http-headers.ts'

/** Without a slash at its end. */
export function addressOf({ headers, protocol }: FastifyRequest, publicUrl: string | undefined): string {
  if (publicUrl !== undefined) return publicUrl.replace(/\/+$/, '')
  const scheme = headers[clientSchemeHeader]
  return `${typeof scheme === 'string' ? scheme : protocol}://${headers.host ?? 'localhost'}`
}
