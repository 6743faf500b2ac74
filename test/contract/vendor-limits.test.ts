// What destinations believe about vendors, what the fakes enforce, and what the pages say: one set of numbers and days.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { destinationTypes } from '../../src/deliver/destinations/registry.ts'
import { vendorLimits } from '../vendors/vendor-limits.ts'

test.each(Object.entries(vendorLimits))(
  '%s: the destination keeps within what the vendor documents',
  (type, vendor) => {
    const limits = destinationTypes.find((one) => one.type === type)?.limits
    expect(limits?.lastVerified).toBe(vendor.lastVerified)
    expect(vendor.source).toContain(new URL(limits?.documentation ?? '').host)
    const bytesMax =
      'bytesMax' in vendor ? vendor.bytesMax : 'objectBytesMax' in vendor ? vendor.objectBytesMax : Infinity
    expect(limits?.bytesPerRequestMax).toBeLessThanOrEqual(bytesMax)
    if ('eventsMax' in vendor) expect(limits?.eventsPerRequestMax).toBeLessThanOrEqual(vendor.eventsMax)
    if ('backdateHoursMax' in vendor) expect(limits?.ageHoursMax).toBe(vendor.backdateHoursMax)
    if ('ageDaysMax' in vendor) expect(limits?.ageHoursMax).toBe(vendor.ageDaysMax * 24)
  },
)

test.each(Object.entries(vendorLimits))('%s: its page names the day on which it was verified', (type, vendor) => {
  const page = readFileSync(join(import.meta.dirname, `../../docs/destinations/${type}.md`), 'utf8')
  expect(page).toContain(`**Limits** (last verified ${vendor.lastVerified})`)
})
