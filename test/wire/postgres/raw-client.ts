// A client that says exactly what a test wants, byte by byte, and lists what comes back.
import { connect, type Socket } from 'node:net'

import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'

export interface Reply {
  readonly type: string
  readonly body: Buffer
}

export function message(type: string, body: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(type.length + 4)
  head.write(type)
  head.writeInt32BE(body.length + 4, type.length)
  return Buffer.concat([head, body])
}

export function text(...values: readonly string[]): Buffer {
  return Buffer.from(values.map((value) => `${value}\0`).join(''))
}

export function int16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => bytes.writeInt16BE(value, index * 2))
  return bytes
}

export function int32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => bytes.writeInt32BE(value, index * 4))
  return bytes
}

export class RawClient {
  readonly socket: Socket
  #bytes = Buffer.alloc(0)
  #waiting: (() => void)[] = []
  #isClosed = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (piece: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, piece])
      this.#wake()
    })
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.#isClosed = true
      this.#wake()
    })
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  send(...parts: readonly Buffer[]): this {
    this.socket.write(Buffer.concat(parts))
    return this
  }

  async byte(): Promise<string> {
    while (this.#bytes.length === 0 && !this.#isClosed)
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    const letter = String.fromCharCode(this.#bytes[0] ?? 0)
    this.#bytes = this.#bytes.subarray(1)
    return letter
  }

  /** undefined: closed. */
  async reply(): Promise<Reply | undefined> {
    for (;;) {
      if (this.#bytes.length >= 5) {
        const length = this.#bytes.readInt32BE(1)
        if (this.#bytes.length > length) {
          const reply = { type: String.fromCharCode(this.#bytes[0] ?? 0), body: this.#bytes.subarray(5, length + 1) }
          this.#bytes = this.#bytes.subarray(length + 1)
          return reply
        }
      }
      if (this.#isClosed) return undefined
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Up to and with ReadyForQuery, or the end. */
  async replies(): Promise<Reply[]> {
    const found: Reply[] = []
    for (let reply = await this.reply(); reply !== undefined; reply = await this.reply()) {
      found.push(reply)
      if (reply.type === 'Z') break
    }
    return found
  }

  /** Their letters; of Z with its state, of E with its SQLSTATE. */
  async letters(): Promise<string> {
    return (await this.replies())
      .map((reply) =>
        reply.type === 'Z'
          ? `Z${reply.body.toString()}`
          : reply.type === 'E'
            ? `E(${fieldsOf(reply)['C'] ?? ''})`
            : reply.type,
      )
      .join(' ')
  }

  startup(user: string, more: Readonly<Record<string, string>> = {}, version = 196_608): this {
    const pairs = Object.entries({ user, database: 'millpond', ...more }).flat()
    return this.send(message('', Buffer.concat([int32(version), text(...pairs), Buffer.from([0])])))
  }

  /** Errors come back as a reply of type E. */
  async logIn(user: string, password: string): Promise<Reply[]> {
    const first = await this.reply()
    if (first?.type === 'v') return this.logIn(user, password)
    if (first?.type !== 'R') return first === undefined ? [] : [first]
    const nonce = randomBytes(9).toString('base64')
    const bare = `n=,r=${nonce}`
    const initial = Buffer.from(`n,,${bare}`)
    this.send(message('p', Buffer.concat([text('SCRAM-SHA-256'), int32(initial.length), initial])))
    const challenge = await this.reply()
    if (challenge?.type !== 'R') return challenge === undefined ? [] : [challenge]
    const serverFirst = challenge.body.toString('utf8', 4)
    const [, serverNonce = '', salt = '', rounds = '1'] = /r=([^,]*),s=([^,]*),i=(\d+)/.exec(serverFirst) ?? []
    const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(rounds), 32, 'sha256')
    const clientKey = createHmac('sha256', salted).update('Client Key').digest()
    const stored = createHash('sha256').update(clientKey).digest()
    const withoutProof = `c=biws,r=${serverNonce}`
    const signature = createHmac('sha256', stored).update(`${bare},${serverFirst},${withoutProof}`).digest()
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0))).toString('base64')
    this.send(message('p', Buffer.from(`${withoutProof},p=${proof}`)))
    return this.replies()
  }

  query(sql: string): this {
    return this.send(message('Q', text(sql)))
  }

  close(): void {
    this.socket.destroy()
  }
}

export function fieldsOf({ body }: Reply): Record<string, string> {
  const parts = body
    .toString('utf8')
    .split('\0')
    .filter((part) => part !== '')
  return Object.fromEntries(parts.map((part) => [part[0] ?? '', part.slice(1)]))
}

export function parse(name: string, sql: string, ...oids: readonly number[]): Buffer {
  return message('P', Buffer.concat([text(name, sql), int16(oids.length), int32(...oids)]))
}

export function bind(
  portal: string,
  statement: string,
  values: readonly (Buffer | null)[] = [],
  formats: readonly number[] = [],
  results: readonly number[] = [],
): Buffer {
  const parts = values.map((value) => (value === null ? int32(-1) : Buffer.concat([int32(value.length), value])))
  return message(
    'B',
    Buffer.concat([
      text(portal, statement),
      int16(formats.length, ...formats),
      int16(values.length),
      ...parts,
      int16(results.length, ...results),
    ]),
  )
}

export function describePortal(portal: string): Buffer {
  return message('D', Buffer.concat([Buffer.from('P'), text(portal)]))
}

export function describeStatement(name: string): Buffer {
  return message('D', Buffer.concat([Buffer.from('S'), text(name)]))
}

export function execute(portal: string, rowsMax = 0): Buffer {
  return message('E', Buffer.concat([text(portal), int32(rowsMax)]))
}

export const sync = message('S')
export const flush = message('H')
