// A small warehouse on a real engine, with something to hide: values, rows, tables and datasets that a member may not see. Each
// secret holds the word in `secretWord`, or one of `secretNumbers`, so that a leak is found wherever it comes out.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Policies, Principal } from '../../src/control/principals.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import type { ColumnSpec, LoadPlan, Scalar, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import { callColumns, commonColumns, usersColumns } from '../../src/warehouse/schema.ts'
import { blockOf, planTo } from '../contract/warehouse-plans.ts'

/** In every text that the member may not see. */
export const secretWord = 'geheim'
/** Numbers that the member may not see, and that nothing else has. */
export const secretNumbers = ['987654321', '876543219']

const column = (name: string, type: ColumnSpec['type']): ColumnSpec => ({ name, type })

const trackColumns = [...commonColumns, ...callColumns.track]
const orderColumns = [
  ...trackColumns,
  column('email', 'text'),
  column('total', 'integer'),
  column('region', 'text'),
  column('card', 'text'),
  column('score', 'float'),
]
const signupColumns = [...trackColumns, column('email', 'text'), column('plan', 'text')]
const identifyColumns = [...commonColumns, ...callColumns.identify, column('email', 'text'), column('city', 'text')]
const userColumns = [...usersColumns, column('email', 'text'), column('city', 'text')]
const planColumns = [...commonColumns, column('title', 'text'), column('amount', 'integer')]

const atMicros = 1_770_000_000_000_000

function event(id: number, name: string, more: Readonly<Record<string, Scalar>>): Readonly<Record<string, Scalar>> {
  return {
    id: `${name}-${id}`,
    received_at: atMicros + id * 1e6,
    timestamp: atMicros + id * 1e6,
    user_id: `u${id}`,
    event: name,
    event_text: name,
    ...more,
  }
}

/** Orders 3 and 4 are of a region that members with region EU don't see. */
const orders = [1, 2, 3, 4].map((id) => {
  const isHidden = id > 2
  const email = `${secretWord}${id}@example.com`
  return event(id, 'orders', {
    email,
    total: isHidden ? Number(secretNumbers[0]) : 10 * id,
    region: isHidden ? `${secretWord}land` : 'EU',
    card: isHidden ? `${secretWord}-9999` : `400012340000777${id}`,
    score: id,
    properties: JSON.stringify({ email, total: 1 }),
    _overflow: id === 1 ? JSON.stringify({ email: `${secretWord}@overflow` }) : null,
  })
})

const signups = [1, 2].map((id) =>
  event(id, 'signup', {
    email: `${secretWord}${id}@signup`,
    plan: 'free',
    properties: JSON.stringify({ email: secretWord }),
  }),
)
const others = [
  event(7, 'early', { properties: JSON.stringify({ email: `${secretWord}@early` }) }),
  event(8, 'orders', { properties: JSON.stringify({ region: `${secretWord}land`, total: secretNumbers[1] }) }),
]
const identifies = [1, 2].map((id) => ({
  id: `i${id}`,
  received_at: atMicros,
  timestamp: atMicros,
  user_id: `u${id}`,
  email: `${secretWord}${id}@identify`,
  city: 'Taipei',
  traits: JSON.stringify({ email: `${secretWord}@traits` }),
}))
const plans = [{ id: 'p1', title: `${secretWord} plan`, amount: Number(secretNumbers[1]) }]
const pages = [{ id: 'g1', name: 'home' }]

function plan(): LoadPlan {
  const web = (table: string): { dataset: string; table: string } => ({ dataset: 'web', table })
  const create = (dataset: string, table: string, columns: readonly ColumnSpec[]) =>
    ({ kind: 'create-table', table: { dataset, table }, columns }) as const
  const tracks = [...commonColumns, ...callColumns.track.filter(({ name }) => !name.startsWith('_'))]
  const names = tracks.map(({ name }) => name)
  return planTo(1, {
    changes: [
      create('web', 'orders', orderColumns),
      create('web', 'signup', signupColumns),
      create('web', 'tracks_other', trackColumns),
      create('web', 'identifies', identifyColumns),
      create('web', 'users', userColumns),
      create('web', 'pages', [...commonColumns, ...callColumns.page]),
      create('vault', 'plans', planColumns),
      {
        kind: 'define-union',
        table: web('tracks'),
        columns: tracks,
        members: ['orders', 'signup', 'tracks_other'].map((table) => ({ table, columns: names })),
      },
    ],
    blocks: [
      blockOf(web('orders'), orderColumns, orders),
      blockOf(web('signup'), signupColumns, signups),
      blockOf(web('tracks_other'), trackColumns, others),
      blockOf(web('identifies'), identifyColumns, identifies),
      blockOf(web('pages'), [...commonColumns, ...callColumns.page], pages),
      blockOf({ dataset: 'vault', table: 'plans' }, planColumns, plans),
    ],
    users: [1, 2].map((id) => ({
      dataset: 'web',
      userId: `u${id}`,
      receivedAtMicros: atMicros,
      traits: [
        { column: 'email', timeMicros: atMicros, tieBreak: '', value: `${secretWord}${id}@users` },
        { column: 'city', timeMicros: atMicros, tieBreak: '', value: 'Taipei' },
      ],
    })),
  })
}

