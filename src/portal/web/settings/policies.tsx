// What members may see, to read: grants, masks of columns, filters of rows. They are changed on the command line.
import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'

import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Table } from '../shell/table.tsx'
import { useWords } from '../words/words.ts'
import { Section, Wrong } from './parts.tsx'
import { settingsWords } from './words.ts'

export function Policies() {
  const t = useWords(settingsWords)
  const { data, error } = useQuery({
    queryKey: ['policies'],
    queryFn: async ({ signal }) => {
      const [{ grants }, { masks, filters }] = await Promise.all([
        call('GET /api/grants', { signal }),
        call('GET /api/policies', { signal }),
      ])
      return { grants, masks, filters }
    },
  })
  if (data === undefined) return <Wrong text={error === null ? undefined : messageOf(error)} />
  const { grants, masks, filters } = data
  return (
    <>
      <p className="text-muted">{t('settings.access-text')}</p>
      <List
        title={t('settings.grants')}
        none={t('settings.no-grants')}
        names={[t('settings.who'), t('settings.table'), t('settings.may')]}
        rows={grants.map(({ grantee, dataset, table, privilege }) => [
          grantee === '*' ? t('settings.anybody') : grantee,
          <Name key="name" parts={[dataset, table]} />,
          t(`settings.may-${privilege}`),
        ])}
        command="millpond grant add ana web"
      />
      <List
        title={t('settings.masks')}
        none={t('settings.no-masks')}
        names={[t('settings.column'), t('settings.shown-as'), t('settings.exempt')]}
        rows={masks.map(({ dataset, table, column, kind, exempt }) => [
          <Name key="name" parts={[dataset, table, column]} />,
          t(`settings.mask-${kind}`),
          exempt.join(', ') || '–',
        ])}
        command="millpond policy mask 'web.*.email' --as hash"
      />
      <List
        title={t('settings.filters')}
        none={t('settings.no-filters')}
        names={[t('settings.table'), t('settings.condition'), t('settings.exempt')]}
        rows={filters.map(({ dataset, table, predicate, exempt }) => [
          <Name key="name" parts={[dataset, table]} />,
          <code key="condition" className="font-mono text-xs break-words">
            {predicate}
          </code>,
          exempt.join(', ') || '–',
        ])}
        command="millpond policy filter web.orders 'region = @region'"
      />
    </>
  )
}

function Name({ parts }: { readonly parts: readonly string[] }) {
  return <bdi className="font-mono text-xs">{parts.join('.')}</bdi>
}

interface ListProps {
  readonly title: string
  readonly none: string
  readonly names: readonly string[]
  readonly rows: readonly (readonly ReactNode[])[]
  /** How one is made. */
  readonly command: string
}

function List({ title, none, names, rows, command }: ListProps) {
  return (
    <Section title={title}>
      {rows.length === 0 ? (
        <p className="rounded-md border border-line bg-card p-4 text-muted">
          {none} <code className="font-mono text-xs text-text">{command}</code>
        </p>
      ) : (
        <Table label={title} columns={names.map((text) => ({ name: text, text }))}>
          {rows.map((cells, row) => (
            // They stand in one order, and change as a whole.
            // oxlint-disable-next-line react/no-array-index-key
            <tr key={row} className="border-t border-line">
              {cells.map((cell, index) => (
                <td key={names[index]} className="px-3 py-1.5">
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </Table>
      )}
    </Section>
  )
}
