import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { missingConsentFor, wantedBy } from './wanted.ts'

test.each([
  [undefined, true],
  [{}, true],
  [[], true],
  ['Mixpanel', true],
  [{ All: true }, true],
  [{ All: false }, false],
  [{ all: false, mixpanel: true }, true],
  [{ All: false, 'Mixpanel (Actions)': { x: 1 } }, true],
  [{ Mixpanel: false }, false],
  [{ All: true, MIXPANEL: false }, false],
  [{ 'Mixpanel Two': false }, true],
])('integrations %j: %s', (integrations, expected) => {
  expect(wantedBy(['Mixpanel'])({ event: { integrations } })).toBe(expected)
})

test.each([
  [undefined, 'allow', undefined],
  [undefined, 'deny', 'ads'],
  [{ ads: true, analytics: true }, 'deny', undefined],
  [{ ads: true }, 'deny', 'analytics'],
  [{ ads: true }, 'allow', undefined],
  [{ ads: true, analytics: false }, 'allow', 'analytics'],
  [{ ads: 'yes' }, 'deny', 'ads'],
])('preferences %j with the default %s: %s is missing', (categoryPreferences, consentDefault, expected) => {
  const event = { context: { consent: { categoryPreferences } } }
  expect(missingConsentFor({ consentCategories: 'ads, analytics', consentDefault })({ event })).toBe(expected)
})

test('a destination that asks for no category takes everything', () => {
  expect(
    missingConsentFor({})({ event: { context: { consent: { categoryPreferences: { ads: false } } } } }),
  ).toBeUndefined()
})

test('with deny nothing passes but what says true to all of them', () => {
  const words = fc.constantFrom('ads', 'analytics', 'constructor', '__proto__', 'x')
  fc.assert(
    fc.property(
      fc.array(words, { minLength: 1 }),
      fc.dictionary(words, fc.jsonValue()),
      (wanted, categoryPreferences) => {
        const event = { context: { consent: { categoryPreferences } } }
        const settings = { consentCategories: wanted.join(','), consentDefault: 'deny' }
        const mayPass = wanted.every(
          (one) => Object.hasOwn(categoryPreferences, one) && categoryPreferences[one] === true,
        )
        expect(missingConsentFor(settings)({ event }) === undefined).toBe(mayPass)
      },
    ),
  )
})