/** `shop` is made by people: what is copied by hand, a view over what one may see in part, one over what one may not see. */
async function makeShop({ made, openSession }: Pick<WarehouseDriver, 'made' | 'openSession'>): Promise<void> {
  const session = await openSession({ semantics: 'plain' })
  const times = { createdAtMicros: atMicros, changedAtMicros: atMicros }
  const text = (name: string) => ({ name, type: 'STRING', mode: 'NULLABLE' as const })
  const table = (name: string, columns: readonly string[], viewSql?: string) => ({
    dataset: 'shop',
    table: name,
    kind: viewSql === undefined ? ('table' as const) : ('view' as const),
    columns: columns.map(text),
    clustering: [],
    options: {},
    viewSql,
    ...times,
  })
  await made.change(session, ['CREATE SCHEMA "made"."shop"'], {
    kind: 'put-dataset',
    dataset: { dataset: 'shop', options: {}, ...times },
  })
  await made.change(
    session,
    [
      'CREATE TABLE "made"."shop"."clients" (name VARCHAR, email VARCHAR)',
      `INSERT INTO "made"."shop"."clients" VALUES ('one', '${secretWord}@shop'), ('two', NULL)`,
    ],
    { kind: 'put-table', table: table('clients', ['name', 'email']) },
  )
  const views = [
    table('all_orders', ['id', 'email', 'region'], 'SELECT id, email, region FROM web.orders'),
    table('beyond', ['title'], 'SELECT title FROM vault.plans'),
    table('all_clients', ['name', 'email'], 'SELECT name, email FROM shop.clients'),
    table('itself', ['name', 'email'], 'SELECT name, email FROM shop.itself'),
  ]
  for (const view of views) await made.change(session, [], { kind: 'put-table', table: view })
  await session.close()
}

/** The member sees web, with masks on e-mail and cards, and of orders the rows of his region; nothing of vault and millpond. */
export const policies: Policies = {
  grants: [
    { grantee: 'ana', dataset: 'web', table: '*', privilege: 'read' },
    { grantee: 'ana', dataset: 'shop', table: '*', privilege: 'write' },
    { grantee: 'bob', dataset: 'web', table: 'pages', privilege: 'read' },
    { grantee: 'cleo', dataset: 'web', table: 'tracks', privilege: 'read' },
  ],
  masks: [
    { dataset: 'web', table: '*', column: 'email', kind: 'hash', exempt: [] },
    { dataset: 'web', table: 'orders', column: 'card', kind: 'last4', exempt: [] },
    { dataset: 'shop', table: '*', column: 'email', kind: 'default', exempt: [] },
  ],
  filters: [{ dataset: 'web', table: 'orders', predicate: 'region = @region', exempt: [] }],
}

function principal(handle: string, role: Principal['role'], attributes: Principal['attributes']): Principal {
  return { id: handle, kind: 'person', handle, role, attributes }
}

/** ana: a member with most; bob: of one harmless table; cleo: of the union alone; nina: without any grant. */
export const principals = {
  admin: principal('root', 'admin', {}),
  ana: principal('ana', 'member', { region: 'EU' }),
  bob: principal('bob', 'member', {}),
  cleo: principal('cleo', 'member', { region: 'EU' }),
  nina: principal('nina', 'member', {}),
}

export interface Pond {
  readonly driver: WarehouseDriver
  readonly folder: string
  close(): Promise<void>
}

export async function openPond(): Promise<Pond> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-pond-'))
  const driver = await openDuckdbWarehouse({
    folder,
    settings: { threads: 2, memoryBytesMax: 512 * 1024 * 1024 },
    clock: systemClock,
    log: createLog('silent'),
  } as Parameters<typeof openDuckdbWarehouse>[0])
  await driver.load(plan())
  await makeShop({ made: driver.made, openSession: async (options) => driver.openSession(options) })
  return {
    driver,
    folder,
    async close() {
      await driver.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
