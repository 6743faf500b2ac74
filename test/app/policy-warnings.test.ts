// What whoever puts a policy on a view is told: the tables below it stay open.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

import type { ColumnMask, Policies, RowFilter } from '../../src/control/principals.ts'
import { openRig, type Rig } from './asking-rig.ts'

const none: Policies = { grants: [], masks: [], filters: [] }
let policies = none
let version = 1
let rig: Rig

beforeAll(async () => {
  rig = await openRig({ policies: () => ({ ...policies, version }) })
  for (const dataset of ['ds', 'seen']) await rig.ask(`CREATE SCHEMA ${dataset}`)
  await rig.ask('CREATE TABLE ds.people (name STRING, email STRING)')
  await rig.ask('CREATE TABLE ds.towns (name STRING)')
  await rig.ask('CREATE VIEW seen.all_people AS SELECT p.email, t.name FROM ds.people p JOIN ds.towns t USING (name)')
  await rig.ask('CREATE VIEW seen.upon AS SELECT email FROM seen.all_people UNION ALL SELECT email FROM ds.people')
  await rig.ask('CREATE VIEW seen.nothing AS SELECT 1 AS email')
  await rig.ask('CREATE TABLE seen.own (email STRING)')
})

afterAll(async () => {
  await rig.close()
})

function keep(kept: Partial<Policies>): void {
  policies = { ...none, ...kept }
  version += 1
}

beforeEach(() => {
  keep({})
})

const mask = (dataset: string, table: string): ColumnMask => ({
  dataset,
  table,
  column: 'email',
  kind: 'nothing',
  exempt: [],
})
const filter = (dataset: string, table: string): RowFilter => ({ dataset, table, predicate: 'TRUE', exempt: [] })
const below = (view: string, tables: string, what: string): string =>
  `${view} is a view: whoever may read ${tables} below it still sees ${what} there`

test('the tables below, however deep', async () => {
  const values = below('seen.all_people', 'ds.people, ds.towns', 'its values')
  expect(await rig.side.openBelow(mask('seen', 'all_people'))).toEqual([values])
  expect(await rig.side.openBelow(filter('seen', 'upon'))).toEqual([
    below('seen.upon', 'ds.people, ds.towns', 'all its rows'),
  ])
  expect(await rig.side.openBelow(mask('seen', '*'))).toEqual([
    values,
    below('seen.upon', 'ds.people, ds.towns', 'its values'),
  ])
})

test('nothing of tables, of views over nothing, and of columns and places that are not there', async () => {
  for (const place of [mask('seen', 'own'), mask('seen', 'nothing'), mask('ds', '*'), filter('seen', 'gone')])
    expect(await rig.side.openBelow(place)).toEqual([])
  expect(await rig.side.openBelow({ ...mask('seen', 'all_people'), column: 'phone' })).toEqual([])
})

test('what has a policy of its own is not open', async () => {
  keep({ masks: [mask('ds', 'people')], filters: [filter('ds', 'towns')] })
  expect(await rig.side.openBelow(mask('seen', 'upon'))).toEqual([below('seen.upon', 'ds.towns', 'its values')])
  expect(await rig.side.openBelow(filter('seen', 'upon'))).toEqual([below('seen.upon', 'ds.people', 'all its rows')])
  keep({ masks: [mask('ds', '*')] })
  expect(await rig.side.openBelow(mask('seen', 'upon'))).toEqual([])
})

test('a view that cannot be read says so', async () => {
  await rig.ask('CREATE TABLE ds.soon_gone (email STRING); CREATE VIEW seen.broken AS SELECT email FROM ds.soon_gone')
  await rig.ask('DROP TABLE ds.soon_gone')
  expect(await rig.side.openBelow(mask('seen', 'broken'))).toEqual([
    expect.stringMatching(/^seen\.broken is a view, and which tables lie below it can't be told: .*soon_gone/),
  ])
})
