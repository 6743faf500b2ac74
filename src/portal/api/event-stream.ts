// Server-sent events: one answer that stays open for hours, to a reader who may be slow, and whose token may be revoked.
import type { FastifyReply, FastifyRequest } from 'fastify'

import type { Control } from '../../control/control.ts'
import type { Principal } from '../../control/principals.ts'
import type { Log } from '../../core/log.ts'
import { mayCall } from './role-routes.ts'

export interface EventStream {
  /** Not to a reader who is too far behind, or gone. `id`: what the browser says when it comes again. */
  send(name: string, data: unknown, id?: string): void
  isSlow(): boolean
  isOpen(): boolean
  end(): void
  onClose(task: () => void): void
}

const unsentBytesMax = 1024 * 1024

export function openEventStream(reply: FastifyReply, log: Log): EventStream {
  reply.hijack()
  const out = reply.raw
  // Nobody else looks after a hijacked answer: an error without a listener would end the engine.
  out.on('error', (error) => {
    log.debug({ err: error }, 'A live page went away.')
  })
  out.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' })
  const isOpen = (): boolean => !out.writableEnded && !out.destroyed
  const isSlow = (): boolean => out.writableLength > unsentBytesMax
  return {
    isOpen,
    isSlow,
    send(name, data, id) {
      if (!isOpen() || isSlow()) return
      out.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`)
    },
    end() {
      out.end()
    },
    onClose(task) {
      out.once('close', task)
    },
  }
}

/**
 * Who asked, as they are now; undefined when they, their token, or their right to this route are gone. Whoever has no token owns
 * the data folder.
 */
export function principalNow(
  { principal, tokenId, method, routeOptions }: FastifyRequest,
  control: Control,
): Principal | undefined {
  if (tokenId === undefined) return principal
  const now = control.isTokenValid(tokenId) ? control.principalById(principal.id) : undefined
  return now !== undefined && mayCall(now.role, method, routeOptions.url ?? '') ? now : undefined
}
