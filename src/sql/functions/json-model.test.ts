// JSON as BigQuery keeps it, read strictly and leniently, found by paths, changed and printed.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { doubleJson, numberOf, parseJson, printJson } from './json-model.ts'
import { pointerOf, readPath } from './json-path.ts'
import { scanJson, textJson } from './json-scan.ts'
import { editJson, layOut, normalJson, prettyJson, removeFromJson, stripJson, valueOfText } from './json-work.ts'

describe('parseJson', () => {
  test('reads and prints what JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ noUnicodeString: false, maxDepth: 5 }), (source) => {
        if (source.includes('__proto__')) return
        expect(JSON.parse(printJson(parseJson(source, 'round')))).toEqual(JSON.parse(source))
      }),
    )
  })

  test('prints the same text again', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (source) => {
        const once = normalJson(source)
        expect(normalJson(once)).toBe(once)
      }),
    )
  })

  test('refuses what JSON.parse refuses', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('{}[]",:0123.-e tnrufals\\')), maxLength: 20 }),
        (source) => {
          const attempt = (read: () => unknown): boolean => {
            try {
              read()
              return true
            } catch {
              return false
            }
          }
          expect(attempt(() => parseJson(source, 'round'))).toBe(attempt(() => JSON.parse(source)))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['{"b":1,"a":2,"b":3}', '{"a":2,"b":1}'],
    [
      '[1.0, 1E2, 1.10, 1e15, 123456789012345.0, 1e-5, 0.0001, -0, -0.0]',
      '[1.0,100.0,1.1,1e+15,123456789012345.0,1e-05,0.0001,0,-0.0]',
    ],
    ['18446744073709551615', '18446744073709551615'],
    ['{"\uff5e":1,"😀":2}', '{"\uff5e":1,"😀":2}'],
  ])('%s is kept as %s', (source, kept) => {
    expect(normalJson(source)).toBe(kept)
  })

  test.each(['123456789012345678901', '1.000000000000000000001'])('%s is no exact number', (source) => {
    expect(() => numberOf(source, 'exact')).toThrow('cannot round-trip')
    expect(() => numberOf(source, 'round')).not.toThrow()
  })

  test('is bounded in depth', () => {
    expect(() => parseJson('['.repeat(1_000_000), 'round')).toThrow('Max nesting of 500')
  })
})

test('doubleJson reads back', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(Number(doubleJson(value))).toBe(value)
      expect(doubleJson(value)).toMatch(/[.e]/)
    }),
  )
})

describe('scanJson', () => {
  test('reads valid JSON as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), (source) => {
        expect(JSON.parse(scanJson(source, [])?.json ?? '')).toEqual(JSON.parse(source))
      }),
    )
  })

  test('never fails', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...Array.from('{}[]"\',:012.-e tnul\\x')), maxLength: 40 }),
        (source) => {
          scanJson(source, readPath('$.a[0]', 'standard'))
        },
      ),
      { numRuns: 2000 },
    )
    expect(scanJson('['.repeat(1_000_000), [])).toBeUndefined()
  })

  test.each([
    ["{'a':1,}", '$.a', '1'],
    ['{"a":1, bad', '$.a', '1'],
    ['[1,,2]', '$[2]', '2'],
    ['{"a":1.50}', '$.a', '1.50'],
    ['{"a":{"b":1}, "a":{"c":3}}', '$.a.c', '3'],
    ['nope', '$', null],
  ])('%s at %s is %s', (source, path, found) => {
    expect(valueOfText(source, path, 'standard')).toBe(found)
  })
})

describe('readPath', () => {
  test('never fails but with its messages', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...Array.from('$.[]"\'ab01 -*@\\')), maxLength: 15 }), (path) => {
        for (const mode of ['standard', 'legacy', 'strict'] as const) {
          try {
            readPath(path, mode)
          } catch (error) {
            expect(String(error)).toMatch(/JSONPath/)
          }
        }
      }),
      { numRuns: 1000 },
    )
  })

  test('names become pointers', () => {
    expect(pointerOf(readPath('$.a[00]."b/c~"', 'standard'))).toBe('/a/0/b~1c~0')
    expect(pointerOf(readPath("$['a.b'].c", 'legacy'))).toBe('/a.b/c')
    expect(() => readPath("$['a.b']", 'standard')).toThrow("Invalid token in JSONPath at: ['a.b']")
  })
})

describe('changes', () => {
  test('set and removed is as before, unless it was there', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.integer()), (object) => {
        const source = JSON.stringify(object)
        const set = editJson('JSON_SET', source, ['$.new', '1'], [false], true) ?? ''
        expect(removeFromJson(set, ['$.new'])).toBe(normalJson(source))
      }),
    )
  })

  test('arrays are bounded', () => {
    expect(() => editJson('JSON_SET', '[]', ['$[1000001]', '1'], [false], true)).toThrow('Exceeded maximum array size')
  })

  test.each([
    ['{"a":null,"b":[null,1],"c":{"d":null}}', true, false, '{"b":[1],"c":{}}'],
    ['{"a":null,"b":[null,1],"c":{"d":null}}', false, false, '{"b":[null,1],"c":{}}'],
    ['{"a":null,"b":[null],"c":{"d":null}}', true, true, 'null'],
    ['{"a":[null,{}],"b":null}', false, true, '{"a":[null,{}]}'],
  ])('nulls of %s taken away (arrays %s, empty %s)', (source, arrays, empty, left) => {
    expect(stripJson(source, '$', arrays, empty)).toBe(left)
  })
})

test('layOut touches nothing but space', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 4 }), (source) => {
      const compact = normalJson(source)
      expect(layOut(compact)).toBe(prettyJson(source))
      expect(JSON.parse(layOut(compact))).toEqual(JSON.parse(compact))
    }),
  )
})

test('textJson is JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(JSON.parse(textJson(text))).toBe(text.toWellFormed())
      expect(textJson(text)).not.toMatch(/[\u2028\u2029]/)
    }),
  )
})
