// Fills expected rows of case files with what the reference evaluator answers:
//
//   node test/sql/record.ts test/sql/string.test …    cases without an expectation (all again: --again)
//
// A case that the evaluator refuses stays without one and is listed: give it an answer by hand and mark it unverified, or
// expect the error.
import { writeFileSync } from 'node:fs'
import { basename } from 'node:path'

import { type CaseFile, printCaseFile, readCaseFile, type SqlCase } from './case-file.ts'
import { type Oracle, startOracle } from './oracle.ts'

async function recorded(one: SqlCase, oracle: Oracle, isAgain: boolean): Promise<SqlCase> {
  if (one.unverified !== undefined || (one.expected !== undefined && !isAgain)) return one
  if (one.expected !== undefined && one.expected.kind !== 'rows') return one
  const answer = await oracle.ask(one.sql)
  if (answer.kind === 'rows') return { ...one, expected: answer }
  console.log(`${one.title}: ${answer.text.split('\n', 1)[0]?.slice(0, 200)}`)
  return one
}

async function record(paths: readonly string[], isAgain: boolean): Promise<void> {
  const oracle = await startOracle()
  try {
    for (const path of paths) {
      const file: CaseFile = readCaseFile(path, basename(path))
      const cases: SqlCase[] = []
      for (const one of file.cases) cases.push(await recorded(one, oracle, isAgain))
      writeFileSync(path, printCaseFile({ ...file, cases }))
    }
  } finally {
    oracle.stop()
  }
}

const paths = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
await record(paths, process.argv.includes('--again'))
