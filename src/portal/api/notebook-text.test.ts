// Notebooks as text: whatever stands in the query and its values comes out of the literals as it went in, and nothing else is code.
// That they run is tested in test/app/notebook.test.ts.
import { execFileSync } from 'node:child_process'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parameterOf } from '../../query/parameters.ts'
import { type NotebookAsked, notebookOf } from './notebook-text.ts'

interface Cell {
  readonly cell_type: string
  readonly source: string
}

function codeOf(more: Partial<NotebookAsked>): string[] {
  const asked: NotebookAsked = {
    sql: 'SELECT @day',
    dialect: 'googlesql',
    parameters: [parameterOf('day', 'DATE', '2026-03-01')],
    language: 'python',
    address: 'http://localhost:8080',
    ...more,
  }
  const { cells } = notebookOf(asked) as { readonly cells: readonly Cell[] }
  return cells.filter(({ cell_type }) => cell_type === 'code').map(({ source }) => source)
}

test('Python has the query in a cell of its own, behind the magic', () => {
  expect(codeOf({ parameters: [parameterOf('day', 'DATE', '2026-03-01'), parameterOf('ids', 'ARRAY<INT64>', [1, 2])] }))
    .toMatchInlineSnapshot(`
      [
        "import os

      os.environ.setdefault("GOOGLE_APPLICATION_CREDENTIALS", "key.json")
      os.environ.setdefault("BIGQUERY_EMULATOR_HOST", "http://localhost:8080")
      %load_ext bigquery_magics",
        "parameters = {
          "day": "2026-03-01",
          "ids": [1, 2],
      }",
        "%%bigquery frame --use_rest_api --params $parameters
      SELECT @day",
        "frame.head()",
      ]
    `)
  expect(codeOf({ parameters: [] })[1]).toBe('%%bigquery frame --use_rest_api\nSELECT @day')
})

test('R asks for a file', () => {
  expect(
    codeOf({ language: 'r', sql: 'SELECT "a)-"', parameters: [parameterOf('names', 'ARRAY<STRING>', ['x', null])] }),
  ).toMatchInlineSnapshot(`
      [
        "library(httr2)

      sql <- r"--(SELECT "a)-")--"
      parameters <- list(
        list(name = "names", type = "ARRAY<STRING>", value = list("x", NULL))
      )
      answer <- request("http://localhost:8080/api/export") |>
        req_auth_bearer_token(Sys.getenv("MILLPOND_TOKEN")) |>
        req_body_json(list(sql = sql, dialect = "googlesql", format = "parquet", parameters = parameters)) |>
        req_perform()
      frame <- arrow::read_parquet(resp_body_raw(answer))
      head(frame)",
      ]
    `)
})

test.each([
  ['STRING', 'say "hi"'],
  ['STRING', "it's"],
  ['STRING', 'back\\slash'],
  ['STRING', 'two\nlines'],
  ['STRING', null],
  ['NUMERIC', '1.5'],
  ['BYTES', 'AAE='],
  ['ARRAY<DATE>', ['2026-03-01']],
  ['ARRAY<STRING>', []],
  ['FLOAT64', 'NaN'],
])('%s %j goes by the client with its type: the magic would read it wrong', (type, value) => {
  const code = codeOf({ parameters: [parameterOf('p', type, value)] })
  expect(code.join('\n')).not.toContain('%%bigquery')
  expect(code[1]).toMatch(new RegExp(`${type.startsWith('ARRAY') ? 'Array' : 'Scalar'}QueryParameter\\("p", "`))
})

test('what has no form in a notebook is refused', () => {
  expect(() => codeOf({ parameters: [parameterOf('p', 'STRUCT<a INT64>', { a: 1 })] })).toThrow('STRUCT')
  expect(() => codeOf({ parameters: [parameterOf('p', 'INT64', '1); import os #')] })).toThrow('no whole number')
})

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom('"', "'", '\\', '\n', '\r', ')', '-', '{', '}', '$', '#', '%', 'x', '\u2028', '台'),
  }),
)

test('a raw text of R ends behind the query, whatever stands in it', () => {
  fc.assert(
    fc.property(text, (sql) => {
      const line = /^sql <- (r"(-+)\([\s\S]*)/m.exec(codeOf({ language: 'r', sql, parameters: [] })[0] ?? '')
      const [, raw = '', dashes = ''] = line ?? []
      expect(raw.slice(3 + dashes.length - 0, raw.indexOf(`)${dashes}"`))).toBe(sql)
    }),
  )
})

describe.skipIf(whyNoPython() !== undefined)('Python reads back', () => {
  // Every constant of the cells, in order; a call, attribute or name that the cells have not by themselves would be somebody's code.
  const reader = `
import ast, json, sys
out = []
for code in json.load(sys.stdin):
    tree = ast.parse(code)
    names = sorted({n.id for n in ast.walk(tree) if isinstance(n, ast.Name)} | {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)})
    out.append({"names": names, "texts": [n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]})
print(json.dumps(out))
`
  interface Read {
    readonly names: readonly string[]
    readonly texts: readonly string[]
  }
  const read = (codes: readonly string[]): Read[] =>
    JSON.parse(execFileSync('python3', ['-c', reader], { input: JSON.stringify(codes) }).toString()) as Read[]

  test.each(['googlesql', 'duckdb'] as const)('the query and its values, and no other names (%s)', (dialect) => {
    const samples = fc.sample(fc.tuple(text, text, text), 400)
    const codes = samples.map(([sql, value, name]) => {
      const parameters = [parameterOf(name === '' ? 'p' : name, 'STRING', value), parameterOf('n', 'NUMERIC', '1')]
      return codeOf({ sql, dialect, parameters })[dialect === 'googlesql' ? 1 : 0] ?? ''
    })
    const found = read(codes)
    const own = new Set(found[0]?.names)
    for (const [index, [sql, value]] of samples.entries()) {
      // Python reads every end of a line as \\n in a text of several lines.
      expect(found[index]?.texts).toContain(sql.replaceAll(/\r\n?/g, '\n'))
      expect(found[index]?.texts).toContain(value)
      expect(found[index]?.names.filter((one) => !own.has(one))).toEqual([])
    }
  })

  test('parameters of the magic', () => {
    const samples = fc.sample(text, 400)
    const codes = samples.map((value) => codeOf({ parameters: [parameterOf('p', 'STRING', value)] })[1] ?? '')
    for (const [index, { texts }] of read(codes).entries()) expect(texts).toContain(samples[index])
  })
})

function whyNoPython(): string | undefined {
  try {
    execFileSync('python3', ['-c', 'import ast'], { stdio: 'pipe' })
    return undefined
  } catch (error) {
    return String(error)
  }
}
