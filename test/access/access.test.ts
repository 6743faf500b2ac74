// What members see, over the real compiler and the real engine: grants, masks of every type, filters with attributes, and the
// tables that repeat each other.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import {
  type ColumnMask,
  type Policies,
  type Principal,
  type Role,
  roles,
  type RowFilter,
} from '../../src/control/principals.ts'
import { createAccess } from '../../src/query/access/access.ts'
import { checkRowFilter } from '../../src/query/access/check-filter.ts'
import { maskSql, strictest } from '../../src/query/access/masks.ts'
import type { PolicyTable } from '../../src/query/access/policy-table.ts'
import { DirectoryReader } from '../../src/query/catalog/directory.ts'
import { systemClock } from '../../src/core/clock.ts'
import { duckType } from '../../src/sql/type-names.ts'
import type { SqlType } from '../../src/sql/types.ts'
import { callColumns, commonColumns } from '../../src/warehouse/schema.ts'
import type { EngineValue } from '../../src/warehouse/session.ts'
import { createAsker } from './asker.ts'
import { openPond, policies as pondPolicies, type Pond, principals } from './pond.ts'

let pond: Pond

beforeAll(async () => {
  pond = await openPond()
})

afterAll(async () => {
  await pond.close()
})

const everything: Policies['grants'] = [{ grantee: '*', dataset: '*', table: '*', privilege: 'read' }]
const mask = (table: string, column: string, more: Partial<ColumnMask> = {}): ColumnMask => ({
  dataset: 'web',
  table,
  column,
  kind: 'nothing',
  exempt: [],
  ...more,
})
const filter = (table: string, predicate: string, exempt: string[] = []): RowFilter => ({
  dataset: 'web',
  table,
  predicate,
  exempt,
})

async function ask(
  sql: string,
  policies: Partial<Policies>,
  attributes: Principal['attributes'] = {},
): Promise<{ rows: readonly (readonly EngineValue[])[]; text: string; code: string | undefined }> {
  const asker = createAsker(pond, { grants: everything, masks: [], filters: [], ...policies })
  return asker({ ...principals.ana, attributes }, 'googlesql', sql)
}

async function ids(
  table: string,
  policies: Partial<Policies>,
  attributes: Principal['attributes'] = {},
): Promise<unknown[]> {
  const { rows, text, code } = await ask(`SELECT id FROM web.${table} ORDER BY id`, policies, attributes)
  expect([code, text]).toEqual([undefined, text])
  return rows.map(([id]) => id)
}

test('a role gets what is granted to it, and is exempt where it is named; no other role is', () => {
  const grants = [{ grantee: 'role:support', dataset: 'web', table: '*', privilege: 'read' }] as const
  const masks = [mask('orders', 'email', { exempt: ['role:support'] })]
  const orders: PolicyTable = {
    dataset: 'web',
    table: 'orders',
    origin: 'fed',
    kind: 'table',
    columns: [{ name: 'email', sqlType: { kind: 'STRING' } }],
  }
  const as = (role: Role) => createAccess({ grants, masks, filters: [] }, { ...principals.ana, role })
  expect(roles.filter((role) => as(role).canRead('web', 'orders'))).toEqual(['support', 'admin'])
  expect(roles.filter((role) => as(role).relationFor(orders, [orders]) === undefined)).toEqual(['support', 'admin'])
  expect(as('support').policySetId).not.toBe(as('viewer').policySetId)
})

describe('grants', () => {
  const access = (grants: Policies['grants']) => createAccess({ grants, masks: [], filters: [] }, principals.ana)

  test('nothing without one, and not what others have', () => {
    const bobs = access([{ grantee: 'bob', dataset: '*', table: '*', privilege: 'write' }])
    expect([bobs.canRead('web', 'orders'), bobs.canWrite('web', 'orders'), bobs.canWrite('web', undefined)]).toEqual([
      false,
      false,
      false,
    ])
  })

  test('a dataset, a table, or everything but the platform itself', () => {
    const one = access([{ grantee: 'ana', dataset: 'web', table: 'orders', privilege: 'read' }])
    expect([
      one.canRead('web', 'orders'),
      one.canRead('web', 'Orders'),
      one.canRead('web', 'signup'),
      one.canRead('api', 'orders'),
    ]).toEqual([true, false, false, false])
    const all = access(everything)
    expect([all.canRead('web', 'x'), all.canRead('millpond', 'dead_letters'), all.canWrite('web', 'x')]).toEqual([
      true,
      false,
      false,
    ])
    expect(
      access([{ grantee: 'ana', dataset: 'millpond', table: 'loads', privilege: 'read' }]).canRead('millpond', 'loads'),
    ).toBe(true)
  })

  test('writing is reading, too; making tables needs the dataset', () => {
    const one = access([{ grantee: 'ana', dataset: 'made', table: 't', privilege: 'write' }])
    expect([one.canRead('made', 't'), one.canWrite('made', 't'), one.canWrite('made', undefined)]).toEqual([
      true,
      true,
      false,
    ])
    expect(
      access([{ grantee: 'ana', dataset: 'made', table: '*', privilege: 'write' }]).canWrite('made', undefined),
    ).toBe(true)
  })

  test('administrators see and do everything', () => {
    const admin = createAccess(pondPolicies, principals.admin)
    expect([admin.canRead('millpond', 'x'), admin.canWrite('a', undefined), admin.policySetId]).toEqual([
      true,
      true,
      'admin',
    ])
  })
})

