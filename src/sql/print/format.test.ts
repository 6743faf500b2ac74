// The formatter: BigQuery's look, comments in their places, and nothing ever said differently.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { expressionSamples, querySamples, statementSamples } from '../../../test/support/googlesql-samples.ts'
import { parseScript, scriptTokens } from '../syntax/parser.ts'
import { formatSql } from './format.ts'
import { printScript } from './print-statement.ts'

const looks: readonly (readonly [string, string])[] = [
  [
    'select a, b as x,count(*) from t left join u on t.a=u.b and u.c between 1 and 2 where x>1 and (y or z) group by 1 order by 1 desc limit 10',
    'SELECT\n  a,\n  b AS x,\n  count(*)\nFROM\n  t\nLEFT JOIN u\nON\n  t.a = u.b\n  AND u.c BETWEEN 1 AND 2\nWHERE\n  x > 1\n  AND (y OR z)\nGROUP BY\n  1\nORDER BY\n  1 DESC\nLIMIT\n  10\n',
  ],
  [
    'with a as (select 1 union all select 2) select distinct * from a where x in (select -1)',
    'WITH\n  a AS (\n    SELECT\n      1\n    UNION ALL\n    SELECT\n      2\n  )\nSELECT DISTINCT\n  *\nFROM\n  a\nWHERE\n  x IN (\n    SELECT\n      -1\n  )\n',
  ],
  [
    'if a then select 1; else set x = 1; end if; while b do break; end while',
    'IF a THEN\n  SELECT\n    1;\nELSE\n  SET x = 1;\nEND IF;\n\nWHILE b DO\n  BREAK;\nEND WHILE\n',
  ],
  [
    'create table ds.t (a int64 not null, b struct<c string, d array<int64>>) partition by d as select 1',
    'CREATE TABLE ds.t (\n  a INT64 NOT NULL,\n  b STRUCT<c STRING, d ARRAY<INT64>>\n)\nPARTITION BY d AS\nSELECT\n  1\n',
  ],
  ['from t |> where a and b |> select *', 'FROM\n  t\n|> WHERE a AND b\n|> SELECT *\n'],
  ["select case x when 1 then 'a' else 'b' end", "SELECT\n  CASE x\n    WHEN 1 THEN 'a'\n    ELSE 'b'\n  END\n"],
  [
    '-- head\nselect a, -- first\n  -- second\n  b /* in */ + - -c from `T-1.x` # end',
    '-- head\nSELECT\n  a, -- first\n  -- second\n  b /* in */ + - -c\nFROM\n  `T-1.x` # end\n',
  ],
  [
    'insert t (a) values (1),(2); delete from t where true',
    'INSERT t (a)\nVALUES\n  (1),\n  (2);\n\nDELETE FROM t\nWHERE\n  TRUE\n',
  ],
]

const samples = [...expressionSamples.map((text) => `SELECT ${text}`), ...querySamples, ...statementSamples]

function tree(text: string): string {
  return printScript(parseScript(text))
}

describe('formatSql', () => {
  it.each(looks)('%s', (text, expected) => {
    expect(formatSql(text)).toBe(expected)
  })

  it.each(samples)('says the same, and again the same: %s', (text) => {
    const formatted = formatSql(text)
    expect(formatted.endsWith('\n')).toBe(true)
    expect(tree(formatted)).toBe(tree(text))
    expect(formatSql(formatted)).toBe(formatted)
  })

  it('keeps every comment, wherever it stands', () => {
    const blanks = fc.constantFrom(
      ' ',
      '\n',
      '\t',
      ' /* c */ ',
      ' -- c\n',
      '\n# c\n',
      '\n/* c\n   c */\n',
      ' /* a */ /* b */ ',
    )
    fc.assert(
      fc.property(fc.constantFrom(...samples), fc.array(blanks, { minLength: 5, maxLength: 60 }), (sample, gaps) => {
        const text = withGaps(sample, gaps)
        const formatted = formatSql(text)
        expect(tree(formatted)).toBe(tree(text))
        const count = (one: string) => (one.match(/-- c|# c|\/\* [abc]/g) ?? []).length
        expect(count(formatted)).toBe(count(text))
        expect(formatSql(formatted)).toBe(formatted)
      }),
      { numRuns: 1000 },
    )
  })

  it('refuses what is not readable', () => {
    expect(() => formatSql('SELECT FROM')).toThrow('SELECT list must not be empty')
  })
})

/** The sample with other blanks and comments between its tokens, where there were blanks. */
function withGaps(sample: string, gaps: readonly string[]): string {
  // What is kept as text stays as it is.
  if (/MATCH_RECOGNIZE|GRAPH_TABLE|GRANT|REVOKE|EXPORT|LOAD DATA|INDEX|POLIC|MODEL/.test(sample)) return sample
  const { tokens } = scriptTokens(sample)
  let out = ''
  let end = 0
  for (const [index, token] of tokens.entries()) {
    const gap = sample.slice(end, token.offset)
    out += gap !== '' && gap.trim() === '' ? (gaps[index % gaps.length] ?? ' ') : gap
    out += sample.slice(token.offset, token.end)
    end = token.end
  }
  return out + sample.slice(end)
}
