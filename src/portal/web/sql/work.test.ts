import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { ParameterInput } from './search.ts'
import { contentOf, emptyWork, isEdited, searchOf, type Work, workOf, workOfSaved } from './work.ts'

const untyped = (): undefined => undefined
const base = workOfSaved({
  sql: 'SELECT @day, @n',
  dialect: 'googlesql',
  zone: 'Asia/Taipei',
  parameters: [
    { name: 'day', type: 'DATE', default: { relative: 'yesterday' }, description: 'of the order' },
    { name: 'n', type: 'INT64', choices: [1, 2] },
  ],
})

describe('a query and the saved one that it comes from', () => {
  it('has nothing in its address that the saved query says', () => {
    expect(searchOf(base, base)).toEqual({})
    const filled = { ...base, parameters: { ...base.parameters, n: { ...base.parameters['n'], value: '2' } } }
    expect(searchOf(filled, base)).toEqual({ parameters: { n: { type: 'INT64', choices: [1, 2], value: '2' } } })
  })

  it('is edited by what is saved of it, not by values that somebody fills in', () => {
    const withDay = (day: ParameterInput): Work => ({ ...base, parameters: { ...base.parameters, day } })
    expect(isEdited(withDay({ ...base.parameters['day'], value: '2026-03-01' }), base, ['day', 'n'])).toBe(false)
    expect(isEdited(withDay({ ...base.parameters['day'], type: 'STRING' }), base, ['day', 'n'])).toBe(true)
    expect(isEdited({ ...base, zone: 'UTC' }, base, ['day', 'n'])).toBe(true)
    expect(isEdited({ ...base, sql: 'SELECT 1' }, base, [])).toBe(true)
  })

  it('keeps the defaults that it has when it is saved; a new parameter takes the value at hand', () => {
    const parameters = {
      day: { ...base.parameters['day'], value: '2026-03-01' },
      n: { ...base.parameters['n'], value: '2' },
      city: { value: 'Taipei' },
      other: { value: '' },
    }
    const content = contentOf({ ...base, parameters }, ['day', 'n', 'city', 'other'], untyped)
    expect(content.parameters).toEqual([
      { name: 'day', type: 'DATE', default: { relative: 'yesterday' }, description: 'of the order' },
      { name: 'n', type: 'INT64', default: { value: 2 }, choices: [1, 2] },
      { name: 'city', type: 'STRING', default: { value: 'Taipei' } },
      { name: 'other', type: 'STRING' },
    ])
  })

  it('comes out of its address as it went in', () => {
    const input: fc.Arbitrary<ParameterInput> = fc.record(
      { type: fc.constantFrom('DATE', 'INT64'), value: fc.string(), relative: fc.string() },
      { requiredKeys: ['value'] },
    )
    const work: fc.Arbitrary<Work> = fc.record({
      sql: fc.constantFrom('', base.sql, 'SELECT 1'),
      dialect: fc.constantFrom('googlesql', 'duckdb'),
      zone: fc.constantFrom('UTC', 'Asia/Taipei'),
      parameters: fc.dictionary(fc.constantFrom('day', 'n', 'city'), input),
    })
    fc.assert(
      fc.property(work, fc.constantFrom(base, emptyWork), (one, from) => {
        const read = workOf(searchOf(one, from), from)
        expect(read).toEqual({ ...one, parameters: { ...from.parameters, ...one.parameters } })
      }),
    )
  })
})