test('who sees the same shares an id; who does not, does not', () => {
  const id = (policies: Policies, principal: Principal): string => createAccess(policies, principal).policySetId
  const plain: Policies = { grants: everything, masks: [], filters: [] }
  const { ana, bob } = principals
  expect(id(plain, ana)).toBe(id(plain, bob))
  expect(id({ ...plain, masks: [mask('*', 'email')] }, ana)).not.toBe(id(plain, ana))
  expect(id({ ...plain, masks: [mask('*', 'email', { exempt: ['ana'] })] }, ana)).toBe(id(plain, ana))
  expect(id({ ...plain, masks: [mask('*', 'email', { kind: 'hash' })] }, ana)).not.toBe(
    id({ ...plain, masks: [mask('*', 'email')] }, ana),
  )
  const filtered = { ...plain, filters: [filter('orders', 'region = @region')] }
  expect(id(filtered, ana)).not.toBe(id(filtered, bob))
  expect(id(filtered, ana)).not.toBe(id(filtered, { ...ana, attributes: { region: 'US' } }))
  expect(id(plain, { ...ana, attributes: {} })).toBe(id(plain, ana))
})

const types: readonly SqlType[] = [
  ...(
    [
      'INT64',
      'FLOAT64',
      'NUMERIC',
      'BIGNUMERIC',
      'BOOL',
      'STRING',
      'BYTES',
      'DATE',
      'TIME',
      'DATETIME',
      'TIMESTAMP',
      'INTERVAL',
      'JSON',
    ] as const
  ).map((kind) => ({ kind })),
  { kind: 'ARRAY', element: { kind: 'STRING' } },
  { kind: 'STRUCT', fields: [{ name: 'a', type: { kind: 'INT64' } }] },
]

test('a masked column keeps its type', async () => {
  const session = await pond.driver.openSession({ semantics: 'plain' })
  for (const type of types) {
    for (const kind of ['nothing', 'default', 'hash', 'last4'] as const) {
      const sql = `SELECT typeof(${maskSql(kind, 'a', type)}) = typeof(a) FROM (SELECT CAST(NULL AS ${duckType(type)}) AS a)`
      const run = await session.run({ sql }, new AbortController().signal)
      for await (const { columns } of run.chunks) expect([kind, type, columns[0]?.[0]]).toEqual([kind, type, true])
    }
  }
  await session.close()
})

