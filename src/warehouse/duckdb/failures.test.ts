// Which of DuckDB's messages blame the plan, and which the machine: a loader looks for a poisoned event only in the first case.
import { expect, test } from 'vitest'

import { MillpondError } from '../../core/errors.ts'
import { isFatal, loadFailure, queryFailure } from './failures.ts'

test.each([
  ['IO Error: Could not write file "/data/w/fed.duckdb": No space left on device', 'warehouse-unavailable'],
  ['Out of Memory Error: could not allocate block of size 256.0 KiB', 'warehouse-unavailable'],
  [
    'TransactionContext Error: Failed to commit: Could not write file "/data/w/x": File too large',
    'warehouse-unavailable',
  ],
  ['IO Error: Database "fed" has been invalidated because checkpointing failed.', 'warehouse-unavailable'],
  ['INTERNAL Error: Attempted to dereference\n\nStack Trace:\nsomething', 'warehouse-unavailable'],
  ['Invalid Input Error: Invalid unicode (byte sequence mismatch) detected', 'load-refused'],
  ['Conversion Error: Could not convert string to INT32', 'load-refused'],
  ['Constraint Error: Duplicate key', 'load-refused'],
])('a load that fails with %s is %s', (message, code) => {
  const failure = loadFailure(new Error(message), '/data/w')
  expect(failure.code).toBe(code)
  expect(failure.message).not.toMatch(/\/data\/w|Stack Trace/)
})

test('a bug of ours blames no event; our other errors keep their code', () => {
  expect(loadFailure(new MillpondError('bug', 'BUG: x'), '/data').code).toBe('warehouse-unavailable')
  expect(loadFailure(new MillpondError('load-refused', 'x'), '/data').code).toBe('load-refused')
})

test.each([
  ['INTERRUPT Error: Interrupted!', 'query-cancelled'],
  ['Out of Memory Error: failed to offload data block', 'query-limit'],
  ['FATAL Error: database has been invalidated', 'warehouse-unavailable'],
  ['Permission Error: Cannot access file "/etc/passwd" - file system operations are disabled', 'query-refused'],
  ['Binder Error: Referenced column "x" not found', 'query-invalid'],
])('a query that fails with %s is %s', (message, code) => {
  expect(queryFailure(new Error(message), '/data/w').code).toBe(code)
})

test('only an invalidated file needs a new start', () => {
  expect(isFatal(new Error('IO Error: Database "fed" has been invalidated'))).toBe(true)
  expect(isFatal(new Error('IO Error: Could not write file: No space left on device'))).toBe(false)
})
