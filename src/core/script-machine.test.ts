// The bounds of a machine: memory, time, and what is left when one was met.
import { expect, test } from 'vitest'

import { computedMs, ScriptMachine } from './script-machine.ts'

test.each([
  ['long texts', "const all = []; for (;;) all.push('x'.repeat(1e6) + all.length)"],
  ['objects', 'const all = []; for (;;) all.push({ n: all.length })'],
  ['bytes', 'const all = []; for (;;) all.push(new Uint8Array(1e6))'],
  ['middling texts', "const all = []; for (;;) all.push('x'.repeat(4000) + all.length)"],
  ['keys of a map', "const all = new Map(); for (;;) all.set('k' + all.size, [all.size])"],
  ['a list', 'const all = []; for (;;) all.push(1)'],
  ['closures', 'const all = []; for (;;) { let n = all.length; all.push(() => n) }'],
  ['one text', "let all = 'x'; for (;;) all += all"],
  ['calls within calls', 'const f = () => [f()]; f()'],
])('Its memory is bounded, whatever fills it: %s', async (_, code) => {
  const machine = await ScriptMachine.open()
  expect(() => machine.evaluate(code, 'code.js')).toThrow(
    /InternalError: (?:out of memory|string too long|stack overflow)/,
  )
  expect(machine.isBroken).toBe(true)
  machine.dispose()
})

test('What computes for too long is broken off', async () => {
  const machine = await ScriptMachine.open()
  machine.deadlineMs = computedMs() + 20
  expect(() => machine.evaluate('for (;;) {}', 'code.js')).toThrow('interrupted')
  expect(machine.isLate).toBe(true)
  machine.dispose()
})

test('Texts go in, a text comes out; what is none is null, and what it throws has a name', async () => {
  const machine = await ScriptMachine.open()
  const join = machine.evaluate('((a, b) => a + b)', 'code.js')
  expect(machine.call(join, 'ä', '🐟')).toBe('ä🐟')
  const number = machine.evaluate('(() => 7)', 'code.js')
  expect(machine.call(number)).toBeNull()
  expect(() => machine.evaluate("throw new RangeError('no')", 'code.js')).toThrow('RangeError: no')
  expect(() => machine.evaluate('throw 7', 'code.js')).toThrow('7')
  machine.dispose()
})
