// The statement behind numbers, opened where it can be changed and asked again.
import { Link } from '@tanstack/react-router'

import type { ExploreAnswer } from '../../api/answers.ts'
import { useWords } from '../words/words.ts'
import { allWords } from './catalogue.ts'

type Statements = ExploreAnswer['statements']

export function SqlLinks({ statements }: { readonly statements: Statements }) {
  const t = useWords(allWords)
  return statements.map(({ sql, dialect, parameters }, index) => (
    <Link
      key={JSON.stringify([sql, parameters])}
      to="/sql"
      // Until it is clicked nobody needs the page.
      preload={false}
      search={{
        sql,
        ...(dialect === 'duckdb' ? { dialect } : {}),
        parameters: Object.fromEntries(parameters.map(({ name, type, value }) => [name, { type, value }])),
      }}
      className="inline-flex min-h-7 items-center rounded-md border border-line bg-card px-2.5 font-medium whitespace-nowrap text-text hover:bg-sunken"
    >
      {statements.length === 1 ? t('explore.show-sql') : t('explore.show-sql-of', { at: index + 1 })}
    </Link>
  ))
}
