// The SQL workbench: tables beside, the editor above, rows below. What the query costs stands in the button that runs it.
import { useQueries, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useMemo, useRef } from 'react'

import type { QueryAsked } from '../../api/answers.ts'
import type { SavedQueryAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { columnsQuery, useTables } from '../asking/catalogue.ts'
import { useSavedQuery } from '../asking/saved.ts'
import { Icon } from '../shell/icon.tsx'
import { linkClass } from '../shell/link-class.ts'
import { Panel } from '../shell/panel.tsx'
import { Button, Empty, Select } from '../shell/parts.tsx'
import { formatBytes, formatDollars } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { type KnownTable, tablesInScope } from './completion.ts'
import { Editor, type EditorHandle } from './editor.tsx'
import { ParameterForm } from './parameter-form.tsx'
import { parameterNames, parametersOf } from './parameters.ts'
import { Results } from './results.tsx'
import { SchemaTree } from './schema-tree.tsx'
import { SaveDialog } from './save-dialog.tsx'
import { savedWords } from './saved-words.ts'
import type { Dialect, SqlSearch } from './search.ts'
import { TitleRow } from './title-row.tsx'
import { type Estimate, estimateQuery, type Finding, findingOf, typeIn, useEstimate } from './use-estimate.ts'
import { formAsked, formQuery, resolvedIn, useForm } from './use-form.ts'
import { type Run, type Runner, useRun } from './use-run.ts'
import { useSave } from './use-save.ts'
import { useAddress, useWorkbench, type Workbench as Bench } from './use-workbench.ts'
import { emptyWork, type Work, workOfSaved } from './work.ts'
import { sqlWords } from './words.ts'

const dialects: readonly { readonly value: Dialect; readonly text: string }[] = [
  { value: 'googlesql', text: 'GoogleSQL' },
  { value: 'duckdb', text: 'DuckDB' },
]

export function SqlPage() {
  const t = useWords(savedWords)
  const address = useAddress()
  const { data: saved, error } = useSavedQuery(address.saved)
  if (address.saved === undefined || saved !== undefined) return <Workbench address={address} saved={saved} />
  if (error === null) return null
  return (
    <Empty title={t('saved.gone')}>
      <p role="alert">{messageOf(error)}</p>
      <Link to="/sql" search={{ sql: '' }} className={linkClass}>
        {t('saved.begin-new')}
      </Link>
    </Empty>
  )
}

function Workbench({ address, saved }: { readonly address: SqlSearch; readonly saved: SavedQueryAnswer | undefined }) {
  const t = useWords(sqlWords)
  const base = useMemo(() => (saved === undefined ? emptyWork : workOfSaved(saved)), [saved])
  const workbench = useWorkbench(address, base)
  const { sql, dialect, parameters, change } = workbench
  const names = useMemo(() => parameterNames(sql, dialect), [sql, dialect])
  const form = useForm(workbench, names)
  const estimate = useEstimate({ sql, dialect, parameters, resolved: form.resolved })
  const runner = useRun()
  const saver = useSave({ workbench, saved, base, names })
  const editor = useRef<EditorHandle>(null)
  const tables = useKnownTables(sql)
  const findings = useFindings(estimate, runner.run)
  const asked = useAsked(workbench, names)

  function start(): void {
    if (sql.trim() === '') return
    runner.start(asked)
    if (workbench.tab !== 'table' && workbench.tab !== 'chart') workbench.chooseTab('table')
  }

  return (
    <div className="grid h-full min-h-0 md:grid-cols-[15rem_minmax(0,1fr)]">
      <title>{`${saved?.name ?? t('sql.title')} · Millpond`}</title>
      <div className="min-h-0 border-r border-line max-md:hidden">
        <Panel>
          <SchemaTree insert={(name) => editor.current?.insert(name)} />
        </Panel>
      </div>
      <div className="grid min-h-0 grid-cols-[minmax(0,1fr)] grid-rows-[auto_auto_minmax(8rem,2fr)_auto_minmax(10rem,3fr)]">
        <TitleRow workbench={workbench} saved={saved} saver={saver} asked={asked} />
        <Bar workbench={workbench} estimate={estimate} runner={runner} start={start} />
        <Panel>
          <Editor
            ref={editor}
            label={t('sql.editor')}
            text={sql}
            dialect={dialect}
            tables={tables}
            findings={findings}
            changed={(text) => change({ sql: text })}
            run={start}
          />
        </Panel>
        <div>
          <ParameterForm names={names} work={workbench} inferred={estimate.typeOf} form={form} change={change} />
          <Findings findings={findings} estimate={estimate} />
        </div>
        <Results run={runner.run} workbench={workbench} saved={saved} estimated={estimate.asked} />
      </div>
      {saver.isAsking && <SaveDialog saved={saved} saver={saver} />}
    </div>
  )
}

/** The query with all of its parameters typed, and its dates as dates. */
function useAsked(workbench: Bench, names: readonly string[]): () => Promise<QueryAsked> {
  const queryClient = useQueryClient()
  const { sql, dialect, parameters } = workbench
  return async () => {
    const asked = formAsked(workbench, names)
    const resolved = asked === undefined ? {} : resolvedIn(await queryClient.fetchQuery(formQuery(asked)), asked)
    const isTyped = names.every((name) => parameters[name]?.type !== undefined)
    const work = { sql, dialect, parameters, resolved }
    // What is wrong with the query the run itself says.
    const answer = isTyped ? undefined : await queryClient.fetchQuery(estimateQuery(work)).catch(() => undefined)
    return { sql, dialect, parameters: parametersOf(names, parameters, typeIn(answer), resolved) }
  }
}

/** All tables by name; of those that the text names their columns, too. Kept as it is while nothing in it changes. */
function useKnownTables(sql: string): readonly KnownTable[] {
  const { data: tables = [] } = useTables()
  const text = useDeferredValue(sql)
  const inScope = useMemo(() => tablesInScope(text, tables), [text, tables])
  const columns = useQueries({ queries: inScope.map(columnsQuery) })
  const known = columns.map(({ data }) => data)
  const key = JSON.stringify([tables.length, inScope, known.map((one) => one?.length)])
  // oxlint-disable-next-line react/exhaustive-deps -- the key says all that counts
  return useMemo(() => {
    const byTable = new Map(inScope.map((table, index) => [table, known[index] ?? []]))
    return tables.map((table) => ({ ...table, columns: byTable.get(table) ?? [] }))
  }, [key])
}

function useFindings({ findings }: Estimate, run: Run): readonly Finding[] {
  const failed = run.state === 'failed' ? run.error : undefined
  return useMemo(
    () =>
      findings.some(({ isError }) => isError) || failed === undefined ? findings : [findingOf(failed), ...findings],
    [JSON.stringify(findings), failed],
  )
}

interface BarProps {
  readonly workbench: Bench
  readonly estimate: Estimate
  readonly runner: Runner
  readonly start: () => void
}

function Bar({ workbench, estimate, runner, start }: BarProps) {
  const t = useWords(sqlWords)
  const { answer } = estimate
  const { sql, dialect, change } = workbench
  return (
    <div className="flex min-h-11 items-center gap-2 border-b border-line px-3">
      <Select
        label={t('sql.dialect')}
        value={dialect}
        options={dialects}
        choose={(chosen) => change({ dialect: chosen })}
      />
      <p className="line-clamp-2 min-w-0 text-muted tabular-nums" id="sql-estimate">
        <EstimateText estimate={estimate} work={workbench} />
      </p>
      <div className="ml-auto flex shrink-0 gap-2">
        {runner.run.state === 'running' && (
          <Button onClick={runner.cancel}>
            <Icon name="cancel" />
            {t('sql.cancel')}
          </Button>
        )}
        <Button isPrimary disabled={sql.trim() === ''} aria-describedby="sql-estimate" onClick={start}>
          <Icon name="run" />
          {t('sql.run')}
          {answer !== undefined && answer.bytesProcessed > 0 && (
            <span className="font-normal opacity-90">
              · {t('sql.reads', { bytes: formatBytes(answer.bytesProcessed) })}
            </span>
          )}
        </Button>
      </div>
    </div>
  )
}

function EstimateText({ estimate, work }: { readonly estimate: Estimate; readonly work: Work }) {
  const t = useWords(sqlWords)
  const { answer, isChecking } = estimate
  if (work.sql.trim() === '') return null
  if (answer === undefined) return isChecking ? t('sql.checking') : null
  const why = answer.portabilityReasons.join(' ')
  if (answer.portability === 'bigquery-only') return t('sql.bigquery-only', { why })
  const { bytesProcessed, bytesBilled, dollars, bytesOfAllColumns } = answer
  const bytes = formatBytes(bytesProcessed)
  const parts = [t('sql.estimate', { bytes, billed: formatBytes(bytesBilled), dollars: formatDollars(dollars) })]
  if (bytesOfAllColumns > bytesProcessed) parts.push(t('sql.estimate-all', { bytes: formatBytes(bytesOfAllColumns) }))
  if (answer.portability === 'local-only' && why !== '') parts.push(t('sql.local-only', { why }))
  return parts.join(' ')
}

function Findings({ findings, estimate }: { readonly findings: readonly Finding[]; readonly estimate: Estimate }) {
  const t = useWords(sqlWords)
  // While somebody types, an unfinished word is no fault worth a line that comes and goes.
  if (findings.length === 0 || (estimate.isChecking && estimate.answer === undefined)) return null
  return (
    <ul aria-label={t('sql.problems')} className="max-h-24 overflow-auto border-t border-line px-3 py-1.5" tabIndex={0}>
      {findings.map((finding) => (
        <li
          key={`${finding.line} ${finding.column} ${finding.message}`}
          className={finding.isError ? 'text-bad' : 'text-warn'}
        >
          {t('sql.finding', { line: finding.line, column: finding.column, message: finding.message })}
        </li>
      ))}
    </ul>
  )
}
