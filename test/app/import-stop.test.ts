// An import that is stopped, killed, refused or left alone by its engine: the same command goes on, and nothing is lost or
// sent for nothing. The engine is a stand-in that keeps what it is given; the last test kills a real one.
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { firstAnswer, startMillpond } from '../support/millpond.ts'
import { sendJson, spawnCli } from './cli-support.ts'
import { archived, type EngineStandIn, lines, put, runImport, startEngineStandIn } from './import-support.ts'

let folder = ''
let data = ''
let engine: EngineStandIn
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-import-'))
  data = await mkdtemp(join(tmpdir(), 'millpond-data-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
  await rm(data, { recursive: true })
})

const eventCount = 12_000
const expectedIds = Array.from({ length: eventCount }, (_, index) => `ajs-${index}`).toSorted()
async function putEvents(): Promise<string> {
  return put(folder, 'a.ndjson', lines(Array.from({ length: eventCount }, (_, index) => archived(index))))
}

function spawnImport(path: string): ChildProcess {
  return spawnCli(['import', '--source', 'web', '--data', data, path], { env: { MILLPOND_BATCH_EVENTS_MAX: '100' } })
}

async function notedRows(): Promise<number> {
  return firstAnswer(
    async () => {
      const last = (await readFile(join(data, 'imports/web.ndjson'), 'utf8')).trim().split('\n').at(-1) ?? ''
      const { rows } = JSON.parse(last) as { rows: number }
      return rows > 0 ? rows : undefined
    },
    20_000,
    () => `${engine.ids.length} events came`,
  )
}

describe('goes on', () => {
  afterEach(() => engine.stop())

  test('after kill -9, behind what was noted', async () => {
    engine = await startEngineStandIn(data, { delayMs: 30 })
    const path = await putEvents()
    const child = spawnImport(path)
    const rows = await notedRows()
    child.kill('SIGKILL')
    await once(child, 'close')
    const before = engine.ids.length
    expect(before).toBeGreaterThanOrEqual(rows)
    expect(before).toBeLessThan(eventCount)

    // As a death in the middle of a write leaves it.
    await appendFile(join(data, 'imports/web.ndjson'), '{"id":"half')
    const run = await runImport(data, ['--source', 'web', path])
    expect(run.outcome?.events).toBeLessThanOrEqual(eventCount - rows)
    expect([...new Set(engine.ids)].toSorted()).toEqual(expectedIds)
    expect((await runImport(data, ['--source', 'web', path])).outcome).toMatchObject({ filesDoneBefore: 1, events: 0 })
  })

  test('after Ctrl-C, and sends nothing twice', async () => {
    engine = await startEngineStandIn(data, { delayMs: 30 })
    const path = await putEvents()
    const child = spawnImport(path)
    await firstAnswer(
      async () => (engine.ids.length > 1000 ? true : undefined),
      20_000,
      () => String(engine.ids.length),
    )
    child.kill('SIGINT')
    const [stdout, [code]] = await Promise.all([text(child.stdout!), once(child, 'close')])
    expect(code).toBe(1)
    expect(stdout).toContain('The same command goes on from here.')
    expect(engine.ids.length).toBeLessThan(eventCount)
    expect((await runImport(data, ['--source', 'web', path])).code).toBe(0)
    expect(engine.ids.toSorted()).toEqual(expectedIds)
  })

  test('when the engine is full, after the time that it says', async () => {
    engine = await startEngineStandIn(data, {
      refuse(response, before) {
        if (before > 2) return false
        refuse(response, before === 1 ? 429 : 503, before === 1 ? 'disk-full' : 'buffer-full', '0')
        return true
      },
    })
    const run = await runImport(data, ['--source', 'web', await putEvents()])
    expect(run.outcome).toMatchObject({ events: eventCount })
    expect(engine.ids.toSorted()).toEqual(expectedIds)
  })

  test('Ctrl-C while it waits ends at once', async () => {
    engine = await startEngineStandIn(data, {
      refuse(response) {
        refuse(response, 503, 'buffer-full', '600')
        return true
      },
    })
    const child = spawnImport(await putEvents())
    await firstAnswer(
      async () => (engine.refused() > 0 ? true : undefined),
      20_000,
      () => 'nothing came',
    )
    child.kill('SIGINT')
    expect((await once(child, 'close'))[0]).toBe(1)
  })

  test('a batch that is refused for good is the end, with the error of the engine', async () => {
    engine = await startEngineStandIn(data, {
      refuse(response) {
        sendJson(response, { error: { code: 'source-unknown', message: 'There is no source `web`.' } }, 404)
        return true
      },
    })
    const run = await runImport(data, ['--source', 'web', await putEvents()])
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no source `web`.') })
    await expect(readFile(join(data, 'imports/web.ndjson'))).rejects.toThrow('ENOENT')
  })
})

function refuse(response: ServerResponse, status: number, code: string, retryAfter: string): void {
  response.writeHead(status, { 'retry-after': retryAfter, 'content-type': 'application/json' })
  response.end(JSON.stringify({ error: { code, message: 'Not now.' } }))
}

test('the engine is killed in the middle: the import waits for its next start, and every event is stored once', async () => {
  const millpond = await startMillpond()
  try {
    await millpond.addSource('web')
    const count = 60_000
    const path = await put(folder, 'a.ndjson', lines(Array.from({ length: count }, (_, index) => archived(index))))
    const child = spawnCli(['import', '--source', 'web', '--data', millpond.data, '--json', path], {
      env: { MILLPOND_BATCH_EVENTS_MAX: '500' },
    })
    const output = Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')])
    await firstAnswer(
      async () =>
        (await millpond.status()).streams.some(
          ({ stream, lastSequence }) => stream === 'engine' && lastSequence % 2 ** 32 > 5,
        )
          ? true
          : undefined,
      20_000,
      millpond.output,
    )
    await millpond.kill('engine')
    const [stdout, stderr, [code]] = await output
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ events: count })
    await millpond.settled()
    expect(await millpond.query('SELECT count(*), count(DISTINCT id) FROM web.tracks')).toEqual([[count, count]])
  } finally {
    await millpond.dispose()
  }
})
