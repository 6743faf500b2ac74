// What the compiler gives beside rows that test/sql proves: names, parameters, functions, views, wildcards, facts, refusals.
// Rows come from a real DuckDB.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import type { CatalogTable } from '../catalog.ts'
import { locate, SqlError } from '../sql-error.ts'
import { parseExpression, parseStatement } from '../syntax/parser.ts'
import { scalar } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { type CompiledSql, openCompiledSql } from '../../../test/support/compiled-sql.ts'
import {
  bindParameter,
  type CompileContext,
  compileExpression,
  StatementCompiler,
  type UserFunction,
} from './compile.ts'

const view = (table: string, viewSql: string): CatalogTable => ({
  dataset: 'ds',
  table,
  columns: [],
  kind: 'view',
  relation: '',
  isWritable: false,
  viewSql,
})
const policy: CatalogTable = {
  dataset: 'ds',
  table: 'masked',
  kind: 'table',
  columns: [
    { name: 'Id', type: scalar.INT64 },
    { name: 'name', type: scalar.STRING },
  ],
  relation: `(SELECT "id" AS "Id", '***' AS "name" FROM memory."ds"."users" WHERE "id" < 5)`,
  isWritable: false,
}

let engine: CompiledSql

beforeAll(async () => {
  engine = await openCompiledSql([
    policy,
    view('grown', 'SELECT id, v * 2 AS twice FROM ds.users'),
    view('wrong', 'SELECT nope FROM ds.users'),
    view('round', 'SELECT * FROM ds.round'),
  ])
})

afterAll(() => {
  engine.stop()
})

async function rows(sql: string, more: Partial<CompileContext> = {}): Promise<readonly string[]> {
  return (await engine.run(sql, more)).rows
}

function problem(sql: string, more: Partial<CompileContext> = {}): string {
  try {
    engine.compile(sql, more)
  } catch (error) {
    if (error instanceof SqlError) return `${error.kind}: ${locate(error, sql).message}`
    throw error
  }
  return 'compiled'
}

describe('names', () => {
  it.each([
    ['SELECT nme FROM ds.users', 'semantic: Unrecognized name: nme; Did you mean name? at [1:8]'],
    ['SELECT u.nme FROM ds.users u', 'semantic: Name nme not found inside u; did you mean name? at [1:10]'],
    [
      'SELECT s.b FROM (SELECT STRUCT(1 AS a) AS s)',
      'semantic: Field name b does not exist in STRUCT<a INT64> at [1:10]',
    ],
    ['SELECT id FROM ds.users, ds.src', 'semantic: Column name id is ambiguous at [1:8]'],
    ['SELECT * FROM ds.usrs', 'semantic: Table not found: ds.usrs; did you mean ds.users? at [1:15]'],
    ['SELECT * FROM dss.users', 'semantic: Table not found: dss.users; did you mean ds.users? at [1:15]'],
    ['SELECT * FROM users', 'semantic: Table "users" must be qualified with a dataset (e.g. dataset.table) at [1:15]'],
    ['SELECT * FROM ds.Users', 'semantic: Table not found: ds.Users; did you mean ds.users? at [1:15]'],
    ['SELECT uper(name) FROM ds.users', 'semantic: Function not found: uper; Did you mean upper? at [1:8]'],
    [
      'WITH a AS (SELECT * FROM a) SELECT * FROM a',
      'semantic: Table "a" must be qualified with a dataset (e.g. dataset.table) at [1:26]',
    ],
  ])('%s', (sql, message) => {
    expect(problem(sql)).toBe(message)
  })

  it('finds columns in any case, and tables of the default dataset', async () => {
    const catalog = { ...engine.catalog, defaultDataset: 'ds' }
    expect(await rows('SELECT U.ID FROM users AS u WHERE NAME = "a"', { catalog })).toEqual(['[1]'])
  })

  it('keeps names of the result that stand twice, and numbers those without', () => {
    const { columns } = engine.compile('SELECT id, id, 1, v + 1, 2 AS f0_ FROM ds.users')
    expect(columns.map(({ name }) => name)).toEqual(['id', 'id', 'f0_', 'f1_', 'f0_'])
  })
})

