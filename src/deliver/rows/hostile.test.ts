// What a stranger can do with half a MiB: nothing may cost more than its bytes, for the record is on disk already and
// would be met again at every start. Measured as the thread's own time, so that a busy machine fails nothing.
import { expect, test } from 'vitest'

import { TestMaker } from '../../../test/faults/loader-maker.ts'
import { encode, forwardRecord, Pairs, Raw } from '../../../test/support/forward-body.ts'
import { entriesText } from './entries-text.ts'

const second = 1_768_435_200
/** A little less than `eventBytesMax`. */
const entryBytes = 512 * 1024 - 100

function cpuMs(run: () => void): number {
  const before = process.threadCpuUsage()
  run()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

/** A list of equal values, as long as an entry may be. */
function flood(hex: string, before = ''): Raw {
  const [one, first] = [hex, before].map((text) => Buffer.from(text.replaceAll(' ', ''), 'hex')) as [Buffer, Buffer]
  const count = Math.floor((entryBytes - first.length) / one.length)
  const head = Buffer.from('dd00000000', 'hex')
  head.writeUInt32BE(count + (first.length > 0 ? 1 : 0), 1)
  return new Raw(Buffer.concat([head, first, Buffer.alloc(count * one.length, one)]))
}

function list(count: number, of: (index: number) => unknown): unknown[] {
  return Array.from({ length: count }, (_, index) => of(index))
}

/** Keys of a map, `count` of them. */
function keys(count: number, of: (index: number) => unknown): Pairs {
  return new Pairs(list(count, of).map((key) => [key, 1] as const))
}

/** A map as the key of a map as the key of a map … */
function nestedKey(levels: number): Pairs {
  let key: unknown = '"'
  for (let level = 1; level < levels; level += 1) key = new Pairs([[key, 1]])
  return new Pairs([[key, 1]])
}

const deep = `${'91'.repeat(60)}c0`
const records: readonly (readonly [string, unknown])[] = [
  ['one key, 130,000 times', keys(130_000, () => 'a')],
  ['one key as often as is allowed', keys(9000, () => 'k'.repeat(50))],
  ['keys that have the names of repetitions', keys(9000, (n) => (n < 4500 ? `a_${n + 2}` : 'a'))],
  ['keys that become names of repetitions', keys(9000, (n) => (n % 2 === 0 ? 'a' : `a_${n}`))],
  ['long keys that repeat', keys(9, () => 'k'.repeat(50_000))],
  ['one endless key', keys(1, () => 'k'.repeat(entryBytes - 50))],
  ['numbers as keys', keys(9000, (n) => 4_294_967_294 - n * 40_000)],
  ['keys inside keys', nestedKey(60)],
  ['keys inside keys, many times', { a: list(160, () => nestedKey(60)) }],
  ['lists as keys', keys(9000, (n) => ['"', n])],
  ['a list as key, as long as it may be', new Pairs([[flood('a1 22'), 1]])],
  ['deep lists', { a: flood(deep) }],
  ['lists too deep', { a: flood(`${'91'.repeat(100)}c0`) }],
  ['empty maps', { a: flood('80') }],
  ['empty lists with long heads', { a: flood('dd 00000000') }],
  ['empty texts', { a: flood('a0') }],
  ['small bin', { a: flood('c4 01 ff') }],
  ['empty bin', { a: flood('c4 00') }],
  ['extensions', { a: flood('d4 05 00') }],
  ['empty extensions', { a: flood('c7 00 62') }],
  ['times', { a: flood('d7 00 65000000 00000001') }],
  ['floats', { a: flood('ca 3dcccccd') }],
  ['large integers', { a: flood('cf ffffffffffffffff') }],
  ['one large integer among small ones', { a: flood('c0', 'cf ffffffffffffffff') }],
  ['control characters', { a: '\u0000'.repeat(entryBytes - 50) }],
  ['backslashes', { a: '\\ud'.repeat(entryBytes / 3 - 50) }],
  ['broken UTF-8', { a: flood('a2 c3 28') }],
  ['an id, and all keys', new Pairs([['inference_id', 'x'], ...keys(9000, (n) => `key-${n}`).list])],
  [
    'an id, and a long list',
    new Pairs([
      ['inference_id', 'x'],
      ['a', flood('c0', 'cf ffffffffffffffff')],
    ]),
  ],
]

/** Written once. */
const hostile = records.map(([name, record]): [string, Raw] => [name, new Raw(encode([second, record]))])

test.each(hostile)('%s: an entry costs less than a second', (_, entry) => {
  const maker = new TestMaker()
  const body = forwardRecord([entry], { meta: { tag: 'inference.x' } })
  const ms = cpuMs(() => {
    const { received, stored, quarantined } = maker.planOf([{ sequence: 1, ...body }]).counts[0] ?? {}
    expect([received, (stored ?? 0) + (quarantined ?? 0)]).toEqual([1, 1])
  })
  expect(ms).toBeLessThan(1000)
})

test.each(hostile)('%s: a letter is listed at once', (_, entry) => {
  const base64 = Buffer.from(entry.bytes).toString('base64')
  expect(cpuMs(() => entriesText(base64.slice(0, 64 * 1024), 4096))).toBeLessThan(200)
  expect(cpuMs(() => entriesText(base64, 4096))).toBeLessThan(1000)
})

test.each([
  ...hostile,
  // What a record of 4 MiB has 10,000 of.
  ['no entries', new Raw('c4 05 0102030405')] as const,
])('%s: a record costs a few seconds', (_, entry) => {
  const count = Math.min(10_000, Math.max(1, Math.floor((4 * 1024 * 1024) / entry.bytes.length)))
  const body = forwardRecord(
    list(count, () => entry),
    { meta: { tag: 'inference.x' } },
  )
  expect(cpuMs(() => void new TestMaker().planOf([{ sequence: 1, ...body }]))).toBeLessThan(5000)
})

test.each([
  ['keys', keys(9000, () => 'a')],
  ['too many keys', keys(1_000_000, () => 'a')],
  ['too many bytes', { a: 'x'.repeat(4_000_000) }],
  ['keys inside keys', nestedKey(60)],
])('The start of a group with %s costs no more', (_, body) => {
  const start = [[new Raw('ff'), {}], body]
  const record = forwardRecord([start, [second, { a: 1 }]], { count: 1 })
  const ms = cpuMs(() => {
    expect(new TestMaker().planOf([{ sequence: 1, ...record }]).counts).toMatchObject([{ stored: 1 }])
  })
  expect(ms).toBeLessThan(1000)
})

test('Letters that repeat the start of their group are bounded by its bytes, not by its JSON', () => {
  const start = [
    [new Raw('ff'), {}],
    {
      a: new Raw(
        Buffer.concat([Buffer.from('dc2000', 'hex'), Buffer.alloc(8192 * 9, Buffer.from('d30000000000000005', 'hex'))]),
      ),
    },
  ]
  const plan = new TestMaker().planOf([
    { sequence: 1, ...forwardRecord([start, ...list(1000, () => 'no entry')], { count: 1000 }) },
  ])
  expect(plan.counts).toMatchObject([{ quarantined: 1000 }])
  const letters = plan.blocks.find(({ table }) => table.table === 'dead_letters')
  expect(letters?.rowCount).toBeLessThan(120)
})
