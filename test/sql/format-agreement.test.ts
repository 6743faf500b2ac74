// Constant formats are compiled into DuckDB pieces, formats from rows go through JavaScript: both must say the same of any time.
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { openRunner, type Runner } from './runner.ts'

let runner: Runner

beforeAll(async () => {
  runner = await openRunner()
}, 60_000)

afterAll(async () => {
  await runner.stop()
})

const letters = 'AaBbCcDdeFGgHhIJjklMmnPpQRrSsTtUuVWwXxYyZz%'.split('').map((letter) => `%${letter}`)
const element = fc.constantFrom(
  ...letters,
  '%Ez',
  '%E4Y',
  '%E*S',
  '%E3S',
  '%E8S',
  '%ET',
  '%Od',
  '%Ey',
  '-',
  ' ',
  'x',
  '100%%',
)
const format = fc.array(element, { maxLength: 12 }).map((all) => all.join(''))
const zone = fc.constantFrom(
  'UTC',
  '+05:30',
  '-0800',
  'America/Los_Angeles',
  'Asia/Kolkata',
  'Australia/Lord_Howe',
  'Pacific/Apia',
)
const micros = fc.bigInt({ min: -62_135_500_000_000_000n, max: 253_402_200_000_000_000n })
const kinds = [
  ['FORMAT_DATE', 'DATE(TIMESTAMP_MICROS(u))', false],
  ['FORMAT_TIME', 'TIME(TIMESTAMP_MICROS(u))', false],
  ['FORMAT_DATETIME', 'DATETIME(TIMESTAMP_MICROS(u))', false],
  ['FORMAT_TIMESTAMP', 'TIMESTAMP_MICROS(u)', true],
] as const

test.each(kinds)(
  '%s',
  async (name, value, hasZone) => {
    const times = fc.array(micros, { minLength: 20, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(format, zone, times, async (text, place, all) => {
        const quoted = `'${text}'`
        const [constantZone, rowZone] = hasZone ? [`, '${place}'`, ', z'] : ['', '']
        const answer = await runner.ask(
          `SELECT ${name}(${quoted}, ${value}${constantZone}), ${name}(f, ${value}${rowZone})
        FROM UNNEST([${all.join(', ')}]) AS u, UNNEST([${quoted}]) AS f, UNNEST(['${place}']) AS z`,
        )
        expect(answer.kind).toBe('rows')
        if (answer.kind !== 'rows') return
        for (const row of answer.rows) {
          const [compiled, run] = JSON.parse(row) as [string, string]
          expect(compiled).toBe(run)
        }
      }),
      { numRuns: 40 },
    )
  },
  60_000,
)

test('a local time becomes the instant that shows it, or the one an hour on where it is skipped', async () => {
  const zones = [
    'America/Los_Angeles',
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'Asia/Kolkata',
    'America/Sao_Paulo',
    '+05:45',
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...zones),
      fc.array(micros, { minLength: 30, maxLength: 30 }),
      async (place, all) => {
        const answer = await runner.ask(
          `SELECT COUNTIF(DATETIME(TIMESTAMP(DATETIME(t, '${place}'), '${place}'), '${place}') <> DATETIME(t, '${place}')),
          COUNTIF(TIMESTAMP(DATETIME(t, z), z) <> TIMESTAMP(DATETIME(t, '${place}'), '${place}'))
        FROM (SELECT TIMESTAMP_MICROS(u) AS t, '${place}' AS z FROM UNNEST([${all.join(', ')}]) AS u)`,
        )
        expect(answer).toEqual({ kind: 'rows', types: ['INT64', 'INT64'], rows: ['[0,0]'] })
      },
    ),
    { numRuns: 25 },
  )
}, 60_000)