describe('what is refused by name', () => {
  it.each([
    ['SELECT * FROM ds.users FOR SYSTEM_TIME AS OF CURRENT_TIMESTAMP()', 'FOR SYSTEM_TIME AS OF'],
    ['SELECT [1] = [1]', 'Equality is not defined for arguments of type ARRAY<INT64>'],
    ['SELECT CAST(1 AS STRING FORMAT "999")', 'CAST with FORMAT'],
    ['SELECT CAST(DATE "2026-03-01" AS STRING FORMAT "MON")', 'CAST with FORMAT'],
    ['SELECT ST_AREA(1)', 'GEOGRAPHY'],
    ['SELECT BIGNUMERIC "0.1234567890123456789"', 'BIGNUMERIC beyond'],
    ['SELECT IFERROR((SELECT 1), 2)', 'Subqueries in functions that catch errors'],
    ['SELECT * FROM ds.users, LATERAL (SELECT 1)', 'LATERAL'],
    ['SELECT * FROM ds.users u WHERE u', 'WHERE clause should return type BOOL'],
    ['SELECT STRING_AGG(DISTINCT name ORDER BY id) FROM ds.users', 'DISTINCT and ORDER BY'],
    ['SELECT id FROM ds.users ORDER BY 7', 'ORDER BY is out of SELECT column number range: 7'],
    ['SELECT SUM(ROW_NUMBER() OVER ()) FROM ds.users', 'Analytic functions cannot be arguments to aggregate functions'],
    ['SELECT id, COUNT(*) FROM ds.users GROUP BY name', 'references column id which is neither grouped nor aggregated'],
  ])('%s', (sql, message) => {
    expect(problem(sql)).toContain(message)
  })
})

describe('grouping beyond the reference evaluator', () => {
  it.each([
    [
      'SELECT name, COUNT(*) AS c FROM ds.events GROUP BY ROLLUP(name) ORDER BY 1',
      ['[null,5]', '["buy",2]', '["open",3]'],
    ],
    [
      'SELECT name, GROUPING(name) FROM ds.events GROUP BY GROUPING SETS (name, ()) ORDER BY 2, 1',
      ['["buy",0]', '["open",0]', '[null,1]'],
    ],
    ['SELECT name AS x, COUNT(*) FROM ds.events GROUP BY ALL ORDER BY 1', ['["buy",2]', '["open",3]']],
    ['SELECT n + 1 + 1 FROM ds.events WHERE n < 3 GROUP BY n + 1 ORDER BY 1', ['[3]', '[4]']],
    [
      'SELECT (SELECT COUNT(*) FROM ds.src s WHERE s.id = u.id) AS c, COUNT(*) FROM ds.users u GROUP BY 1 ORDER BY 1',
      ['[0,2]', '[1,1]'],
    ],
  ])('%s', async (sql, expected) => {
    expect(await rows(sql)).toEqual(expected)
  })
})

describe('pipe operators', () => {
  it.each([
    ['FROM ds.users |> WHERE v > 1 |> SELECT id', ['[2]', '[9]']],
    [
      'FROM ds.users AS u |> WHERE u.v > 1 |> EXTEND u.v * 2 AS w |> SELECT u.id, w |> ORDER BY w DESC |> LIMIT 1',
      ['[9,18]'],
    ],
    [
      'FROM ds.events |> AGGREGATE COUNT(*) AS c, SUM(n) AS s GROUP AND ORDER BY name DESC',
      ['["open",3,9]', '["buy",2,2]'],
    ],
    ['FROM ds.users |> AGGREGATE SUM(v) AS t', ['[12]']],
    ['FROM ds.users |> SET v = v + 1 |> DROP name |> RENAME id AS i |> ORDER BY i', ['[1,2]', '[2,3]', '[9,10]']],
    ['FROM ds.users AS u |> JOIN ds.src AS s USING (id) |> SELECT id, u.name, s.v', ['[2,"b",20]']],
    ['SELECT 1 AS a |> UNION ALL (SELECT 2), (SELECT 3) |> ORDER BY a DESC', ['[3]', '[2]', '[1]']],
    ['FROM ds.users |> SELECT v > 1 AS big |> DISTINCT |> AS x |> WHERE x.big', ['[true]']],
    [
      'FROM ds.events |> SELECT user_id, name |> PIVOT(COUNT(*) FOR name IN ("open", "buy")) |> ORDER BY user_id',
      ['["u1",1,1]', '["u2",1,1]', '["u3",1,0]'],
    ],
  ])('%s', async (sql, expected) => {
    expect(await rows(sql)).toEqual(expected)
  })
})