describe('masks', () => {
  test('show what they should', async () => {
    const shown = async (column: string, kind: ColumnMask['kind']): Promise<unknown> =>
      (
        await ask(`SELECT ${column} FROM web.orders WHERE id = 'orders-1'`, {
          masks: [mask('orders', column, { kind })],
        })
      ).rows[0]?.[0]
    expect(await shown('card', 'nothing')).toBe(null)
    expect(await shown('card', 'hash')).toMatch(/^[0-9a-f]{64}$/)
    expect(await shown('card', 'last4')).toBe('XXXX7771')
    expect(await shown('region', 'last4')).toBe('XXXX')
    expect(await shown('card', 'default')).toBe('')
    expect(await shown('total', 'default')).toBe(0n)
    expect(await shown('total', 'hash')).toBe(null)
    expect(await shown('timestamp', 'default')).toBe(0n)
    expect(await shown('_overflow', 'last4')).toBe(null)
  })

  test('of several, the one that shows least counts', async () => {
    expect(strictest(['last4', 'hash', 'nothing', 'default'])).toBe('nothing')
    expect(strictest(['last4', 'hash', 'default'])).toBe('default')
    expect(strictest([])).toBeUndefined()
    const both = [mask('*', 'card', { kind: 'last4', exempt: ['ana'] }), mask('orders', 'card', { kind: 'hash' })]
    const { rows } = await ask('SELECT card FROM web.orders LIMIT 1', { masks: both })
    expect(rows[0]?.[0]).toMatch(/^[0-9a-f]{64}$/)
  })

  test('whatever the case of their letters', async () => {
    const { rows } = await ask('SELECT COUNT(card) FROM web.orders', {
      masks: [{ ...mask('ORDERS', 'Card'), dataset: 'WEB' }],
    })
    expect(rows).toEqual([[0n]])
  })

  test.each([
    ['orders', 'email', 'SELECT COUNT(properties) + COUNT(_overflow) + COUNT(email) FROM web.orders'],
    ['orders', 'email', "SELECT COUNT(properties) FROM web.tracks WHERE event = 'orders' AND id NOT LIKE '%-8'"],
    ['orders', 'email', 'SELECT COUNT(properties) FROM web.tracks_other'],
    ['tracks', 'user_id', 'SELECT COUNT(user_id) FROM web.orders'],
    ['tracks', 'user_id', 'SELECT COUNT(user_id) FROM web.tracks'],
    ['users', 'email', 'SELECT COUNT(email) + COUNT(traits) FROM web.identifies'],
    ['identifies', 'email', 'SELECT COUNT(email) FROM web.users'],
    ['*', 'user_id', 'SELECT COUNT(id) FROM web.users'],
    ['users', 'id', 'SELECT COUNT(user_id) FROM web.identifies'],
    ['*', 'nosuchcolumn', 'SELECT COUNT(properties) FROM web.tracks'],
  ])('on %s.%s reaches %s', async (table, column, sql) => {
    expect((await ask(sql, { masks: [mask(table, column)] })).text).toContain('["0"]')
  })

  test('leaves alone what it does not name', async () => {
    const { text } = await ask('SELECT COUNT(properties), COUNT(email) FROM web.signup', {
      masks: [mask('orders', 'email')],
    })
    expect(text).toContain('["2","2"]')
  })
})

describe('filters', () => {
  test.each([
    ['region = @region', { region: 'EU' }, ['orders-1', 'orders-2']],
    ['region = @Region', { region: 'EU' }, ['orders-1', 'orders-2']],
    ['region IN UNNEST(@region)', { region: ['EU', 'US'] }, ['orders-1', 'orders-2']],
    ['region IN UNNEST(@region)', { region: 'EU' }, ['orders-1', 'orders-2']],
    ['region = @region', {}, []],
    ['region IN UNNEST(@region)', {}, []],
    ['region IN UNNEST(@region)', { region: [] }, []],
    ["region = @region OR id = 'orders-3'", {}, ['orders-3']],
    ['region = @region', { region: "EU' OR '1'='1" }, []],
    ["user_id = CONCAT('u', @number)", { number: '3' }, ['orders-3']],
    ["SESSION_USER() = 'ana' AND total < 15", {}, ['orders-1']],
    ["SESSION_USER() = 'bob'", {}, []],
    ['NULL', {}, []],
    ['CAST(region AS INT64) = 1', {}, []],
    ['region = @a AND id IN UNNEST(@b)', { a: 'EU', b: 'orders-2' }, ['orders-2']],
    ['TRUE -- for all', {}, ['orders-1', 'orders-2', 'orders-3', 'orders-4']],
  ])('%s for %j', async (predicate, attributes, expected) => {
    expect(await ids('orders', { filters: [filter('orders', predicate)] }, attributes)).toEqual(expected)
  })

  test('hold in the union, and of events that wait in no table nothing is shown', async () => {
    const filters = [filter('orders', 'region = @region')]
    expect(await ids('tracks', { filters }, { region: 'EU' })).toEqual([
      'early-7',
      'orders-1',
      'orders-2',
      'signup-1',
      'signup-2',
    ])
    expect(await ids('tracks_other', { filters }, { region: 'EU' })).toEqual(['early-7'])
    expect(await ids('signup', { filters }, { region: 'EU' })).toEqual(['signup-1', 'signup-2'])
  })

  test('on the union hold in its members', async () => {
    const filters = [filter('tracks', "user_id = 'u1'")]
    expect(await ids('tracks', { filters })).toEqual(['orders-1', 'signup-1'])
    expect(await ids('orders', { filters })).toEqual(['orders-1'])
    expect(await ids('users', { filters })).toEqual(['u1', 'u2'])
  })

  test('and masks hold together: a filter sees the values, the caller does not', async () => {
    const policies = { filters: [filter('orders', "email LIKE 'geheim1@%'")], masks: [mask('*', 'email')] }
    const { rows } = await ask('SELECT id, email FROM web.orders', policies)
    expect(rows).toEqual([['orders-1', null]])
  })

  test('spare those who are exempt', async () => {
    expect(await ids('orders', { filters: [filter('orders', 'FALSE', ['ana'])] })).toHaveLength(4)
  })

  test('that no longer fit their table let nobody see a row, and say so', async () => {
    const { code, text } = await ask('SELECT id FROM web.orders', { filters: [filter('orders', 'nosuchcolumn = 1')] })
    expect([code, text]).toEqual(['query-invalid', expect.stringContaining('The row filter of web.orders')])
    expect(await ids('signup', { filters: [filter('orders', 'nosuchcolumn = 1')] })).toHaveLength(2)
  })

  test.each([
    ['region = @region'],
    ['region IN UNNEST(@region) AND user_id = @id'],
    ['SESSION_USER() = user_id'],
    ['total > 5 AND timestamp > TIMESTAMP "2020-01-01"'],
  ])('%s may be made', async (predicate) => {
    await checkRowFilter(filter('orders', predicate), new DirectoryReader(pond.driver, systemClock))
  })

  test.each([
    ['orders', 'nosuchcolumn = 1', 'query-invalid'],
    ['orders', 'region =', 'query-invalid'],
    ['orders', 'region = 1', 'query-invalid'],
    ['orders', 'total', 'query-invalid'],
    ['orders', 'TRUE) OR (TRUE', 'query-invalid'],
    ['orders', 'TRUE FROM web.signup', 'query-invalid'],
    ['orders', 'TRUE; DROP TABLE web.orders', 'query-invalid'],
    ['orders', 'id IN (SELECT id FROM web.signup)', 'query-invalid'],
    ['orders', 'EXISTS(SELECT 1)', 'query-invalid'],
    ['orders', 'region = ?', 'query-invalid'],
    ['orders', 'COUNT(*) > 1', 'query-invalid'],
    ['orders', 'nosuchfunction(id)', 'query-invalid'],
    ['nosuch', 'TRUE', 'table-unknown'],
  ])('on %s, %s may not', async (table, predicate, code) => {
    const checked = checkRowFilter(filter(table, predicate), new DirectoryReader(pond.driver, systemClock))
    await expect(checked).rejects.toMatchObject({ code })
  })
})

