// What the night deletes is written as GoogleSQL with the names that people chose.
import { expect, test } from 'vitest'

import { parseScript } from '../sql/syntax/parser.ts'
import { expirySql } from './nightly.ts'

const hostile = 'x`) < CURRENT_DATE(); CREATE TABLE evd.stolen AS SELECT * FROM sec.t; DROP TABLE sec.t; --'

test('a name with a backtick or a backslash stays a name', () => {
  for (const name of [hostile, 'back\\`slash', 'plain']) {
    const sql = expirySql(
      {
        dataset: 'ds',
        table: name,
        kind: 'table',
        options: { partition_expiration_days: '1' },
        partitioning: { column: name, granularity: 'DAY' },
      } as unknown as Parameters<typeof expirySql>[0],
      0,
    )
    const { statements } = parseScript(sql ?? '')
    expect(statements.map(({ kind }) => kind)).toEqual(['delete'])
    expect(JSON.stringify(statements)).toContain(JSON.stringify(name))
  }
})