describe('parameters and variables', () => {
  const types: readonly (readonly [SqlType, Parameters<typeof bindParameter>[1], string])[] = [
    [scalar.INT64, '-9223372036854775808', '"-9223372036854775808"'],
    [scalar.STRING, "it's", '"it\'s"'],
    [scalar.BYTES, 'AQI=', '"AQI="'],
    [scalar.TIMESTAMP, '2026-03-01T10:00:00.5+02:00', '"2026-03-01T08:00:00.5Z"'],
    [scalar.NUMERIC, '1.5', '"1.5"'],
    [scalar.INTERVAL, '1-2 3 4:5:6', '"1-2 3 4:5:6"'],
    [{ kind: 'ARRAY', element: scalar.INT64 }, ['1', null], '[1,null]'],
    [
      {
        kind: 'STRUCT',
        fields: [
          { name: 'a', type: scalar.DATE },
          { name: undefined, type: { kind: 'ARRAY', element: scalar.BYTES } },
        ],
      },
      ['2026-03-01', ['YQ==']],
      '["2026-03-01",["YQ=="]]',
    ],
  ]

  it.each(types)('binds %o', async (type, given, expected) => {
    const { rows: found } = await engine.run('SELECT @x', { parameters: [{ name: 'X', type }] }, [given])
    expect(found).toEqual([`[${expected}]`])
  })

  it.each([
    [scalar.INT64, 'x'],
    [scalar.DATE, '2026-02-30'],
    [scalar.BOOL, 'yes'],
    [{ kind: 'ARRAY', element: scalar.INT64 } as const, '1'],
  ])('refuses values of another type: %o', (type, given) => {
    expect(() => bindParameter(type, given)).toThrow(SqlError)
  })

  it('infers the types of undeclared ones, and reports them', () => {
    const { parameters } = engine.compile('SELECT id FROM ds.users WHERE name = @who AND v > ? AND id IN UNNEST(@ids)')
    expect(parameters.map(({ sqlName, type, isDeclared }) => [sqlName, type?.kind, isDeclared])).toEqual([
      ['who', 'STRING', false],
      ['p1', 'INT64', false],
      ['ids', 'ARRAY', false],
    ])
  })

  it('coerces a STRING parameter as a literal', async () => {
    const parameters = [{ name: 'd', type: scalar.STRING }]
    expect(
      (await engine.run('SELECT COUNT(*) FROM ds.events WHERE day > @d', { parameters }, ['2026-03-02'])).rows,
    ).toEqual(['[2]'])
  })

  it('prefers columns to variables of a script', () => {
    const variables = new Map([
      ['id', scalar.INT64],
      ['limit_v', scalar.INT64],
    ])
    const { parameters } = engine.compile('SELECT id FROM ds.users WHERE v < limit_v', { variables })
    expect(parameters.map(({ sqlName, source }) => [sqlName, source])).toEqual([['var_limit_v', 'variable']])
  })
})

describe('functions, views, table functions', () => {
  const sqlFunction = (body: string, returns?: SqlType): UserFunction => ({
    kind: 'sql',
    parameters: [
      { name: 'x', type: returns },
      { name: 'y', type: undefined },
    ],
    returns,
    body: parseExpression(body),
  })

  it('compiles SQL functions in place', async () => {
    const functions = new Map([
      ['f', sqlFunction('x * 2 + y', scalar.FLOAT64)],
      ['g', sqlFunction('(SELECT MAX(e) FROM UNNEST([x, y]) AS e)')],
    ])
    expect(await rows('SELECT f(1, 2), g(3, 7), f(id, v) FROM ds.users WHERE id = 2', { functions })).toEqual([
      '[4,7,6]',
    ])
  })

  it('bounds functions that call themselves', () => {
    const functions = new Map([['f', sqlFunction('f(x, y)')]])
    expect(problem('SELECT f(1, 2)', { functions })).toContain('nested too deeply, or refers to itself')
  })

  it('compiles table functions with their arguments', async () => {
    const statement = parseStatement('SELECT id FROM ds.users WHERE v >= least_v')
    if (statement.kind !== 'query-statement') throw new Error('not a query')
    const made: UserFunction = {
      kind: 'table',
      parameters: [{ name: 'least_v', type: scalar.INT64 }],
      query: statement.query,
    }
    expect(await rows('SELECT * FROM ds.pick(2) ORDER BY id', { functions: new Map([['ds.pick', made]]) })).toEqual([
      '[2]',
      '[9]',
    ])
  })

  it('compiles views in place, names the view in its mistakes, bounds circles', async () => {
    expect(await rows('SELECT twice FROM ds.grown WHERE id = 9')).toEqual(['[18]'])
    expect(problem('SELECT * FROM ds.wrong')).toBe('semantic: In view ds.wrong: Unrecognized name: nope at [1:15]')
    expect(problem('SELECT * FROM ds.round')).toContain('refers to itself')
  })

  it('reads only what the policy lets through', async () => {
    expect(await rows('SELECT id, name FROM ds.masked ORDER BY id')).toEqual(['[1,"***"]', '[2,"***"]'])
  })
})