test('a made table that somebody sees in part has a relation, so it is not theirs to change', () => {
  const table: PolicyTable = {
    dataset: 'sales',
    table: 'orders',
    origin: 'made',
    kind: 'table',
    columns: [{ name: 'email', sqlType: { kind: 'STRING' } }],
  }
  const grants: Policies['grants'] = [{ grantee: 'ana', dataset: 'sales', table: '*', privilege: 'write' }]
  const masked = { grants, masks: [{ ...mask('*', 'email'), dataset: 'sales' }], filters: [] }
  expect(createAccess(masked, principals.ana).relationFor(table, [table])).toContain('"made"."sales"."orders"')
  expect(createAccess({ ...masked, masks: [] }, principals.ana).relationFor(table, [table])).toBeUndefined()
  const base = '(SELECT 1 AS email)'
  expect(createAccess(masked, principals.ana).relationFor({ ...table, kind: 'view' }, [], base)).toContain(base)
})

test('a row filter hides rows of its table, of the view over all events, and of events without a table', () => {
  const tableOf = (table: string, kind: PolicyTable['kind'] = 'table'): PolicyTable => ({
    dataset: 'web',
    table,
    origin: 'fed',
    kind,
    columns: [...callColumns.track, ...commonColumns].map(({ name }) => ({ name, sqlType: { kind: 'STRING' } })),
  })
  const tables = [tableOf('orders'), tableOf('signup'), tableOf('tracks_other'), tableOf('tracks', 'view')]
  const hidden = (of: string, principal = principals.ana): string[] => {
    const filters = [{ dataset: 'web', table: of, predicate: 'TRUE', exempt: [] }]
    const access = createAccess({ grants: [], masks: [], filters }, principal)
    return tables.filter((table) => access.hidesRows(table, tables)).map(({ table }) => table)
  }
  expect(hidden('orders')).toEqual(['orders', 'tracks_other', 'tracks'])
  expect(hidden('tracks')).toEqual(['orders', 'signup', 'tracks_other', 'tracks'])
  expect(hidden('elsewhere')).toEqual([])
  expect(hidden('orders', principals.admin)).toEqual([])
})
