// The payload of every call of the spec at every destination, byte for byte: a change of a mapping shows itself here first.
import { expect, test } from 'vitest'

import { destinationTypes } from '../../src/deliver/destinations/registry.ts'
import { specCalls, shapedFor } from './spec-calls.ts'

test.each(destinationTypes.map((type) => [type.type, type] as const))('golden payloads of %s', async (name, type) => {
  const payloads = Object.fromEntries(
    [...specCalls].map(([call, event]) => {
      const shaped = shapedFor(type, event)
      if (!('items' in shaped)) return [call, shaped]
      return [call, shaped.items.map(({ lane, text }) => ({ lane, payload: JSON.parse(text) as unknown }))]
    }),
  )
  expect(Object.keys(payloads).length).toBe(specCalls.size)
  await expect(`${JSON.stringify(payloads, undefined, 2)}\n`).toMatchFileSnapshot(`golden/${name}.json`)
})
