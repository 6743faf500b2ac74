// A query as a notebook, from a real Millpond: who gets one, and that it gives the query's rows when Jupyter runs it. That part is
// skipped where Python, nbclient or Google's magic are missing; TEST_PYTHON names another interpreter (one of a venv, say).
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { python, whyMissing } from '../support/python.ts'

const missing = whyMissing('nbclient, ipykernel, bigquery_magics, db_dtypes, pyarrow, requests')
if (missing !== undefined) console.log(`Notebooks are not run: ${missing}`)

const runner = `
import json, sys, nbformat, nbclient
notebook = nbformat.read(sys.argv[1], as_version=4)
nbformat.validate(notebook)
notebook.cells.append(nbformat.v4.new_code_cell("print(frame.to_csv(index=False))"))
nbclient.NotebookClient(notebook, timeout=100, resources={"metadata": {"path": sys.argv[2]}}).execute()
print("SEEN " + json.dumps(notebook.cells[-1].outputs[0].text))
`

let millpond: Millpond
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-notebook-'))
  millpond = await startMillpond()
}, 60_000)

afterAll(async () => {
  await millpond.dispose()
  await rm(folder, { recursive: true, force: true })
})

async function notebook(body: object): Promise<Response> {
  return millpond.api('/api/notebook', { method: 'POST', body: JSON.stringify(body) })
}

test('it is a file, under the address that the browser has, and names no secret', async () => {
  const answer = await notebook({ sql: 'SELECT 1 AS one' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^application\/x-ipynb\+json/)
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="query.ipynb"')
  const text = await answer.text()
  expect(text).toContain(`\\"${millpond.address}\\"`)
  expect(text).not.toContain(millpond.token)
})

test('a parameter of a type that no notebook has is refused', async () => {
  const parameters = [{ name: 'p', type: 'STRUCT<a INT64>', value: { a: 1 } }]
  const answer = await notebook({ sql: 'SELECT @p.a', parameters })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain("A notebook can't give a parameter of type STRUCT")
})

describe.skipIf(missing !== undefined)('Jupyter', () => {
  beforeAll(async () => {
    const post = async (path: string, body: object): Promise<unknown> =>
      (await millpond.api(path, { method: 'POST', body: JSON.stringify(body) })).json()
    await post('/api/principals', { handle: 'jupyter', kind: 'service', role: 'admin', attributes: {} })
    const made = await post('/api/keys', { handle: 'jupyter', project: 'millpond', publicUrl: millpond.address })
    const { key } = made as { key: object }
    await writeFile(join(folder, 'key.json'), JSON.stringify(key))
  })

  async function ran(body: object): Promise<string> {
    const path = join(folder, 'query.ipynb')
    await writeFile(path, await (await notebook(body)).text())
    const env = { ...process.env, MILLPOND_TOKEN: millpond.token }
    const { stdout } = await promisify(execFile)(python, ['-c', runner, path, folder], { timeout: 110_000, env })
    return JSON.parse(/^SEEN (.*)$/m.exec(stdout)?.[1] ?? '""') as string
  }

  test.each<[string, object, string]>([
    [
      'by the magic',
      {
        sql: 'SELECT @day AS day,\n  DATE_ADD(@day, INTERVAL 1 DAY) AS later, @n AS n, @x AS x, @yes AS yes, ARRAY_LENGTH(@names) AS names',
        parameters: [
          { name: 'day', type: 'DATE', value: '2026-03-01' },
          { name: 'n', type: 'INT64', value: '9007199254740993' },
          { name: 'x', type: 'FLOAT64', value: 2 },
          { name: 'yes', type: 'BOOL', value: true },
          { name: 'names', type: 'ARRAY<STRING>', value: ['台北', '{x} $y'] },
        ],
      },
      'day,later,n,x,yes,names\n2026-03-01,2026-03-02,9007199254740993,2.0,True,2\n',
    ],
    [
      'by the client, where the magic would read a value wrong',
      {
        sql: 'SELECT @a AS a, """it\'s "so" \\\\ """ AS b, CAST(@c + NUMERIC "0.1" AS STRING) AS c, @d AS d, ARRAY_LENGTH(@e) AS e',
        parameters: [
          { name: 'a', type: 'STRING', value: 'say "hi" \\ it\'s' },
          { name: 'c', type: 'NUMERIC', value: '0.2' },
          { name: 'd', type: 'DATE', value: null },
          { name: 'e', type: 'ARRAY<DATE>', value: ['2026-03-01'] },
        ],
      },
      'a,b,c,d,e\n"say ""hi"" \\ it\'s","it\'s ""so"" \\ ",0.3,,1\n',
    ],
    [
      "in DuckDB's dialect",
      {
        sql: 'SELECT $n + 1 AS n, \'x"""y\' AS t',
        dialect: 'duckdb',
        parameters: [{ name: 'n', type: 'INT64', value: 4 }],
      },
      'n,t\n5,"x""""""y"\n',
    ],
  ])('%s', { timeout: 120_000 }, async (_, body, rows) => {
    expect(await ran(body)).toBe(`${rows}\n`)
  })
})
