// The real senders, unmodified: fluent-logger, @fluent-org/logger, and Debian's Python logger where it is installed.
import { execFile, execFileSync } from 'node:child_process'
import { promisify } from 'node:util'

import { FluentClient } from '@fluent-org/logger'
import fluentLogger from 'fluent-logger'
import { afterEach, describe, expect, it } from 'vitest'

import { tlsPair } from './collect-server.ts'
import { type ForwardRig, type RigOptions, startForward, until } from './forward-rig.ts'

let rig: ForwardRig
const quiet = { info: () => undefined, error: () => undefined }

afterEach(async () => {
  await rig.stop()
})

async function begin(options: RigOptions = {}): Promise<void> {
  rig = await startForward(options)
}

const security = { clientHostname: 'client.local', sharedKey: 'very secret', username: 'alice', password: 'pw' }
const secured: RigOptions = { settings: { forwardSharedKey: 'very secret', forwardUsers: ['alice:pw'] } }
const kept = (): number => rig.records.reduce((sum, { count }) => sum + count, 0)
const recordsKept = (): unknown[] =>
  rig.records.flatMap(({ entries }) => entries.map((entry) => (entry as unknown[])[1]))

describe('fluent-logger', () => {
  type Options = NonNullable<Parameters<typeof fluentLogger.createFluentSender>[1]>

  /** Sends three records and resolves when the client has called back for each. */
  async function sendThree(options: Options): Promise<void> {
    const sender = fluentLogger.createFluentSender('app', {
      host: '127.0.0.1',
      port: rig.port,
      timeout: 3,
      flushInterval: 10,
      ackResponseTimeout: 5_000,
      internalLogger: quiet,
      ...options,
    })
    const errors: unknown[] = []
    await Promise.all(
      [1, 2, 3].map(
        (n) =>
          new Promise<void>((resolve) => {
            sender.emit('web', { n, text: 'grüß 🐟' }, (error?: unknown) => {
              if (error !== undefined) errors.push(error)
              resolve()
            })
          }),
      ),
    )
    await new Promise<void>((resolve) => {
      ;(sender as unknown as { end(label: null, data: null, done: () => void): void }).end(null, null, resolve)
    })
    expect(errors).toEqual([])
    await until(() => kept() === 3, '3 entries')
    expect(recordsKept()).toEqual([1, 2, 3].map((n) => ({ n, text: 'grüß 🐟' })))
    expect(new Set(rig.records.map(({ meta }) => meta.tag))).toEqual(new Set(['app.web']))
  }

  it.each(['Message', 'PackedForward', 'CompressedPackedForward'] as const)(
    '%s, with acks and without',
    async (eventMode) => {
      await begin()
      await sendThree({ eventMode, requireAckResponse: true })
      expect(rig.records[0]?.meta.chunk).toBeDefined()
      await rig.stop()
      await begin()
      await sendThree({ eventMode })
    },
  )

  it('shakes hands with shared key and user', async () => {
    await begin(secured)
    await sendThree({ security, requireAckResponse: true })
    expect(rig.records.map(({ source }) => source)).toEqual(['alice', 'alice', 'alice'])
  })

  it('speaks TLS, and shakes hands over it', async () => {
    await begin({ ...secured, tls: true })
    const tlsOptions = { ca: tlsPair.cert, servername: 'localhost' }
    await sendThree({ security, requireAckResponse: true, tls: true, tlsOptions })
    expect(rig.records[0]?.source).toBe('alice')
  })
})

describe('@fluent-org/logger', () => {
  it.each(['Message', 'Forward', 'PackedForward', 'CompressedPackedForward'] as const)('%s', async (eventMode) => {
    await begin()
    const client = new FluentClient('app', {
      eventMode,
      ack: {},
      milliseconds: true,
      socket: { host: '127.0.0.1', port: rig.port },
    })
    await Promise.all([1, 2, 3].map(async (n) => client.emit('web', { n })))
    await client.disconnect()
    expect(kept()).toBe(3)
    expect(recordsKept()).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  it('shakes hands with shared key and user over TLS', async () => {
    await begin({ ...secured, tls: true })
    const client = new FluentClient('app', {
      ack: {},
      security,
      socket: { host: '127.0.0.1', port: rig.port, tls: { ca: tlsPair.cert, servername: 'localhost' } },
    })
    await client.emit('web', { n: 1 })
    await client.disconnect()
    expect(rig.records[0]).toMatchObject({ source: 'alice', count: 1 })
  })

  it('is told no with a wrong key', async () => {
    await begin(secured)
    const client = new FluentClient('app', {
      ack: {},
      security: { ...security, sharedKey: 'wrong' },
      socket: { host: '127.0.0.1', port: rig.port },
    })
    const sent = client.emit('web', { n: 1 }).then(
      () => 'kept',
      () => 'refused',
    )
    await until(() => rig.server.stats()['refused.handshake'] === 1, 'a refusal')
    await client.shutdown().catch(() => undefined)
    expect(await sent).toBe('refused')
    expect(rig.records).toEqual([])
  })
})

const python = '/usr/bin/python3'
const withoutPython = ((): string | undefined => {
  try {
    execFileSync(python, ['-c', 'import fluent'], { stdio: 'ignore' })
    return undefined
  } catch {
    return "Debian's python3-fluent-logger is not installed (apt-get install python3-fluent-logger)"
  }
})()
if (withoutPython !== undefined) console.log(`skipped: ${withoutPython}`)

describe.skipIf(withoutPython !== undefined)('fluent-logger for Python', () => {
  it.each(['False', 'True'])('sends messages, nanoseconds %s', async (nanosecondPrecision) => {
    await begin()
    const program = `
from fluent import sender
logger = sender.FluentSender('app', host='127.0.0.1', port=${rig.port}, nanosecond_precision=${nanosecondPrecision})
for n in (1, 2, 3):
    assert logger.emit('web', {'n': n, 'text': 'grüß 🐟'})
logger.close()
`
    await promisify(execFile)(python, ['-c', program])
    await until(() => kept() === 3, '3 entries')
    expect(recordsKept()).toEqual([1, 2, 3].map((n) => ({ n, text: 'grüß 🐟' })))
  })
})
