import { describe, expect, test } from 'vitest'

import { parseSignature } from '../lower/signature.ts'
import { scalar } from '../type-names.ts'
import { aggregates } from './aggregate.ts'
import { arrayFunctions } from './array.ts'
import { dayParts, partOf, weekShift } from './date-parts.ts'
import { dateFunctions } from './date.ts'
import { datetimeFunctions } from './datetime.ts'
import type { LoweredArgument, LoweringCall } from './function-row.ts'
import { intervalFunctions } from './interval.ts'
import { jsFunctionsB } from './js-functions-b.ts'
import { instantMacros, macrosB } from './macros-b.ts'
import { mathFunctions } from './math.ts'
import { numericFunctions } from './numeric.ts'
import { rangeFunctions } from './range.ts'
import { statisticalAggregates } from './statistical.ts'
import { timeFunctions } from './time.ts'
import { timestampFunctions } from './timestamp.ts'
import { windowFunctions } from './window.ts'

const call: LoweringCall = {
  args: [],
  result: scalar.DATE,
  unsupported(what) {
    throw new Error(`unsupported: ${what}`)
  },
  invalid(message) {
    throw new Error(message)
  },
}
const part = (name: string): LoweredArgument => ({ sql: '', type: scalar.STRING, constant: name })

describe('date parts', () => {
  test('a week begins on Sunday unless it says otherwise', () => {
    expect(['WEEK', 'WEEK(SUNDAY)', 'ISOWEEK', 'WEEK(MONDAY)', 'WEEK(SATURDAY)'].map(weekShift)).toEqual([
      1, 1, 0, 0, 2,
    ])
    expect(weekShift('MONTH')).toBeUndefined()
    expect(weekShift('WEEK(NOONDAY)')).toBeUndefined()
  })

  test('a part that a function lacks is told in BigQuery’s words', () => {
    expect(partOf(call, part('WEEK(FRIDAY)'), dayParts, 'DATE_TRUNC')).toBe('WEEK(FRIDAY)')
    expect(() => partOf(call, part('HOUR'), dayParts, 'DATE_TRUNC')).toThrow(
      'DATE_TRUNC does not support the HOUR date part',
    )
    expect(() => partOf(call, part('WEEK(NOONDAY)'), dayParts, 'DATE_TRUNC')).toThrow('WEEK(NOONDAY)')
    expect(() => partOf(call, part('NANOSECOND'), dayParts, 'DATE_TRUNC')).toThrow(
      'unsupported: the date part NANOSECOND',
    )
  })
})

describe('the tables of numbers, times and aggregates', () => {
  const rows = [
    ...mathFunctions,
    ...numericFunctions,
    ...dateFunctions,
    ...datetimeFunctions,
    ...timestampFunctions,
    ...timeFunctions,
    ...intervalFunctions,
    ...arrayFunctions,
    ...rangeFunctions,
    ...aggregates,
    ...statisticalAggregates,
    ...windowFunctions,
  ]

  test('every signature can be read, and none stands twice', () => {
    for (const { signature } of rows) expect(parseSignature(signature).name).not.toBe('')
    const texts = rows.map(({ signature }) => signature)
    expect(texts.filter((text, index) => texts.indexOf(text) !== index)).toEqual([])
  })

  test('every macro and JavaScript function that a template names is there', () => {
    const macros = new Set([...instantMacros, ...macrosB].map(({ name }) => name))
    const functions = new Set(jsFunctionsB.map(({ name }) => name))
    const fromOthers = ['datetime_text', 'time_text', 'offset_text']
    const templates = [
      ...rows.flatMap(({ lower }) => (typeof lower === 'string' ? [lower] : [])),
      ...macrosB.map(({ sql }) => sql),
    ]
    for (const template of templates) {
      for (const [, name = ''] of template.matchAll(/memory\.bq\.(\w+)\(/g))
        expect([...macros, ...fromOthers]).toContain(name)
      for (const [name] of template.matchAll(/\bbq_js_\w+/g)) expect([...functions]).toContain(name)
    }
  })

  test('a NULL among the arguments needs no JavaScript', () => {
    for (const { parameters, call: run } of jsFunctionsB) expect(run(...parameters.map(() => null))).toBeNull()
  })
})
