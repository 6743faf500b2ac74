// Parameters as a form, on a real engine: values as they would be bound, choices from SQL that depend on other fields, and whose
// rows they are made of.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Policies } from '../../src/control/principals.ts'
import type { ParameterDefinition } from '../../src/control/saved-queries.ts'
import { choicesMax, type FormField, type FormAsked, parameterForm } from '../../src/jobs/parameter-form.ts'
import { never, openRig, principal, type Rig, root } from './asking-rig.ts'

/** Four in the morning of the second of March in Taipei. */
const moment = { ms: Date.parse('2026-03-01T20:00:00Z'), zone: 'Asia/Taipei' }
const country: ParameterDefinition = { name: 'country', type: 'STRING', choicesSql: 'SELECT country FROM shop.cities' }
const city: ParameterDefinition = {
  name: 'city',
  type: 'STRING',
  choicesSql: 'SELECT DISTINCT city FROM shop.cities WHERE country = @Country ORDER BY city;',
}

let rig: Rig
const policies: Policies & { readonly version: number } = {
  version: 1,
  grants: [{ grantee: 'ann', dataset: 'shop', table: '*', privilege: 'read' }],
  masks: [],
  filters: [{ dataset: 'shop', table: 'cities', predicate: 'country = "TW"', exempt: ['root'] }],
}

beforeAll(async () => {
  rig = await openRig({ policies: () => policies })
  await rig.ask(
    `CREATE SCHEMA shop; CREATE TABLE shop.cities (country STRING, city STRING, n INT64);
     INSERT shop.cities VALUES ("TW", "Taipei", 1), ("TW", "Tainan", 2), ("JP", "Osaka", 3), ("JP", NULL, NULL)`,
  )
})

afterAll(async () => {
  await rig.close()
})

async function form(
  parameters: readonly ParameterDefinition[],
  values: FormAsked['values'] = {},
  who = root,
): Promise<FormField[]> {
  return parameterForm(rig.side.road, { parameters, values, moment }, { principal: who, port: 'api' }, never)
}

describe('values', () => {
  test('a relative date is a date of its zone; a default stands in; a wrong value is told at its field', async () => {
    const fields = await form(
      [
        { name: 'day', type: 'DATE', default: { relative: 'yesterday' } },
        { name: 'plan', type: 'STRING', choices: ['free', 'paid'] },
        { name: 'n', type: 'INT64' },
      ],
      { PLAN: { value: 'gold' } },
    )
    expect(fields).toEqual([
      { name: 'day', value: '2026-03-01', needs: [] },
      { name: 'plan', choices: ['free', 'paid'], needs: [], error: 'The parameter plan is one of free, paid' },
      { name: 'n', needs: [] },
    ])
  })
})

describe('choices from SQL', () => {
  test('depend on other fields, whose values are bound', async () => {
    expect(await form([country, city])).toEqual([
      { name: 'country', choices: ['TW', 'JP'], needs: [] },
      { name: 'city', needs: ['country'] },
    ])
    const [, ofJapan] = await form([country, city], { country: { value: 'JP' } })
    expect(ofJapan).toEqual({ name: 'city', choices: ['Osaka'], needs: ['country'] })
    const spliced = await form([country, city], { country: { value: 'JP" OR "1" = "1' } })
    expect(spliced[1]?.choices).toEqual([])
  })

  test('two fields may narrow each other down', async () => {
    const both = [{ ...country, choicesSql: 'SELECT country FROM shop.cities WHERE city = @city' }, city]
    const fields = await form(both, { country: { value: 'TW' }, city: { value: 'Tainan' } })
    expect(fields.map(({ choices }) => choices)).toEqual([['TW'], ['Tainan', 'Taipei']])
  })

  test('are those that whoever asks may see', async () => {
    const ann = principal('ann', 'viewer')
    const [field] = await form([country], {}, ann)
    expect(field?.choices).toEqual(['TW'])
    const [stranger] = await form([country], {}, principal('eve', 'viewer'))
    expect(stranger?.choices).toBeUndefined()
    expect(stranger?.error).toMatch(/Table not found: shop.cities/)
  })

  test('are no more than a list can show', async () => {
    const ask = async (count: number): Promise<FormField | undefined> =>
      (
        await form([{ name: 'n', type: 'INT64', choicesSql: `SELECT n FROM UNNEST(GENERATE_ARRAY(1, ${count})) AS n` }])
      )[0]
    const [all, more] = [await ask(choicesMax), await ask(choicesMax + 1)]
    expect([all?.choices?.length, all?.hasMore]).toEqual([choicesMax, undefined])
    expect([more?.choices?.length, more?.hasMore]).toEqual([choicesMax, true])
    const [long] = await form([
      {
        name: 's',
        type: 'STRING',
        choicesSql: 'SELECT REPEAT(CAST(n AS STRING), 400000) FROM UNNEST([1, 2, 3, 4]) AS n',
      },
    ])
    expect([long?.choices?.length, long?.hasMore]).toEqual([2, true])
    await expect.poll(() => rig.side.road.jobs(root).filter(({ state }) => state !== 'done')).toEqual([])
  })

  test('a query that fails spoils its own field alone', async () => {
    const wrong = { name: 'wrong', type: 'STRING', choicesSql: 'SELECT nothing FROM shop.cities' }
    const two = { name: 'two', type: 'STRING', choicesSql: 'SELECT country, city FROM shop.cities' }
    const fields = await form([wrong, two, country])
    expect(fields.map(({ error }) => error)).toEqual([
      expect.stringMatching(/Unrecognized name: nothing/),
      'The query of the choices gives one column',
      undefined,
    ])
  })
})

test.each<[string, readonly ParameterDefinition[], string]>([
  ['another statement', [{ ...country, choicesSql: 'DROP TABLE shop.cities' }], 'come from one query'],
  ['two statements', [{ ...country, choicesSql: 'SELECT 1; SELECT 2' }], 'come from one query'],
  ['no SQL', [{ ...country, choicesSql: 'SELECT FROM' }], 'Syntax error'],
  ['a field that is not there', [city], 'ask for @country, and there is no such parameter'],
  ['itself', [{ ...country, choicesSql: 'SELECT @country' }], 'ask for its own value'],
  ['a list as well', [{ ...country, choices: ['TW'] }], 'a list or a query, not both'],
])('choices of %s are refused', async (_, wrong, message) => {
  await expect(form(wrong)).rejects.toThrow(message)
})
