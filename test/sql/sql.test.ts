// Every case of every file: Millpond answers as expected, and the expected rows are what Google's reference evaluator says.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { readCaseFiles, sameRows, type SqlCase } from './case-file.ts'
import { type Oracle, oracleMissing, startOracle } from './oracle.ts'
import { openRunner, type Runner } from './runner.ts'

const files = readCaseFiles()
const missing = oracleMissing()

describe('Millpond answers', () => {
  let runner: Runner

  beforeAll(async () => {
    runner = await openRunner()
  }, 60_000)

  afterAll(async () => {
    await runner.stop()
  })

  describe.each(files)('$name', ({ cases }) => {
    test.each(cases)('$line: $title', async ({ sql, expected }) => {
      const answer = await runner.ask(sql)
      if (expected === undefined) throw new Error('The case expects nothing: record it, or say what it answers')
      if (expected.kind === 'rows' && answer.kind === 'rows') {
        if (sameRows(sql, answer.rows, expected.rows)) expect(answer.types).toEqual(expected.types)
        else expect(answer).toEqual(expected)
      } else if (expected.kind !== 'rows' && answer.kind !== 'rows') {
        expect(answer).toEqual({ kind: expected.kind, text: expect.stringContaining(expected.text) as unknown })
      } else expect(answer).toEqual(expected)
    })
  })
})

const asked: readonly (SqlCase & { readonly file: string })[] = files.flatMap(({ name, cases }) =>
  cases
    .filter(({ unverified, expected }) => unverified === undefined && expected?.kind !== 'refused')
    .map((one) => ({ ...one, file: name })),
)

describe.skipIf(missing !== undefined)(
  `Google's reference evaluator agrees${missing === undefined ? '' : `: ${missing}`}`,
  () => {
    let oracle: Oracle

    beforeAll(async () => {
      oracle = await startOracle()
    }, 60_000)

    afterAll(() => {
      oracle.stop()
    })

    test.each(asked)('$file:$line: $title', async ({ sql, expected }) => {
      const answer = await oracle.ask(sql)
      if (expected?.kind === 'rows' && answer.kind === 'rows') {
        if (!sameRows(sql, answer.rows, expected.rows)) expect(answer.rows).toEqual(expected.rows)
      } else expect(answer.kind).toBe(expected?.kind)
    })
  },
)
