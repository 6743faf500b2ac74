// Sends exact bytes over a socket and reads one answer, so that no client library mends what a sender does.
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { gzipSync } from 'node:zlib'

import { tlsPair } from './collect-server.ts'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export type Fixture = 'swift' | 'kotlin' | 'python' | 'python-gzip' | 'python-basic' | 'go' | 'ruby'

/**
 * The bytes of a recorded request. The file has the head as sent and the body in plain; `Content-Encoding: gzip` and
 * `Transfer-Encoding: chunked` in the head are carried out here, and a length is added where the body is not chunked.
 */
export function fixtureBytes(name: Fixture, writeKey: string): { request: Buffer; body: string } {
  const text = readFileSync(new URL(`fixtures/${name}.http`, import.meta.url), 'utf8')
    .replaceAll('{{writeKey}}', writeKey)
    .replaceAll('{{basic}}', Buffer.from(`${writeKey}:`).toString('base64'))
  const split = text.indexOf('\n\n')
  const head = text.slice(0, split).replaceAll('\n', '\r\n')
  const body = text.slice(split + 2)
  const encoded = /^content-encoding: gzip$/im.test(head) ? gzipSync(body) : Buffer.from(body)
  if (/^transfer-encoding: chunked$/im.test(head)) {
    return { request: Buffer.concat([Buffer.from(`${head}\r\n\r\n`), chunked(encoded, 100)]), body }
  }
  return {
    request: Buffer.concat([Buffer.from(`${head}\r\nContent-Length: ${encoded.length}\r\n\r\n`), encoded]),
    body,
  }
}

export function chunked(body: Buffer, chunkBytes: number): Buffer {
  const parts: Buffer[] = []
  for (let start = 0; start < body.length; start += chunkBytes) {
    const part = body.subarray(start, start + chunkBytes)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

export function openSocket(port: number, secure = false): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket: Socket = secure
      ? connectSecurely({ port, host: '127.0.0.1', servername: 'localhost', ca: tlsPair.cert }, () => resolve(socket))
      : connect(port, '127.0.0.1', () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Resolves with the first whole answer on the socket; rejects if it closes before. */
export function readAnswer(socket: Socket): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('data', (piece: Buffer) => {
      text += piece.toString('latin1')
      const answer = parseAnswer(text)
      if (answer !== undefined) resolve(answer)
    })
    socket.once('close', () => reject(new Error(`The connection closed after: ${text}`)))
    socket.once('error', reject)
  })
}

export async function sendRaw(port: number, bytes: Buffer | string, secure = false): Promise<RawAnswer> {
  const socket = await openSocket(port, secure)
  try {
    const answer = readAnswer(socket)
    socket.write(bytes)
    return await answer
  } finally {
    socket.destroy()
  }
}

function parseAnswer(text: string): RawAnswer | undefined {
  const split = text.indexOf('\r\n\r\n')
  if (split === -1) return undefined
  const [statusLine = '', ...lines] = text.slice(0, split).split('\r\n')
  const headers = Object.fromEntries(
    lines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const body = text.slice(split + 4)
  const length = Number(headers['content-length'] ?? 0)
  if (body.length < length) return undefined
  return { status: Number(statusLine.split(' ')[1]), headers, body: body.slice(0, length) }
}