describe('wildcards', () => {
  it('reads all tables with their suffix', async () => {
    expect(await rows('SELECT _TABLE_SUFFIX, m FROM `ds.log_*` ORDER BY 1')).toEqual([
      '["20260301","x"]',
      '["20260302","y"]',
      '["20260305","zz"]',
    ])
  })

  it.each([
    ["_TABLE_SUFFIX = '20260302'", ['log_20260302']],
    ["_TABLE_SUFFIX BETWEEN '20260302' AND '20260305'", ['log_20260302', 'log_20260305']],
    ["m = 'x' AND (_TABLE_SUFFIX IN ('20260301') OR _TABLE_SUFFIX > '20260304')", ['log_20260301', 'log_20260305']],
    ["_TABLE_SUFFIX = '20260302' OR m = 'x'", ['log_20260301', 'log_20260302', 'log_20260305']],
    ["_TABLE_SUFFIX > '3'", []],
  ])('leaves out tables by constant conditions: %s', async (condition, expected) => {
    const sql = `SELECT m FROM \`ds.log_*\` WHERE ${condition}`
    const { facts } = engine.compile(sql)
    expect(facts.tables.map(({ table }) => table)).toEqual(expected)
    await engine.run(sql)
  })
})

describe('facts', () => {
  it('tells the columns that are read, and the conditions above each table', () => {
    const { facts } = engine.compile(
      "SELECT e.name, COUNT(*) FROM ds.events AS e JOIN (SELECT id FROM ds.users WHERE v > 1) AS u ON u.id = e.n WHERE e.day > '2026-03-01' AND TRUE GROUP BY 1",
    )
    expect(
      facts.tables.map(({ table, columns, conditions }) => [table, [...columns].sort(), conditions.length]),
    ).toEqual([
      ['events', ['day', 'n', 'name'], 2],
      ['users', ['id', 'v'], 1],
    ])
  })

  it.each([
    ['SELECT CURRENT_TIMESTAMP()', true],
    ['SELECT SESSION_USER()', true],
    ['SELECT * FROM ds.users TABLESAMPLE SYSTEM (10 PERCENT)', true],
    ['SELECT UPPER(name) FROM ds.users', false],
  ])('%s volatile: %s', (sql, isVolatile) => {
    expect(engine.compile(sql).facts.isVolatile).toBe(isVolatile)
  })

  it('notes what lint looks at', () => {
    const { facts } = engine.compile('SELECT * FROM ds.users, ds.src LIMIT 5')
    expect(facts.lint.map(({ kind }) => kind).sort()).toEqual(['cross-join', 'limit', 'select-star'])
  })
})

describe('statements', () => {
  it('coerces as an assignment does', () => {
    const context = { catalog: engine.catalog, sessionUser: 'owner' }
    const assign = (sql: string, type: SqlType): string => compileExpression(parseExpression(sql), context, type).sql
    expect(assign("'2026-03-01'", scalar.DATE)).toBe("DATE '2026-03-01'")
    expect(assign('1', scalar.FLOAT64)).toBe('1e0')
    expect(() => assign("'x'", scalar.INT64)).toThrow('STRING cannot be assigned to type INT64')
  })

  it('sees the rows of an UPDATE and its FROM', () => {
    const statement = new StatementCompiler({ catalog: engine.catalog, sessionUser: 'owner' })
    statement.addRow({ alias: 'u', relation: '"target"', columns: [{ name: 'id', type: scalar.INT64 }] })
    const query = parseStatement('SELECT 1 FROM ds.src AS s')
    if (query.kind !== 'query-statement' || query.query.body.kind !== 'select' || query.query.body.from === undefined)
      throw new Error('no FROM')
    expect(statement.addFrom(query.query.body.from).sql).toBe('memory."ds"."src" AS "s"')
    expect(statement.condition(parseExpression('u.id = s.id'), 'WHERE clause')).toBe('("target"."id" = "s"."id")')
  })
})
