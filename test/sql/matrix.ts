// Prints docs/googlesql.md: every function, what is known of its answers, and every function that is refused, with the reason.
//
//   node test/sql/matrix.ts > docs/googlesql.md      test/docs.test.ts compares
import { functionTable } from '../../src/sql/functions/table.ts'
import { readCaseFiles, type SqlCase } from './case-file.ts'

type Standing = 'agrees' | 'unverified' | 'no case'

/** Written as syntax, not found in the table. */
const syntax = ['IF', 'COALESCE', 'IFNULL', 'NULLIF', 'CAST', 'SAFE_CAST', 'EXTRACT']

function mentions(sql: string): Set<string> {
  const plain = sql.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g, "''")
  return new Set(
    [...plain.matchAll(/\b((?:[A-Za-z_]\w*\.)?[A-Za-z_]\w*)\s*\(/g)].map(([, name = '']) =>
      name.toUpperCase().replace(/^SAFE\./, ''),
    ),
  )
}

export function standings(cases: readonly SqlCase[]): Map<string, Standing> {
  const names = [
    ...new Set([
      ...functionTable.scalars.keys(),
      ...functionTable.aggregates.keys(),
      ...functionTable.windows.keys(),
      ...syntax,
    ]),
  ]
  const found = new Map<string, Standing>(names.filter(isPublic).map((name) => [name, 'no case']))
  for (const { sql, unverified, expected } of cases) {
    if (expected === undefined || expected.kind === 'refused') continue
    for (const name of mentions(sql)) {
      const now = found.get(name)
      if (now === undefined || now === 'agrees') continue
      found.set(name, unverified === undefined ? 'agrees' : 'unverified')
    }
  }
  return found
}

/** EXTRACT_FROM_DATE and its kin are how the compiler calls a form of EXTRACT. */
function isPublic(name: string): boolean {
  return !name.startsWith('EXTRACT_FROM_') && !name.startsWith('_')
}

function notesOf(name: string): string {
  const rows = [
    ...(functionTable.scalars.get(name) ?? []),
    ...(functionTable.aggregates.get(name) ?? []),
    ...(functionTable.windows.get(name) ?? []),
  ]
  return [...new Set(rows.flatMap(({ note }) => (note === undefined ? [] : [note])))].join(' ')
}

export function matrixPage(): string {
  const cases = readCaseFiles().flatMap((file) => file.cases)
  const rows = [...standings(cases)].sort(([one], [other]) => (one < other ? -1 : 1))
  const count = (standing: Standing): number => rows.filter(([, own]) => own === standing).length
  const refused = [...functionTable.refused].sort(([one], [other]) => (one < other ? -1 : 1))
  return `# GoogleSQL here and on BigQuery

Millpond compiles GoogleSQL to its embedded engine. What it can't answer as BigQuery would, it refuses by name before it runs.
This page is made from the function table and the cases in \`test/sql\` (\`node test/sql/matrix.ts\`); a test compares it.

*agrees*: a case of it gives exactly the rows of ZetaSQL's reference evaluator, Google's own. *unverified*: the evaluator doesn't know
the function; the case's rows are those of the published documentation. ${count('agrees')} functions agree, ${count('unverified')} are unverified,
${refused.length} are refused. ${cases.length} cases in all.

| function | answers | note |
|---|---|---|
${rows.map(([name, standing]) => `| \`${name}\` | ${standing} | ${notesOf(name).replaceAll('|', '\\|')} |`).join('\n')}

## Refused by name

| function | why |
|---|---|
${refused.map(([name, reason]) => `| \`${name}\` | ${reason.replaceAll('|', '\\|')} |`).join('\n')}
`
}

if (import.meta.main) console.log(matrixPage().trimEnd())
