// What shape a source's events have: tables, when each was seen, how much of it there is; open one for its columns and for values
// that didn't fit. Asked for in SQL like everything else, so that policies hold.
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'

import { messageOf } from '../asking/ask.ts'
import { useBudgets } from '../asking/sources.ts'
import { useMe } from '../shell/me.ts'
import { Empty } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { formatCount } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { Code } from './connect.tsx'
import { Retype } from './retype.tsx'
import { type EventTable, overflowQuery, schemaQuery } from './schema-data.ts'
import { sourcesWords } from './words.ts'

/** Every source has them, whatever events there are: they don't count. */
const sharedTables = new Set([
  'accounts',
  'tracks',
  'tracks_other',
  'identifies',
  'users',
  'pages',
  'screens',
  'groups',
  'aliases',
])

export function Schema({ source, open }: { readonly source: string; readonly open: string | undefined }) {
  const t = useWords(sourcesWords)
  const { data: tables, error } = useQuery(schemaQuery(source))
  if (error !== null) {
    return (
      <p role="alert" className="text-bad">
        {messageOf(error)}
      </p>
    )
  }
  if (tables === undefined) return <p className="text-muted">{t('sources.reading')}</p>
  if (tables.length === 0) return <Empty title={t('sources.no-tables')}>{t('sources.no-tables-text')}</Empty>
  const columns = [
    ...(['table', 'first-seen', 'last-seen'] as const).map((name) => ({ name, text: t(`sources.${name}`) })),
    ...(['rows', 'columns'] as const).map((name) => ({ name, text: t(`sources.${name}`), isRight: true })),
  ]
  return (
    <div className="grid grid-cols-1 gap-2">
      <Budget tables={tables} />
      <Table label={t('sources.tab-schema')} columns={columns}>
        {tables.map((table) => (
          <TableRows key={table.name} source={source} table={table} isOpen={table.name === open} />
        ))}
      </Table>
    </div>
  )
}

function Budget({ tables }: { readonly tables: readonly EventTable[] }) {
  const t = useWords(sourcesWords)
  const budgets = useBudgets()
  if (budgets === undefined) return null
  const { tablesPerSourceMax: max, columnsPerTableMax: columns } = budgets
  const count = tables.filter(({ name }) => !sharedTables.has(name)).length
  const values = { count: formatCount(count), max: formatCount(max), columns: formatCount(columns) }
  return (
    <p className={count < max ? 'text-muted' : 'text-warn'}>
      {t('sources.budget', values)} {count >= max && t('sources.budget-over')}
    </p>
  )
}

interface TableRowsProps {
  readonly source: string
  readonly table: EventTable
  readonly isOpen: boolean
}

function TableRows({ source, table, isOpen }: TableRowsProps) {
  const { name, seen, columns } = table
  return (
    <>
      <tr className="border-t border-line">
        <th scope="row" className="p-0 font-medium">
          <Link
            to="/sources/$name"
            params={{ name: source }}
            search={{ tab: 'schema', ...(isOpen ? {} : { table: name }) }}
            replace
            aria-expanded={isOpen}
            className="block max-w-80 truncate px-3 py-1.5 font-mono text-xs"
          >
            <bdi>{name}</bdi>
          </Link>
        </th>
        <td className="px-3 whitespace-nowrap text-muted">{seen?.first.slice(0, 16) ?? '–'}</td>
        <td className="px-3 whitespace-nowrap text-muted">{seen?.last.slice(0, 16) ?? '–'}</td>
        <td className="px-3 text-right">{seen === undefined ? '–' : formatCount(seen.rows)}</td>
        <td className="px-3 text-right">{formatCount(columns.length)}</td>
      </tr>
      {isOpen && (
        <tr>
          <td colSpan={5} className="px-3 pb-3">
            <Columns source={source} table={table} />
          </td>
        </tr>
      )}
    </>
  )
}

function Columns({ source, table: { name, columns } }: Pick<TableRowsProps, 'source' | 'table'>) {
  const t = useWords(sourcesWords)
  const me = useMe()
  const hasOverflow = columns.some((column) => column.name === '_overflow')
  const { data: overflow = [], error } = useQuery({ ...overflowQuery(source, name), enabled: hasOverflow })
  const counts = new Map(overflow.map((one) => [one.column, one.values]))
  return (
    <div className="grid grid-cols-1 gap-2">
      <ul className="grid gap-x-6 rounded-md bg-sunken p-2 sm:grid-cols-2">
        {columns.map((column) => (
          <li key={column.name} className="flex gap-2 font-mono text-xs leading-6">
            <bdi className="truncate">{column.name}</bdi>
            <span className="ml-auto text-muted">{column.type}</span>
            {counts.has(column.name) && (
              <span className="text-warn">
                {t('sources.overflowed', { count: formatCount(counts.get(column.name) ?? 0) })}
              </span>
            )}
          </li>
        ))}
      </ul>
      {error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(error)}
        </p>
      )}
      {overflow.length > 0 && (
        <>
          <p className="text-muted">{t('sources.overflow-text')}</p>
          {me?.role === 'admin' ? (
            overflow.map(({ column }) => <Retype key={column} source={source} table={name} column={column} />)
          ) : (
            <Code
              label={t('sources.retype')}
              text={overflow.map(({ column }) => `millpond retype ${source}.${name} ${column} text`).join('\n')}
            />
          )}
        </>
      )}
    </div>
  )
}
