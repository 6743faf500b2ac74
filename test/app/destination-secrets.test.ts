// Destinations of every type with secrets that nobody could overlook, and servers that echo all they hear: in the address, in headers,
// in base64, whole and cut off. Then everything that was written or said is searched.
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { destinationTypeOf } from '../../src/deliver/destinations/registry.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { startVendor, type VendorAnswer, type VendorRequest, type VendorServer } from '../vendors/vendor-server.ts'
import { vendors } from '../vendors/vendors.ts'
import { runCli } from './cli-support.ts'

interface Planted {
  readonly name: string
  readonly type: string
  readonly settings: Readonly<Record<string, string>>
  readonly secrets: readonly string[]
}

/** Not secret: the search has to find it. */
const marker = 'marker-of-an-event-5d1f'

let millpond: Millpond
let key: string
let room: string
const servers: VendorServer[] = []
/** All that anybody was told, by where. */
const told: [where: string, text: string][] = []

beforeEach(async () => {
  millpond = await startMillpond({ settings: { MILLPOND_LOG_LEVEL: 'debug' } })
  key = await millpond.addSource('shop', 'server')
  room = await mkdtemp(join(tmpdir(), 'millpond-secrets-'))
})

afterEach(async () => {
  await millpond.dispose()
  for (const server of servers.splice(0)) await server.stop()
  await rm(room, { recursive: true, force: true })
})

async function call(method: string, path: string, body?: object): Promise<unknown> {
  const response = await millpond.api(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const text = await response.text()
  told.push([`${method} ${path}`, text])
  return text === '' ? undefined : JSON.parse(text)
}

async function cli(...words: string[]): Promise<string> {
  const { stdout, stderr } = await runCli([...words, '--data', millpond.data], { cwd: room })
  told.push([`millpond ${words.join(' ')}`, stdout + stderr])
  return stdout + stderr
}

function echo({ path, query, headers, body }: VendorRequest): string {
  return JSON.stringify({ address: `${path}?${query.toString()}`, headers, body })
}

/** Says no in every way, and each time all it heard; then yes, and still all it heard. */
async function startEcho(secrets: readonly string[]): Promise<VendorServer> {
  const cutAt = (length: number) => ({ message: `${'x'.repeat(length - 12)}${secrets.join('')}` })
  const answers: ((heard: string) => VendorAnswer)[] = [
    (heard) => ({ status: 403, body: { error: { message: heard }, raw: heard } }),
    // Answers are cut off where the ledger has no more room for them.
    () => ({ status: 400, body: { ...cutAt(280), secrets } }),
    (heard) => ({ status: 400, body: { error: { message: heard }, secrets } }),
    () => ({ status: 400, body: cutAt(480) }),
  ]
  const server = await startVendor((request) => {
    const heard = echo(request)
    return answers.shift()?.(heard) ?? { status: 200, body: { status: 1, secrets, heard } }
  })
  servers.push(server)
  return server
}

/** Its first letters alone say which one it is, so that cut ones are found. */
function recognisable(name: string): string {
  return `${createHash('sha256').update(name).digest('hex').slice(0, 12)}+${name}`
}

/** Every secret setting of every type has a value, and is used. */
async function plant(): Promise<Planted[]> {
  const kinds = [
    ...vendors.map(({ type, settingsOf }) => ({ name: type, type, more: {}, settingsOf })),
    ...vendors
      .filter(({ type }) => type === 'mixpanel')
      .map(({ type, settingsOf }) => ({
        name: 'mixpanel-account',
        type,
        more: { serviceAccount: 'account', projectId: '7' },
        settingsOf,
      })),
  ]
  const planted: Planted[] = []
  for (const { name, type, more, settingsOf } of kinds) {
    const specs = destinationTypeOf(type).settings.filter(({ isSecret }) => isSecret)
    const wanted = specs.filter((spec) => !spec.name.startsWith('service') || 'serviceAccount' in more)
    const values = wanted.map((spec) => [spec.name, recognisable(`${name}/${spec.name}`)] as const)
    const server = await startEcho(values.map(([, value]) => value))
    const settings: Record<string, string> = { ...settingsOf(server.url, ''), ...more, ...Object.fromEntries(values) }
    if ('authorization' in settings) settings['authorization'] = `Bearer ${settings['authorization']}`
    planted.push({ name, type, settings, secrets: values.map(([, value]) => value) })
  }
  return planted
}

async function deliver(planted: readonly Planted[]): Promise<void> {
  const events = [1, 2, 3, 4].map((count) => ({
    type: count === 4 ? 'identify' : 'track',
    ...(count === 4 ? { traits: { plan: marker } } : { event: 'Order Completed' }),
    messageId: `message-${count}`,
    userId: `user-${count}`,
    properties: { total: 5, currency: 'TWD', marker },
  }))
  // One after the other: what is refused is refused alone.
  for (const event of events) {
    expect((await sendTo(millpond.address, { batch: [event] }, { key })).status).toBe(200)
    await millpond.settled()
    await firstAnswer(
      async () => {
        const sql = `SELECT count(*)::INT FROM millpond.deliveries WHERE message_id = '${event.messageId}'`
        await call('GET', '/api/destinations')
        return (await millpond.queryValue(sql)) === planted.length ? true : undefined
      },
      30_000,
      millpond.output,
    )
  }
  const statuses = await millpond.query('SELECT DISTINCT status FROM millpond.deliveries')
  expect(statuses.flat()).toEqual(expect.arrayContaining(['delivered', 'rejected']))
}

/** Everything that may be asked about them, by both doors. */
async function ask(planted: readonly Planted[]): Promise<void> {
  for (const { name, type, settings } of planted) {
    await call('POST', `/api/destinations/${name}/preview`, { eventsMax: 10 })
    await call('GET', `/api/destinations/${name}/why?message=message-1`)
    await call('GET', `/api/destinations/${name}/why?message=message-4`)
    // Refused, with the secrets in what was asked.
    await call('POST', '/api/destinations', { name, type, settings: { ...settings, nonsense: 'x' } })
    await call('POST', '/api/destinations', { name, type, settings })
    await call('PUT', `/api/destinations/${name}`, { settings: { ...settings, consentCategories: 'analytics' } })
    await call('GET', `/api/destinations/${name}/versions`)
    await call('POST', `/api/destinations/${name}/disable`)
    await call('POST', `/api/destinations/${name}/enable`)
  }
  // The command line prints what the API answers, for every type in the same way.
  const [first] = planted
  if (first !== undefined) {
    await Promise.all(['preview', 'versions', 'rules'].map(async (verb) => cli('destination', verb, first.name)))
    await cli('destination', 'why', first.name, 'message-1', '--json')
    await cli('destination', 'change', first.name, ...settingWords(first.settings), '--json')
    await cli('destination', 'add', first.type, '--name', 'one-more', ...settingWords(first.settings), '--json')
  }
  for (const words of [
    ['list', '--json'],
    ['types', '--json'],
    ['remove', 'one-more'],
  ])
    await cli('destination', ...words)
  for (const path of ['/api/destination-types', '/api/destinations', '/api/audit', '/api/status'])
    await call('GET', path)
  for (const command of ['status', 'doctor']) await cli(command)
  for (const table of ['deliveries', 'jobs', 'audit_log', 'dead_letters'])
    told.push([table, JSON.stringify(await millpond.query(`SELECT * FROM millpond.${table}`).catch(() => []))])
}

function settingWords(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['--setting', `${name}=${value}`])
}

