// The tables that cases may read as `ds.<name>`: made as real tables for us, and as WITH clauses for the oracle.
export interface FixtureTable {
  /** Behind the columns of CREATE TABLE. */
  readonly tail?: string
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  /** GoogleSQL literals. */
  readonly rows: readonly (readonly string[])[]
}

function table(name: string, columns: string, rows: readonly (readonly string[])[]): FixtureTable {
  const parsed = columns.split('; ').map((column) => {
    const space = column.indexOf(' ')
    return { name: column.slice(0, space), type: column.slice(space + 1) }
  })
  return { name, columns: parsed, rows }
}

export const fixture: readonly FixtureTable[] = [
  table(
    'events',
    'event_id STRING; user_id STRING; name STRING; ts TIMESTAMP; props JSON; amount FLOAT64; n INT64; day DATE; tags ARRAY<STRING>',
    [
      [
        "'e1'",
        "'u1'",
        "'open'",
        "TIMESTAMP '2026-03-01 00:30:00+00'",
        `JSON '{"plan":"pro","n":3,"nested":{"a":[1,2,{"b":"x"}]}}'`,
        '10.0',
        '1',
        "DATE '2026-03-01'",
        "['a', 'b']",
      ],
      [
        "'e2'",
        "'u1'",
        "'buy'",
        "TIMESTAMP '2026-03-01 23:45:00+00'",
        `JSON '{"plan":"pro","n":5}'`,
        '0.0',
        '2',
        "DATE '2026-03-01'",
        "['b']",
      ],
      [
        "'e3'",
        "'u2'",
        "'open'",
        "TIMESTAMP '2026-03-02 12:00:00+00'",
        `JSON '{"plan":"free"}'`,
        'NULL',
        '3',
        "DATE '2026-03-02'",
        '[]',
      ],
      ["'e4'", "'u2'", "'buy'", "TIMESTAMP '2026-03-08 05:00:00+00'", 'NULL', '7.5', 'NULL', "DATE '2026-03-08'", '[]'],
      [
        "'e5'",
        "'u3'",
        "'open'",
        "TIMESTAMP '2026-03-09 00:00:00+00'",
        `JSON '{"plan":null}'`,
        '-2.5',
        '5',
        "DATE '2026-03-09'",
        "['c', 'a', 'c']",
      ],
    ],
  ),
  table(
    'ga',
    'user_pseudo_id STRING; event_params ARRAY<STRUCT<key STRING, value STRUCT<string_value STRING, int_value INT64>>>',
    [
      [
        "'p1'",
        "[STRUCT('page_location' AS key, STRUCT('/a' AS string_value, CAST(NULL AS INT64) AS int_value) AS value), STRUCT('sid', STRUCT(NULL, 7))]",
      ],
    ],
  ),
  table('users', 'id INT64; name STRING; v INT64', [
    ['1', "'a'", '1'],
    ['2', "'b'", '2'],
    ['9', "'z'", '9'],
  ]),
  table('src', 'id INT64; name STRING; v INT64', [
    ['2', "'B'", '20'],
    ['3', "'c'", '30'],
  ]),
  table(
    'orders',
    'order_id INT64; user_id INT64; country STRING; amount NUMERIC; ordered_at DATETIME; paid BOOL; code BYTES',
    [
      ['1', '1', "'TW'", "NUMERIC '10.50'", "DATETIME '2026-01-31 10:00:00'", 'TRUE', "b'\\x01\\x02'"],
      ['2', '1', "'TW'", "NUMERIC '99.99'", "DATETIME '2026-02-28 23:59:59.999999'", 'FALSE', "b''"],
      ['3', '2', "'DE'", "NUMERIC '-5'", "DATETIME '2026-02-01 00:00:00'", 'NULL', 'NULL'],
      ['4', '2', 'NULL', 'NULL', "DATETIME '2026-03-15 12:30:00'", 'TRUE', "b'abc'"],
      ['5', '4', "'US'", "NUMERIC '1234567.891'", 'NULL', 'TRUE', "b'\\xff'"],
      ['6', 'NULL', "'DE'", "NUMERIC '0'", "DATETIME '2026-03-01 08:00:00'", 'FALSE', "b'z'"],
    ],
  ),
  table('numbers', 'i INT64; f FLOAT64; s STRING', [
    ['1', '1.5', "'one'"],
    ['2', "CAST('nan' AS FLOAT64)", "'two'"],
    ['3', "CAST('inf' AS FLOAT64)", "'three'"],
    ['4', "CAST('-inf' AS FLOAT64)", "''"],
    ['NULL', 'NULL', 'NULL'],
    ['-5', '-0.0', "'Ünïcödé'"],
    ['2', '2.5', "'two'"],
  ]),
  table('log_20260301', 'm STRING', [["'x'"]]),
  table('log_20260302', 'm STRING', [["'y'"]]),
  table('log_20260305', 'm STRING', [["'zz'"]]),
  table('empty', 'a INT64; b STRING', []),
  {
    ...table('part', 'm STRING; _PARTITIONTIME TIMESTAMP', [
      ["'x'", "TIMESTAMP '2026-03-01 00:00:00+00'"],
      ["'y'", "TIMESTAMP '2026-03-02 00:00:00+00'"],
    ]),
    tail: 'PARTITION BY _PARTITIONDATE',
  },
]

/** `SELECT …` that gives the table's rows, in GoogleSQL. */
export function tableSql({ columns, rows }: FixtureTable): string {
  const types = columns.map(({ name, type }) => `${name} ${type}`).join(', ')
  return `SELECT * FROM UNNEST(ARRAY<STRUCT<${types}>>[${rows.map((row) => `STRUCT(${row.join(', ')})`).join(', ')}])`
}