async function filesBelow(folder: string): Promise<[string, Buffer][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  return Promise.all(
    files.map(async (one) => [join(one.parentPath, one.name), await readFile(join(one.parentPath, one.name))]),
  )
}

/** A secret, or a part of it that is long enough to be of use, as it may be written. */
function tracesOf(secret: string): Buffer[] {
  const ends = [secret, secret.slice(0, 10), secret.slice(3)]
  const base64 = [0, 1, 2].map((cut) => Buffer.from(secret.slice(cut)).toString('base64').slice(0, -4))
  return [...ends, ...ends.map(encodeURIComponent), ...base64, Buffer.from(secret).toString('hex')].map((one) =>
    Buffer.from(one),
  )
}

test('secrets of destinations are in no file, no backup, no log, no answer, no output and no row, whatever the other side echoes', async () => {
  const planted = await plant()
  for (const { name, type, settings } of planted)
    expect(await call('POST', '/api/destinations', { name, type, settings })).toMatchObject({ name, state: 'active' })
  await deliver(planted)
  // They were used: each server heard those of its own.
  const uses = planted.map(({ secrets }, index) => {
    const heard = servers[index]?.requests.map((one) => echo(one)).join('\n') ?? ''
    // A key of a bucket only signs: it is never sent at all.
    const isSigned = heard.includes('Signature=')
    return isSigned || secrets.some((one) => tracesOf(one).some((trace) => heard.includes(trace.toString())))
  })
  expect(uses).toEqual(planted.map(() => true))
  await ask(planted)
  const backup = join(room, 'backup')
  expect(await cli('backup', backup)).toContain('backup')
  await millpond.settled()
  const running = await filesBelow(millpond.data)
  await millpond.stop()
  told.push(['the log', millpond.output()])
  const written: [string, Buffer][] = [
    ...running,
    ...(await filesBelow(millpond.data)),
    ...(await filesBelow(room)),
    ...told.map(([where, text]): [string, Buffer] => [where, Buffer.from(text)]),
  ]
  const secrets = planted.flatMap((one) => one.secrets)
  expect(secrets.length).toBe(10)
  const found = written.flatMap(([where, bytes]) =>
    secrets
      .filter((secret) => tracesOf(secret).some((trace) => bytes.includes(trace)))
      .map((secret) => `${secret}: ${where}`),
  )
  expect([...new Set(found)]).toEqual([])
  // The search can find: what isn't secret is in all of these places.
  const places = new Set(written.filter(([, bytes]) => bytes.includes(marker)).map(([where]) => placeOf(where)))
  expect([...places]).toEqual(expect.arrayContaining(['data', 'backup', 'POST', 'deliveries', 'millpond']))
  expect(
    written.some(([where, bytes]) => where.endsWith('control.sqlite') && bytes.includes(servers[0]?.url ?? '')),
  ).toBe(true)
  expect(millpond.output().length).toBeGreaterThan(1000)
}, 90_000)

function placeOf(where: string): string {
  if (where.startsWith(millpond.data)) return 'data'
  return where.startsWith(room) ? 'backup' : (where.split(' ')[0] ?? '')
}
